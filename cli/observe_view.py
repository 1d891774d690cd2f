"""An observation for people and for machines."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from faultcast.experiments.history import Mask
from faultcast.fixtures.observe.observation import Observation
from faultcast.reports.words.verdict import MEANING, effect_words, p_words
from faultcast.steady_state.verdict import MetricVerdict, Status
from faultcast.steady_state.wording import duration

__all__ = ["document", "history_line", "notes", "table", "verdict_line", "watch_line"]


def table(seen: Observation, units: Mapping[str, str]) -> Table:
    """The verdict on each metric.

    Args:
        seen: A window.
        units: Unit of each metric, by its name.
    """
    made = Table("metric", "verdict", "p", "effect", "reason", box=None)
    for part in seen.metrics:
        verdict = part.verdict
        made.add_row(
            part.metric,
            str(verdict.status),
            p_words(verdict.p_value),
            effect_words(verdict.effect, units.get(part.metric, "")),
            verdict.reasons[0] if verdict.reasons else "–",
        )
    return made


def history_line(seen: Observation) -> str:
    """How much history there really is: `learnt from 24 min of the 30 min before; masked: ...`."""
    masked = f"; masked: {_reasons(seen.masks)}" if seen.masks else ""
    return f"learnt from {duration(seen.history)} of the {duration(seen.asked)} before{masked}"


def notes(seen: Observation) -> list[str]:
    """What else should be known of a window."""
    if not seen.disturbed:
        return list(seen.unread)
    return [*seen.unread, f"the window itself lies in an earlier disturbance: {_reasons(seen.disturbed)}"]


def verdict_line(seen: Observation) -> str:
    """The verdict of the whole in one line: `DEVIATED, 14:02:00-14:02:30 UTC: error_ratio, latency_p95`."""
    span = f"{seen.window.start:%H:%M:%S}-{seen.window.end:%H:%M:%S} UTC"
    telling = [part.metric for part in seen.metrics if part.verdict.status is seen.status]
    if seen.reasons:
        why = seen.reasons[0]
    elif seen.status is Status.HELD:
        why = f"{len(telling)} metrics as their history lets one expect, at alpha {seen.alpha:.3g}"
    else:
        why = f"{', '.join(telling)}: {MEANING[seen.status]}"
    return f"{seen.status}, {span}: {why}"


def watch_line(statuses: Sequence[Status], alpha: float, *, shared: bool) -> str:
    """What a watch saw in all.

    Args:
        statuses: The verdict of each window.
        alpha: Chance of a false alarm allowed for one window.
        shared: Whether the windows share the alpha of the whole watch.
    """
    counts = ", ".join(f"{statuses.count(status)} {status}" for status in Status)
    chance = (
        "all windows share one alpha" if shared else f"about {alpha * len(statuses):.2g} deviate by chance"
    )
    return f"{len(statuses)} windows: {counts}; {chance}"


def document(seen: Observation, units: Mapping[str, str]) -> dict[str, Any]:
    """A window as plain data: times in ISO 8601, lengths in seconds, effects in the metric's unit."""
    return {
        "status": str(seen.status),
        "reasons": list(seen.reasons),
        "unread": list(seen.unread),
        "window": {"start": seen.window.start.isoformat(), "end": seen.window.end.isoformat()},
        "history": {
            "asked_seconds": seen.asked,
            "seconds": seen.history,
            "masks": [_mask(mask) for mask in seen.masks],
        },
        "disturbed_by": [_mask(mask) for mask in seen.disturbed],
        "alpha": seen.alpha,
        "judge": seen.judge,
        "metrics": [_metric(part, units.get(part.metric, "")) for part in seen.metrics],
    }


def _metric(part: MetricVerdict, unit: str) -> dict[str, Any]:
    verdict = part.verdict
    return {
        "metric": part.metric,
        "unit": unit,
        "status": str(verdict.status),
        "p_value": verdict.p_value,
        "effect": verdict.effect,
        "smallest_visible": verdict.smallest_visible,
        "model": verdict.model,
        "reasons": list(verdict.reasons),
    }


def _mask(mask: Mask) -> dict[str, str]:
    return {
        "start": mask.span.start.isoformat(),
        "end": mask.span.end.isoformat(),
        "reason": mask.reason,
    }


def _reasons(masks: Sequence[Mask]) -> str:
    return "; ".join(dict.fromkeys(mask.reason for mask in masks))
