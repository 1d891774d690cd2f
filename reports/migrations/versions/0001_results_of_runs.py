"""The results of runs: runs, trials, phases, fault windows, metric verdicts, events.

Revision: 0001, the first.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = DATETIME(fsp=3)
TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("started", TIME, nullable=False),
        sa.Column("ended", TIME, nullable=True),
        sa.Column("cluster_name", sa.String(length=255), nullable=False),
        sa.Column("cluster_provider", sa.String(length=20), nullable=False),
        sa.Column("cluster_identity", sa.String(length=64), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("git_revision", sa.String(length=255), nullable=True),
        sa.Column("argv", sa.JSON(), nullable=False),
        sa.Column("faultcast_version", sa.String(length=40), nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.Column("host", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        **TABLE,
    )
    op.create_index(
        op.f("ix_runs_cluster_identity_started"), "runs", ["cluster_identity", "started"], unique=False
    )
    op.create_index(op.f("ix_runs_started"), "runs", ["started"], unique=False)
    op.create_table(
        "trials",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("experiment", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("cluster_identity", sa.String(length=64), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("step_seconds", sa.Double(), nullable=False),
        sa.Column("started", TIME, nullable=False),
        sa.Column("ended", TIME, nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("outcome_reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("alpha", sa.Double(), nullable=False),
        sa.Column("judge", sa.String(length=40), nullable=False),
        sa.Column("known_weakness", sa.Text(), nullable=True),
        sa.Column("left_behind", sa.JSON(), nullable=False),
        sa.Column("repeat_command", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('HELD', 'DEVIATED', 'UNKNOWN')", name=op.f("ck_trials_status")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_trials_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trials")),
        **TABLE,
    )
    op.create_index(op.f("ix_trials_experiment_started"), "trials", ["experiment", "started"], unique=False)
    op.create_index(op.f("ix_trials_run_id"), "trials", ["run_id"], unique=False)
    op.create_index(op.f("ix_trials_status_started"), "trials", ["status", "started"], unique=False)
    op.create_table(
        "events",
        sa.Column("trial_id", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["trials.id"], name=op.f("fk_events_trial_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trial_id", "number", name=op.f("pk_events")),
        **TABLE,
    )
    op.create_index(op.f("ix_events_at"), "events", ["at"], unique=False)
    op.create_table(
        "fault_windows",
        sa.Column("trial_id", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fault", sa.String(length=255), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("started", TIME, nullable=False),
        sa.Column("ended", TIME, nullable=True),
        sa.Column("proved", sa.Boolean(), nullable=True),
        sa.Column("proof_target", sa.Text(), nullable=True),
        sa.Column("proof_peer", sa.Text(), nullable=True),
        sa.Column("proof_after_seconds", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["trials.id"], name=op.f("fk_fault_windows_trial_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trial_id", "number", name=op.f("pk_fault_windows")),
        **TABLE,
    )
    op.create_index(
        op.f("ix_fault_windows_fault_started"), "fault_windows", ["fault", "started"], unique=False
    )
    op.create_index(
        op.f("ix_fault_windows_started_ended"), "fault_windows", ["started", "ended"], unique=False
    )
    op.create_table(
        "metric_verdicts",
        sa.Column("trial_id", sa.String(length=255), nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("unit", sa.String(length=255), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("critical", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("effect", sa.Double(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("smallest_visible", sa.Double(), nullable=True),
        sa.Column("effective_windows", sa.Double(), nullable=True),
        sa.Column("coverage", sa.Double(), nullable=True),
        sa.Column("recovery_seconds", sa.Double(), nullable=True),
        sa.Column("recovery_censored", sa.Boolean(), nullable=True),
        sa.Column("recovery_allowed_seconds", sa.Double(), nullable=True),
        sa.CheckConstraint(
            "status IN ('HELD', 'DEVIATED', 'UNKNOWN')", name=op.f("ck_metric_verdicts_status")
        ),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["trials.id"], name=op.f("fk_metric_verdicts_trial_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trial_id", "metric", "phase", name=op.f("pk_metric_verdicts")),
        **TABLE,
    )
    op.create_index(
        op.f("ix_metric_verdicts_metric_phase_status"),
        "metric_verdicts",
        ["metric", "phase", "status"],
        unique=False,
    )
    op.create_table(
        "phases",
        sa.Column("trial_id", sa.String(length=255), nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("started", TIME, nullable=False),
        sa.Column("ended", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["trials.id"], name=op.f("fk_phases_trial_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trial_id", "phase", name=op.f("pk_phases")),
        **TABLE,
    )


def downgrade() -> None:
    """Undo; dropping a table drops its indexes."""
    for table in ("phases", "metric_verdicts", "fault_windows", "events", "trials", "runs"):
        op.drop_table(table)
