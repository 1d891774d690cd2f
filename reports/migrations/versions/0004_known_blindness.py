"""Why nobody can tell how a trial went, where its experiment expects so.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("trials", sa.Column("known_blindness", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("trials", "known_blindness")
