"""The tables of the results database.

MySQL 8 or MariaDB 10.6 and later; utf8mb4, times in UTC with milliseconds. `docs/operations.md` explains
them and answers common questions with them.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
)
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

__all__ = [
    "Base",
    "EventRow",
    "FaultWindowRow",
    "MetricResultRow",
    "PhaseRow",
    "RunRow",
    "TrialRow",
    "UtcTime",
]

_TABLE = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}


class UtcTime(TypeDecorator[datetime]):
    """A moment: stored as UTC in `DATETIME(3)`, given back with its time zone."""

    impl = DATETIME(fsp=3)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn a moment into the naive UTC of the column; a naive one is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"{value} has no time zone"
            raise ValueError(message)
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the moment its time zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """All tables, with names for their constraints that every server gives alike."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class RunRow(Base):
    """One pytest invocation."""

    __tablename__ = "runs"
    __table_args__ = (Index(None, "started"), Index(None, "cluster_identity", "started"), _TABLE)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    started: Mapped[datetime] = mapped_column(UtcTime)
    ended: Mapped[datetime | None] = mapped_column(UtcTime)
    cluster_name: Mapped[str] = mapped_column(String(255))
    cluster_provider: Mapped[str] = mapped_column(String(20))
    cluster_identity: Mapped[str] = mapped_column(String(64))
    seed: Mapped[int] = mapped_column(BigInteger)
    git_revision: Mapped[str | None] = mapped_column(String(255))
    argv: Mapped[list[str]] = mapped_column(JSON)
    faultcast_version: Mapped[str] = mapped_column(String(40))
    versions: Mapped[dict[str, str]] = mapped_column(JSON)
    host: Mapped[dict[str, str]] = mapped_column(JSON)


class TrialRow(Base):
    """One execution of one experiment, and its verdict."""

    __tablename__ = "trials"
    __table_args__ = (
        CheckConstraint("status IN ('HELD', 'DEVIATED', 'UNKNOWN')", name="status"),
        Index(None, "experiment", "started"),
        Index(None, "status", "started"),
        _TABLE,
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    run_id: Mapped[str] = mapped_column(String(40), ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    experiment: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    cluster_identity: Mapped[str] = mapped_column(String(64))
    seed: Mapped[int] = mapped_column(BigInteger)
    step_seconds: Mapped[float] = mapped_column(Double)
    started: Mapped[datetime] = mapped_column(UtcTime)
    ended: Mapped[datetime] = mapped_column(UtcTime)
    outcome: Mapped[str] = mapped_column(String(20))
    outcome_reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    reasons: Mapped[list[str]] = mapped_column(JSON)
    alpha: Mapped[float] = mapped_column(Double)
    judge: Mapped[str] = mapped_column(String(40))
    known_weakness: Mapped[str | None] = mapped_column(Text)
    known_blindness: Mapped[str | None] = mapped_column(Text)
    left_behind: Mapped[list[str]] = mapped_column(JSON)
    repeat_command: Mapped[str] = mapped_column(Text)


def _trial_key() -> Mapped[str]:
    return mapped_column(String(255), ForeignKey("trials.id", ondelete="CASCADE"), primary_key=True)


class PhaseRow(Base):
    """A stretch of a trial: baseline, gate, fault or recovery."""

    __tablename__ = "phases"
    __table_args__ = (_TABLE,)

    trial_id: Mapped[str] = _trial_key()
    phase: Mapped[str] = mapped_column(String(10), primary_key=True)
    started: Mapped[datetime] = mapped_column(UtcTime)
    ended: Mapped[datetime] = mapped_column(UtcTime)


class FaultWindowRow(Base):
    """One fault as it was applied, and whether it was seen to land."""

    __tablename__ = "fault_windows"
    __table_args__ = (Index(None, "started", "ended"), Index(None, "fault", "started"), _TABLE)

    trial_id: Mapped[str] = _trial_key()
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    fault: Mapped[str] = mapped_column(String(255))
    targets: Mapped[list[str]] = mapped_column(JSON)
    started: Mapped[datetime] = mapped_column(UtcTime)
    ended: Mapped[datetime | None] = mapped_column(UtcTime)
    proved: Mapped[bool | None] = mapped_column(Boolean)
    proof_target: Mapped[str | None] = mapped_column(Text)
    proof_peer: Mapped[str | None] = mapped_column(Text)
    proof_after_seconds: Mapped[float | None] = mapped_column(Double)


class MetricResultRow(Base):
    """One metric in one phase of a trial."""

    __tablename__ = "metric_verdicts"
    __table_args__ = (
        CheckConstraint("status IN ('HELD', 'DEVIATED', 'UNKNOWN')", name="status"),
        Index(None, "metric", "phase", "status"),
        _TABLE,
    )

    trial_id: Mapped[str] = _trial_key()
    metric: Mapped[str] = mapped_column(String(60), primary_key=True)
    phase: Mapped[str] = mapped_column(String(10), primary_key=True)
    unit: Mapped[str] = mapped_column(String(255))
    direction: Mapped[str] = mapped_column(String(10))
    weight: Mapped[float] = mapped_column(Double)
    critical: Mapped[bool] = mapped_column(Boolean)
    counts: Mapped[bool] = mapped_column(Boolean)
    status: Mapped[str] = mapped_column(String(10))
    p_value: Mapped[float | None] = mapped_column(Double)
    score: Mapped[float | None] = mapped_column(Double)
    effect: Mapped[float | None] = mapped_column(Double)
    model: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    reasons: Mapped[list[str]] = mapped_column(JSON)
    smallest_visible: Mapped[float | None] = mapped_column(Double)
    effective_windows: Mapped[float | None] = mapped_column(Double)
    coverage: Mapped[float | None] = mapped_column(Double)
    effect_low: Mapped[float | None] = mapped_column(Double)
    effect_high: Mapped[float | None] = mapped_column(Double)
    effect_relative: Mapped[float | None] = mapped_column(Double)
    detected_seconds: Mapped[float | None] = mapped_column(Double)
    depth: Mapped[float | None] = mapped_column(Double)
    area: Mapped[float | None] = mapped_column(Double)
    area_percent: Mapped[float | None] = mapped_column(Double)
    recovery_seconds: Mapped[float | None] = mapped_column(Double)
    recovery_censored: Mapped[bool | None] = mapped_column(Boolean)
    recovery_allowed_seconds: Mapped[float | None] = mapped_column(Double)


class EventRow(Base):
    """Something that happened during a trial."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "at"), _TABLE)

    trial_id: Mapped[str] = _trial_key()
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcTime)
    kind: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
