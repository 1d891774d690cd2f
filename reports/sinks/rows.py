"""A run and a trial as rows: plain JSON data, so that they can wait on disk before they reach the tables."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.engine import Connection

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import Injection, TrialHistory
from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.reports.tables import Base, UtcTime
from faultcast.reports.words.verdict import reason
from faultcast.steady_state.prepared import unit_of
from faultcast.steady_state.verdict import MetricVerdict

__all__ = ["Rows", "run_rows", "trial_rows", "write"]

type Rows = dict[str, list[dict[str, Any]]]
"""Rows by table name; moments as ISO 8601 text."""

_CHILDREN = ("phases", "fault_windows", "metric_verdicts", "events")


def run_rows(run: RunRecord) -> Rows:
    """A run's row."""
    row = {
        "id": run.run,
        "started": run.started.isoformat(),
        "ended": run.ended.isoformat() if run.ended else None,
        "cluster_name": run.cluster_name,
        "cluster_provider": run.cluster_provider,
        "cluster_identity": run.cluster_identity,
        "seed": run.seed,
        "git_revision": run.git_revision,
        "argv": list(run.argv),
        "faultcast_version": run.versions.get("faultcast", ""),
        "versions": dict(run.versions),
        "host": dict(run.host),
    }
    return {"runs": [row]}


def trial_rows(record: TrialRecord) -> Rows:
    """A trial's row and those of its parts."""
    history = record.history
    return {
        "trials": [_trial(record)],
        "phases": _phases(history),
        "fault_windows": [
            _fault(history.trial, number, injection) for number, injection in enumerate(history.injections)
        ],
        "metric_verdicts": _metrics(record),
        "events": [
            {
                "trial_id": history.trial,
                "number": number,
                "at": event.at.isoformat(),
                "kind": event.kind,
                "subject": event.subject,
                "text": event.text,
            }
            for number, event in enumerate(history.events)
        ],
    }


def write(connection: Connection, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Write rows in one transaction: a run or trial that is there is updated, its parts are replaced.

    Args:
        connection: A connection without a transaction; it is committed or rolled back.
        rows: What `run_rows` and `trial_rows` made, together or apart; maybe read back from JSON.
    """
    with connection.begin():
        for name in ("runs", "trials"):
            for row in rows.get(name, []):
                _upsert(connection, Base.metadata.tables[name], row)
        trials = [row["id"] for row in rows.get("trials", [])]
        for name in _CHILDREN:
            table = Base.metadata.tables[name]
            if trials:
                connection.execute(delete(table).where(table.c.trial_id.in_(trials)))
            if rows.get(name):
                connection.execute(table.insert(), [_typed(table, row) for row in rows[name]])


def _upsert(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    typed = _typed(table, row)
    # A run that is known to have ended stays so, when a record of its beginning comes late.
    changes = {
        name: value
        for name, value in typed.items()
        if name != "id" and not (name == "ended" and value is None)
    }
    connection.execute(insert(table).values(typed).on_duplicate_key_update(changes))


def _typed(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if isinstance(table.c[name].type, UtcTime) and value else value
        for name, value in row.items()
    }


def _trial(record: TrialRecord) -> dict[str, Any]:
    history, verdict = record.history, record.verdict
    return {
        "id": history.trial,
        "run_id": history.run,
        "experiment": history.experiment,
        "title": history.title,
        "digest": history.digest,
        "cluster_identity": history.cluster,
        "seed": history.seed,
        "step_seconds": history.step,
        "started": history.started.isoformat(),
        "ended": history.ended.isoformat(),
        "outcome": history.outcome,
        "outcome_reason": history.reason,
        "status": str(verdict.status),
        "reason": reason(verdict),
        "reasons": list(verdict.reasons),
        "alpha": verdict.alpha,
        "judge": verdict.judge,
        "known_weakness": history.known_weakness,
        "known_blindness": history.known_blindness,
        "left_behind": list(history.left_behind),
        "repeat_command": record.repeat_command,
    }


def _phases(history: TrialHistory) -> list[dict[str, Any]]:
    phases = history.phases
    named = {
        "baseline": phases.baseline,
        "gate": phases.gate,
        "fault": phases.fault,
        "recovery": phases.recovery,
    }
    return [
        {
            "trial_id": history.trial,
            "phase": name,
            "started": span.start.isoformat(),
            "ended": span.end.isoformat(),
        }
        for name, span in named.items()
        if span is not None
    ]


def _fault(trial: str, number: int, injection: Injection) -> dict[str, Any]:
    proof = injection.proof
    return {
        "trial_id": trial,
        "number": number,
        "fault": injection.fault,
        "targets": list(injection.targets),
        "started": injection.started.isoformat(),
        "ended": injection.ended.isoformat() if injection.ended else None,
        "proved": proof.proved if proof else None,
        "proof_target": proof.target if proof else None,
        "proof_peer": proof.peer if proof else None,
        "proof_after_seconds": proof.after if proof else None,
    }


def _metrics(record: TrialRecord) -> list[dict[str, Any]]:
    specs = {metric.name: metric for metric in record.history.metrics}
    return [_metric(record.history.trial, part, specs.get(part.metric)) for part in record.verdict.metrics]


def _metric(trial: str, part: MetricVerdict, spec: MetricSpec | None) -> dict[str, Any]:
    verdict, recovery = part.verdict, part.recovery
    low, high = verdict.interval or (None, None)
    curve = part.curve.resilience if part.curve else None
    return {
        "trial_id": trial,
        "metric": part.metric,
        "phase": part.phase,
        "unit": unit_of(spec) if spec else "",
        "direction": spec.direction if spec else "either",
        "weight": spec.weight if spec else 1.0,
        "critical": spec.critical if spec else False,
        "counts": part.counts,
        "status": str(verdict.status),
        "p_value": _finite(verdict.p_value),
        "score": _finite(verdict.score),
        "effect": _finite(verdict.effect),
        "model": verdict.model,
        "reason": verdict.reasons[0] if verdict.reasons else "",
        "reasons": list(verdict.reasons),
        "smallest_visible": _finite(verdict.smallest_visible),
        "effective_windows": _finite(verdict.effective_windows),
        "coverage": _finite(verdict.coverage),
        "effect_low": _finite(low),
        "effect_high": _finite(high),
        "effect_relative": _finite(verdict.relative),
        "detected_seconds": _finite(curve.detected) if curve else None,
        "depth": _finite(curve.depth) if curve else None,
        "area": _finite(curve.area) if curve else None,
        "area_percent": _finite(curve.area_percent) if curve else None,
        "recovery_seconds": _finite(recovery.seconds) if recovery else None,
        "recovery_censored": recovery.censored if recovery else None,
        "recovery_allowed_seconds": recovery.allowed if recovery else None,
    }


def _finite(value: float | None) -> float | None:
    """The value, or None where a column cannot hold it."""
    return None if value is None or not math.isfinite(value) else float(value)
