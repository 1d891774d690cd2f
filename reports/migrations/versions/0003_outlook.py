"""Outlooks: series, forecast runs, forecasts, actuals, accuracy, limits, and the views that Grafana reads.

Revision: 0003, after 0002.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMBLOB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = DATETIME(fsp=3)
TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}

TABLES = (
    "forecast_runs",
    "series",
    "forecast_refusals",
    "outlooks",
    "forecasts",
    "actuals",
    "accuracy",
    "daily_accuracy",
    "outlook_writer",
    "outlook_state",
)

VIEWS = {
    # One row a time step of every complete run, beside what was measured then.
    "v_forecast_actual": """
        SELECT s.id AS series_id, s.subject, s.title AS series, s.metric, s.labels, s.unit,
               r.run, r.slot, o.model, f.at,
               TIMESTAMPDIFF(SECOND, o.origin, f.at) / 86400 AS lead_days,
               f.mean, f.lower, f.upper, f.clipped, f.extrapolated,
               a.value AS actual, a.filled,
               CASE WHEN a.filled THEN NULL ELSE a.value BETWEEN f.lower AND f.upper END AS inside
        FROM series s
        JOIN outlooks o ON o.series_id = s.id
        JOIN forecast_runs r ON r.id = o.run_id AND r.status = 'complete'
        JOIN forecasts f ON f.run_id = o.run_id AND f.series_id = o.series_id
        LEFT JOIN actuals a ON a.series_id = f.series_id AND a.at = f.at
    """,
    # Each series as its newest complete run sees it.
    "v_latest_forecast": """
        SELECT s.id AS series_id, s.subject, s.title AS series, s.metric, s.labels, s.unit,
               r.run, r.slot, r.version, r.version_hash, o.origin, o.model, o.nominal,
               f.at, f.mean, f.lower, f.upper, f.clipped, f.extrapolated
        FROM series s
        JOIN forecast_runs r ON r.id = s.latest_run_id
        JOIN outlooks o ON o.run_id = s.latest_run_id AND o.series_id = s.id
        JOIN forecasts f ON f.run_id = s.latest_run_id AND f.series_id = s.id
    """,
    # How good the forecasts were that were made about so many days before a day.
    "v_accuracy_over_time": """
        SELECT s.id AS series_id, s.subject, s.title AS series, s.metric, s.labels, s.unit,
               CAST(d.day AS DATETIME(3)) AS day, d.lead_days, d.points,
               d.absolute_errors / d.points AS mean_absolute_error,
               d.symmetric_errors / d.points AS smape,
               d.inside / NULLIF(d.banded, 0) AS coverage
        FROM daily_accuracy d
        JOIN series s ON s.id = d.series_id
    """,
    # When what runs out; the most urgent first.
    "v_days_until_limit": """
        SELECT s.id AS series_id, s.subject, s.title AS series, s.metric, s.labels, s.unit,
               s.limit_value, s.limit_side, s.limit_what,
               o.already, o.reached AS expected, o.earliest, o.latest,
               CASE WHEN o.already THEN 0
                    ELSE TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), o.reached) / 86400 END AS days_left,
               CASE WHEN o.already THEN 0
                    ELSE TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), o.earliest) / 86400 END AS days_left_at_least,
               r.run, o.origin, o.model,
               TIMESTAMPDIFF(SECOND, o.origin, UTC_TIMESTAMP(3)) / 86400 AS days_old
        FROM series s
        JOIN outlooks o ON o.run_id = s.latest_run_id AND o.series_id = s.id
        JOIN forecast_runs r ON r.id = s.latest_run_id
        WHERE s.limit_value IS NOT NULL
        ORDER BY o.already DESC, o.reached IS NULL, o.reached, o.earliest IS NULL, o.earliest, s.id
    """,
}


def upgrade() -> None:
    """Apply."""
    _create_runs()
    _create_values()
    _create_accuracy()
    _create_work()
    for name, select in VIEWS.items():
        op.execute(f"CREATE OR REPLACE SQL SECURITY INVOKER VIEW {name} AS {select}")


def downgrade() -> None:
    """Undo; dropping a table drops its indexes."""
    for name in VIEWS:
        op.execute(f"DROP VIEW IF EXISTS {name}")
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_runs() -> None:
    op.create_table(
        "forecast_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(length=100), nullable=False),
        sa.Column("slot", TIME, nullable=False),
        sa.Column("started", TIME, nullable=False),
        sa.Column("ended", TIME, nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("history_seconds", sa.Double(), nullable=False),
        sa.Column("horizon_seconds", sa.Double(), nullable=False),
        sa.Column("step_seconds", sa.Double(), nullable=True),
        sa.Column("version", sa.String(length=255), nullable=False),
        sa.Column("version_hash", sa.String(length=64), nullable=False),
        sa.Column("git_revision", sa.String(length=255), nullable=False),
        sa.Column("darts", sa.String(length=40), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('running', 'complete', 'failed')", name=op.f("ck_forecast_runs_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecast_runs")),
        sa.UniqueConstraint("run", name="uq_forecast_runs_run"),
        **TABLE,
    )
    op.create_index(op.f("ix_forecast_runs_slot_status"), "forecast_runs", ["slot", "status"], unique=False)
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reading", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=60), nullable=False),
        sa.Column("limit_value", sa.Double(), nullable=True),
        sa.Column("limit_side", sa.String(length=10), nullable=True),
        sa.Column("limit_what", sa.Text(), nullable=True),
        sa.Column("latest_run_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["latest_run_id"], ["forecast_runs.id"], name=op.f("fk_series_latest_run_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("subject", name="uq_series_subject"),
        **TABLE,
    )
    op.create_index(op.f("ix_series_latest_run_id"), "series", ["latest_run_id"], unique=False)
    for column in ("title", "metric"):
        op.create_index(op.f(f"ix_series_{column}"), "series", [column], unique=False, mysql_length=191)
    op.create_table(
        "forecast_refusals",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["forecast_runs.id"], name=op.f("fk_forecast_refusals_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_forecast_refusals")),
        **TABLE,
    )
    op.create_table(
        "outlooks",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("origin", TIME, nullable=False),
        sa.Column("ends", TIME, nullable=False),
        sa.Column("step_seconds", sa.Double(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("supported", sa.Integer(), nullable=False),
        sa.Column("nominal", sa.Double(), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("seasons", sa.JSON(), nullable=False),
        sa.Column("logarithmic", sa.Boolean(), nullable=False),
        sa.Column("gap_share", sa.Double(), nullable=False),
        sa.Column("reached", TIME, nullable=True),
        sa.Column("earliest", TIME, nullable=True),
        sa.Column("latest", TIME, nullable=True),
        sa.Column("already", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["forecast_runs.id"], name=op.f("fk_outlooks_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_outlooks_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "series_id", name=op.f("pk_outlooks")),
        **TABLE,
    )
    op.create_index(op.f("ix_outlooks_series_id_origin"), "outlooks", ["series_id", "origin"], unique=False)


def _create_values() -> None:
    op.create_table(
        "forecasts",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("lower", sa.Double(), nullable=True),
        sa.Column("upper", sa.Double(), nullable=True),
        sa.Column("clipped", sa.Boolean(), nullable=False),
        sa.Column("extrapolated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id", "series_id"],
            ["outlooks.run_id", "outlooks.series_id"],
            name="fk_forecasts_outlook",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "series_id", "at", name=op.f("pk_forecasts")),
        **TABLE,
    )
    op.create_table(
        "actuals",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("filled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_actuals_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "at", name=op.f("pk_actuals")),
        **TABLE,
    )


def _create_accuracy() -> None:
    op.create_table(
        "accuracy",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("mase", sa.Double(), nullable=True),
        sa.Column("smape", sa.Double(), nullable=True),
        sa.Column("coverage", sa.Double(), nullable=True),
        sa.Column("nominal", sa.Double(), nullable=False),
        sa.Column("folds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id", "series_id"],
            ["outlooks.run_id", "outlooks.series_id"],
            name="fk_accuracy_outlook",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "series_id", "model", name=op.f("pk_accuracy")),
        **TABLE,
    )
    op.create_table(
        "daily_accuracy",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("lead_days", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("absolute_errors", sa.Double(), nullable=False),
        sa.Column("symmetric_errors", sa.Double(), nullable=False),
        sa.Column("banded", sa.Integer(), nullable=False),
        sa.Column("inside", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_daily_accuracy_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "day", "lead_days", name=op.f("pk_daily_accuracy")),
        **TABLE,
    )
    op.create_index(op.f("ix_daily_accuracy_day"), "daily_accuracy", ["day"], unique=False)


def _create_work() -> None:
    op.create_table(
        "outlook_writer",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outlook_writer")),
        **TABLE,
    )
    op.execute("INSERT INTO outlook_writer (id, token) VALUES (1, 0)")
    op.create_table(
        "outlook_state",
        sa.Column("name", sa.String(length=100, collation="utf8mb4_bin"), nullable=False),
        sa.Column("state", MEDIUMBLOB(), nullable=False),
        sa.Column("saved", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_outlook_state")),
        **TABLE,
    )
