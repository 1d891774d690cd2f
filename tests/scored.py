"""Trials of which only what is scored is said."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import Span
from faultcast.steady_state.repeats import Judged
from faultcast.steady_state.resilience import Recovery, Resilience, Traced
from faultcast.steady_state.verdict import MetricVerdict, Phase, SeriesVerdict, Status, TrialVerdict, worst
from tests.factories import INJECTED, PHASES, STEP, make_history

__all__ = ["trial"]


def trial(
    metrics: Sequence[Mapping[str, Any]],
    *,
    experiment: str = "gateway-pod-delete",
    number: int = 1,
    days: float = 0.0,
    **more: Any,
) -> Judged:
    """A trial with a fault of 30 s.

    Args:
        metrics: For each `metric`, its description, and `measured`: statuses `during` and `after`; of the
            curve `expected`, `depth` (below 0 when it fell), `area`, `until`, and how many
            samples are `missing`; `back_after` or `not_back_in` seconds.
        experiment: Its name.
        number: Of the trial.
        days: Its age, before the day of `tests.factories.INJECTED`.
        more: Other fields of its history.
    """
    specs = [MetricSpec(query="any", **one["metric"]) for one in metrics]
    parts = [part for spec, one in zip(specs, metrics, strict=True) for part in _parts(spec, one["measured"])]
    status = worst([part.verdict.status for part in parts if part.counts])
    ended = INJECTED - timedelta(days=days) + timedelta(seconds=95)
    history = replace(
        make_history(Status.HELD, trial=f"{experiment}-{number}"),
        experiment=experiment,
        metrics=tuple(specs),
        started=ended - timedelta(seconds=400),
        ended=ended,
        phases=replace(PHASES, fault=Span(INJECTED, INJECTED + timedelta(seconds=30))),
    )
    return replace(history, **more), TrialVerdict(status, ("a reason",), tuple(parts), 0.05, "1.0")


def _parts(spec: MetricSpec, measured: Mapping[str, Any]) -> list[MetricVerdict]:
    curve = _curve(measured) if "depth" in measured else None
    during = _part(spec, "during", measured["during"], effect=measured.get("effect"), curve=curve)
    if "after" not in measured:
        return [during]
    recovery = None
    if "back_after" in measured:
        recovery = Recovery(measured["back_after"], censored=False, allowed=spec.recovers_within)
    elif "not_back_in" in measured:
        recovery = Recovery(measured["not_back_in"], censored=True, allowed=spec.recovers_within)
    return [during, replace(_part(spec, "after", measured["after"]), recovery=recovery)]


def _part(
    spec: MetricSpec,
    phase: Phase,
    status: str,
    *,
    effect: float | None = None,
    curve: Resilience | None = None,
) -> MetricVerdict:
    verdict = SeriesVerdict(Status(status), None, 0.0, effect, "any", ("a reason",))
    counts = spec.during == "hold" if phase == "during" else spec.recovers_within is not None
    return MetricVerdict(spec.name, phase, counts, verdict, curve=Traced(curve) if curve else None)


def _curve(measured: Mapping[str, Any]) -> Resilience:
    """A curve whose percents fit its other figures."""
    expected, depth, area = measured["expected"], measured["depth"], measured["area"]
    samples, missing = max(1, round(measured["until"] / STEP)), measured.get("missing", 0)
    normal = expected * (samples - missing) * STEP
    return Resilience(
        detected=4.0,
        looked=measured["until"],
        depth=depth,
        depth_percent=100 * abs(depth) / expected if expected else None,
        worst=10.0,
        area=area,
        area_percent=100 * area / normal if normal else None,
        until=measured["until"],
        samples=samples,
        missing=missing,
    )
