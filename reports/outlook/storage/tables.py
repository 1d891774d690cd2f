"""The tables of outlooks in the results database.

Series, runs and what a run says of a series have surrogate or small keys, because a row of `forecasts` is
written some two million times in a run: its clustered key is its only index. Views for Grafana are made by
the migration; `docs/operations.md` explains both.
"""

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import MEDIUMBLOB
from sqlalchemy.orm import Mapped, mapped_column

from faultcast.reports.tables import Base, UtcTime

__all__ = [
    "Accuracy",
    "Actual",
    "DailyAccuracy",
    "ForecastRun",
    "ForecastValue",
    "OutlookRow",
    "OutlookState",
    "OutlookWriter",
    "RefusedSeries",
    "Series",
]

_TABLE = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}


class ForecastRun(Base):
    """All series, forecast from one moment."""

    __tablename__ = "forecast_runs"
    __table_args__ = (
        CheckConstraint("status IN ('running', 'complete', 'failed')", name="status"),
        UniqueConstraint("run", name="uq_forecast_runs_run"),
        Index(None, "slot", "status"),
        _TABLE,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    run: Mapped[str] = mapped_column(String(100))
    slot: Mapped[datetime] = mapped_column(UtcTime)
    started: Mapped[datetime] = mapped_column(UtcTime)
    ended: Mapped[datetime | None] = mapped_column(UtcTime)
    status: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    history_seconds: Mapped[float] = mapped_column(Double)
    horizon_seconds: Mapped[float] = mapped_column(Double)
    step_seconds: Mapped[float | None] = mapped_column(Double)
    version: Mapped[str] = mapped_column(String(255))
    version_hash: Mapped[str] = mapped_column(String(64))
    git_revision: Mapped[str] = mapped_column(String(255))
    darts: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(Text)
    series: Mapped[int] = mapped_column(Integer)
    refusals: Mapped[int] = mapped_column(Integer)


class Series(Base):
    """One series, and its newest complete run, so that no view has to look for it."""

    __tablename__ = "series"
    __table_args__ = (
        UniqueConstraint("subject", name="uq_series_subject"),
        Index("ix_series_title", "title", mysql_length=191),
        Index("ix_series_metric", "metric", mysql_length=191),
        _TABLE,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    subject: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(Text)
    metric: Mapped[str] = mapped_column(Text)
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    kind: Mapped[str] = mapped_column(String(20))
    reading: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str] = mapped_column(String(60))
    limit_value: Mapped[float | None] = mapped_column(Double)
    limit_side: Mapped[str | None] = mapped_column(String(10))
    limit_what: Mapped[str | None] = mapped_column(Text)
    latest_run_id: Mapped[int | None] = mapped_column(
        Integer, ForeignKey("forecast_runs.id", ondelete="SET NULL"), index=True
    )


class RefusedSeries(Base):
    """A series, or a whole metric, that a run did not forecast."""

    __tablename__ = "forecast_refusals"
    __table_args__ = (_TABLE,)

    run_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("forecast_runs.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class OutlookRow(Base):
    """What one run says of one series, but for the values."""

    __tablename__ = "outlooks"
    __table_args__ = (Index(None, "series_id", "origin"), _TABLE)

    run_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("forecast_runs.id", ondelete="CASCADE"), primary_key=True
    )
    series_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("series.id", ondelete="CASCADE"), primary_key=True
    )
    origin: Mapped[datetime] = mapped_column(UtcTime)
    ends: Mapped[datetime] = mapped_column(UtcTime)
    step_seconds: Mapped[float] = mapped_column(Double)
    steps: Mapped[int] = mapped_column(Integer)
    supported: Mapped[int] = mapped_column(Integer)
    nominal: Mapped[float] = mapped_column(Double)
    model: Mapped[str] = mapped_column(String(255))
    seasons: Mapped[list[float]] = mapped_column(JSON)
    logarithmic: Mapped[bool] = mapped_column(Boolean)
    gap_share: Mapped[float] = mapped_column(Double)
    reached: Mapped[datetime | None] = mapped_column(UtcTime)
    earliest: Mapped[datetime | None] = mapped_column(UtcTime)
    latest: Mapped[datetime | None] = mapped_column(UtcTime)
    already: Mapped[bool] = mapped_column(Boolean)
    notes: Mapped[list[str]] = mapped_column(JSON)


class ForecastValue(Base):
    """One expected value with its band."""

    __tablename__ = "forecasts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["run_id", "series_id"],
            ["outlooks.run_id", "outlooks.series_id"],
            name="fk_forecasts_outlook",
            ondelete="CASCADE",
        ),
        _TABLE,
    )

    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    series_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    mean: Mapped[float] = mapped_column(Double)
    lower: Mapped[float | None] = mapped_column(Double)
    upper: Mapped[float | None] = mapped_column(Double)
    clipped: Mapped[bool] = mapped_column(Boolean)
    extrapolated: Mapped[bool] = mapped_column(Boolean)


class Actual(Base):
    """One measured value; `filled` where it was made up."""

    __tablename__ = "actuals"
    __table_args__ = (_TABLE,)

    series_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("series.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    value: Mapped[float] = mapped_column(Double)
    filled: Mapped[bool] = mapped_column(Boolean)


class Accuracy(Base):
    """How well one model forecast a series in the backtests of a run."""

    __tablename__ = "accuracy"
    __table_args__ = (
        ForeignKeyConstraint(
            ["run_id", "series_id"],
            ["outlooks.run_id", "outlooks.series_id"],
            name="fk_accuracy_outlook",
            ondelete="CASCADE",
        ),
        _TABLE,
    )

    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    series_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    model: Mapped[str] = mapped_column(String(255), primary_key=True)
    chosen: Mapped[bool] = mapped_column(Boolean)
    mase: Mapped[float | None] = mapped_column(Double)
    smape: Mapped[float | None] = mapped_column(Double)
    coverage: Mapped[float | None] = mapped_column(Double)
    nominal: Mapped[float] = mapped_column(Double)
    folds: Mapped[int] = mapped_column(Integer)


class DailyAccuracy(Base):
    """Sums over one day: what was forecast about so many days before, against what came.

    Kept as values arrive: to find this in millions of forecasts each time somebody looks would take minutes.
    """

    __tablename__ = "daily_accuracy"
    __table_args__ = (Index(None, "day"), _TABLE)

    series_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("series.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    lead_days: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    points: Mapped[int] = mapped_column(Integer)
    absolute_errors: Mapped[float] = mapped_column(Double)
    symmetric_errors: Mapped[float] = mapped_column(Double)
    banded: Mapped[int] = mapped_column(Integer)
    inside: Mapped[int] = mapped_column(Integer)


class OutlookWriter(Base):
    """Who may write: one row, with the token of the writer that came last."""

    __tablename__ = "outlook_writer"
    __table_args__ = (_TABLE,)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    token: Mapped[int] = mapped_column(BigInteger)


class OutlookState(Base):
    """What an online forecaster knows, compressed, so that another one can continue."""

    __tablename__ = "outlook_state"
    __table_args__ = (_TABLE,)

    name: Mapped[str] = mapped_column(String(100, collation="utf8mb4_bin"), primary_key=True)
    state: Mapped[bytes] = mapped_column(MEDIUMBLOB)
    saved: Mapped[datetime] = mapped_column(UtcTime)
