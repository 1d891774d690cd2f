"""The score of one metric of a trial: what is asked of it, and how much of that it lost."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import TrialHistory
from faultcast.steady_state.prepared import unit_of
from faultcast.steady_state.resilience import Resilience
from faultcast.steady_state.score.scores import Aspect, Loss, MetricScore
from faultcast.steady_state.score.shares import late_share, lost_share
from faultcast.steady_state.verdict import MetricVerdict, Status, TrialVerdict
from faultcast.steady_state.window.observation import MOST_MISSING_HELD

__all__ = ["POINTS", "lost_during", "score_metric"]

POINTS: Mapping[Aspect, float] = MappingProxyType(
    {"absorption": 20.0, "depth": 30.0, "area": 30.0, "recovery": 20.0}
)
"""Points that each aspect can cost. Of a metric of which not all is asked, the rest is scaled up to 100."""

_RATIO = "ratio"


def score_metric(spec: MetricSpec, history: TrialHistory, verdict: TrialVerdict) -> MetricScore | None:
    """Score a metric.

    Asked is what the verdict takes in: that it holds during the fault, unless it may do anything, and that it
    is back in time, if it has to be.

    Args:
        spec: The metric.
        history: The trial.
        verdict: Its verdict.

    Returns:
        None when nothing is asked of the metric.
    """
    parts = {part.phase: part for part in verdict.metrics if part.metric == spec.name}
    during, after = parts.get("during"), parts.get("after")
    shares: dict[Aspect, float | None] = {}
    if spec.during == "hold":
        shares |= dict(_during(spec, history, during))
    if spec.recovers_within is not None:
        shares["recovery"] = _recovery(spec.recovers_within, after)
    if not shares:
        return None
    whole = sum(POINTS[aspect] for aspect in shares)
    return MetricScore(
        metric=spec.name,
        unit=unit_of(spec),
        weight=spec.weight,
        critical=spec.critical,
        losses=tuple(Loss(aspect, 100 * POINTS[aspect] / whole, share) for aspect, share in shares.items()),
        curve=_curve(during),
        recovery=after.recovery if after else None,
    )


def _during(
    spec: MetricSpec, history: TrialHistory, during: MetricVerdict | None
) -> Iterator[tuple[Aspect, float | None]]:
    """Whether it held, how deep it fell, and how much was lost.

    Of a metric that held nothing was lost: an undisturbed one has a depth too, that of its noise.
    """
    lost = lost_during(spec, history, during)
    if during is None or lost is None:
        yield from (("absorption", None), ("depth", None), ("area", None))
        return
    held = during.verdict.status is Status.HELD
    yield "absorption", 0.0 if held else 1.0
    yield "depth", 0.0 if held else lost[0]
    yield "area", 0.0 if held else lost[1]


def lost_during(
    spec: MetricSpec, history: TrialHistory, during: MetricVerdict | None
) -> tuple[float, float] | None:
    """How deep a metric fell, and how much of it was lost until it has to be back.

    Args:
        spec: The metric.
        history: The trial.
        during: Its verdict during the fault.

    Returns:
        Two shares, 0 to 1, also of a metric that held; None when nobody can tell. Where there is no forecast
        the mean distance from the tolerance stands for the depth. Where nothing was left to measure, all of
        it was lost.
    """
    if during is None or during.verdict.status is Status.UNKNOWN:
        return None
    fault = history.phases.fault
    asked = (fault.seconds if fault else 0.0) + (spec.recovers_within or 0.0)
    curve = _curve(during)
    if curve is not None:
        return _of_curve(spec, curve, asked, history.step, deviated=during.verdict.status is Status.DEVIATED)
    if during.verdict.effect is None:
        return 1.0, 1.0
    depth = _beyond_tolerance(spec, during.verdict.effect)
    return depth, depth * fault.seconds / asked if fault and asked > 0 else depth


def _of_curve(
    spec: MetricSpec, curve: Resilience, asked: float, step: float, *, deviated: bool
) -> tuple[float, float]:
    """Shares of the depth, and of the area in the time until the metric has to be back.

    Where so much is missing that a metric could not have held, but deviated, what is missing counts as lost.
    """
    ratio, above = unit_of(spec) == _RATIO, curve.depth > 0
    known = (curve.samples - curve.missing) * step
    expected = _whole(abs(curve.depth), curve.depth_percent)
    depth = lost_share(abs(curve.depth), _level(spec, expected), above=above, ratio=ratio)
    usual = _whole(curve.area, curve.area_percent) / known if known > 0 else 0.0
    level = _level(spec, usual or expected)
    if asked <= 0:
        asked = max(curve.until, step)
    area = lost_share(curve.area / asked, level, above=above, ratio=ratio)
    if deviated and curve.missing > MOST_MISSING_HELD * curve.samples:
        return 1.0, min(1.0, area + curve.missing * step / asked)
    return depth, area


def _whole(part: float, percent: float | None) -> float:
    """What a part is that many percent of; 0 where nobody knows, or where it is nothing."""
    return 100 * part / percent if percent else 0.0


def _level(spec: MetricSpec, expected: float) -> float:
    return max(expected, spec.matters_from(expected) or 0.0)


def _beyond_tolerance(spec: MetricSpec, effect: float) -> float:
    """Share of the mean distance from a tolerance, where there is no forecast and so no curve."""
    low, high = spec.between or (0.0, 0.0)
    level = _level(spec, abs(high if effect > 0 else low))
    return lost_share(abs(effect), level, above=effect > 0, ratio=unit_of(spec) == _RATIO)


def _recovery(allowed: float, after: MetricVerdict | None) -> float | None:
    """Share of the time of recovery: everything where it was not seen, half at least where it deviated."""
    if after is None or after.verdict.status is Status.UNKNOWN:
        return None
    deviated = after.verdict.status is Status.DEVIATED
    if after.recovery is None or after.recovery.censored:
        return 1.0 if deviated else None
    share = late_share(after.recovery.seconds, allowed)
    return max(0.5, share) if deviated else share


def _curve(during: MetricVerdict | None) -> Resilience | None:
    return during.curve.resilience if during is not None and during.curve is not None else None
