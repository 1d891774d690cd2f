"""Verdicts in words: the same sentences in plots, tables, Allure and the console."""

from faultcast.experiments.history import TrialHistory
from faultcast.steady_state.prepared import unit_of
from faultcast.steady_state.verdict import MetricVerdict, Recovery, SeriesVerdict, Status, TrialVerdict
from faultcast.steady_state.wording import between_differences, difference, quantity

__all__ = [
    "MEANING",
    "effect_in_full",
    "effect_words",
    "expected",
    "headline",
    "p_words",
    "reason",
    "recovery_of",
    "recovery_words",
    "units",
    "worst_metric",
]

MEANING = {
    Status.HELD: "the steady state held",
    Status.DEVIATED: "the steady state did not hold",
    Status.UNKNOWN: "cannot tell",
}
"""Each status as a person would say it."""

_MOST_RELATIVE = 100.0
"""Beyond a hundred times the forecast, as for an error ratio that was 0, a share says nothing."""


def p_words(p_value: float | None) -> str:
    """A p-value for a table: `0.012`, `< 0.001`, or a dash when there is none."""
    if p_value is None:
        return "–"
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def effect_words(effect: float | None, unit: str) -> str:
    """How far the metric was off on average, such as `0.31 s above forecast`."""
    if effect is None:
        return "–"
    if quantity(abs(effect)) == "0":
        return "as forecast"
    return f"{difference(abs(effect), unit)} {'above' if effect > 0 else 'below'} forecast"


def effect_in_full(verdict: SeriesVerdict, unit: str) -> str:
    """The effect, its share and its interval, such as `6.4 req/s below forecast (-33 %; -7.1 to -5.9)`."""
    words = effect_words(verdict.effect, unit)
    more = []
    if verdict.relative is not None and abs(verdict.relative) < _MOST_RELATIVE:
        more.append(f"{100 * verdict.relative:+.2g} %")
    if verdict.interval is not None:
        more.append(between_differences(*verdict.interval, unit))
    return f"{words} ({'; '.join(more)})" if more else words


def recovery_words(recovery: Recovery | None) -> str:
    """When a metric was back, such as `back after 12 s (60 s allowed)`."""
    if recovery is None:
        return "–"
    took = quantity(recovery.seconds, "s")
    words = f"not back within {took}" if recovery.censored else f"back after {took}"
    return words if recovery.allowed is None else f"{words} ({quantity(recovery.allowed, 's')} allowed)"


def units(history: TrialHistory) -> dict[str, str]:
    """Unit of each metric as it is judged, by its name."""
    return {metric.name: unit_of(metric) for metric in history.metrics}


def worst_metric(verdict: TrialVerdict) -> MetricVerdict | None:
    """The part that weighs most: of the trial's own status, then with the smallest p-value.

    Parts that do not count are taken only when nothing else is there.
    """
    parts = [part for part in verdict.metrics if part.counts] or list(verdict.metrics)
    if not parts:
        return None

    def weight(part: MetricVerdict) -> tuple[bool, float]:
        p_value = part.verdict.p_value
        return part.verdict.status is not verdict.status, 2.0 if p_value is None else p_value

    return min(parts, key=weight)


def recovery_of(verdict: TrialVerdict) -> Recovery | None:
    """The slowest recovery of a trial; one that was never seen is slower than any other."""
    found = [part.recovery for part in verdict.metrics if part.recovery is not None]
    return max(found, key=lambda recovery: (recovery.censored, recovery.seconds), default=None)


def reason(verdict: TrialVerdict) -> str:
    """The most telling reason of a trial."""
    return verdict.reasons[0] if verdict.reasons else MEANING[verdict.status]


def headline(history: TrialHistory, verdict: TrialVerdict) -> str:
    """The verdict in one sentence, such as `DEVIATED: store_p95 was 0.4 s above its forecast`."""
    known = expected(history, verdict.status)
    return f"{verdict.status}{f' ({known})' if known else ''}: {reason(verdict)}"


def expected(history: TrialHistory, status: Status) -> str:
    """As what the experiment expects a verdict: `known weakness`, `known blindness`, or nothing."""
    if history.known_weakness and status is Status.DEVIATED:
        return "known weakness"
    if history.known_blindness and status is Status.UNKNOWN:
        return "known blindness"
    return ""
