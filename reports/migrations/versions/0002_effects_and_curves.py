"""Intervals of effects, and the resilience curve of each metric.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = (
    "effect_low",
    "effect_high",
    "effect_relative",
    "detected_seconds",
    "depth",
    "area",
    "area_percent",
)


def upgrade() -> None:
    """Apply."""
    for name in COLUMNS:
        op.add_column("metric_verdicts", sa.Column(name, sa.Double(), nullable=True))


def downgrade() -> None:
    """Take back."""
    for name in reversed(COLUMNS):
        op.drop_column("metric_verdicts", name)
