"""Alembic's way into the database: `faultcast.reports.database` hands it the connection."""

# ruff: noqa: INP001 - alembic runs this file by its path

from alembic import context

import faultcast.reports.outlook.storage.tables  # noqa: F401 - so that the tables of outlooks are known
from faultcast.reports.tables import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
