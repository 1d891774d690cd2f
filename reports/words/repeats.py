"""The repeats of an experiment in words: the same sentences on the console and in Allure."""

from faultcast.reports.words.verdict import effect_words
from faultcast.steady_state.repeats import MetricRepeats, Repeats, RepeatSpread
from faultcast.steady_state.survival import LEAST_REPEATS, Proportion, RecoveryTimes
from faultcast.steady_state.wording import between, between_differences, quantity

__all__ = ["deviating_words", "in_time_words", "median_words", "metric_words", "repeat_lines", "spread_words"]


def deviating_words(repeats: Repeats) -> str:
    """How many deviated: `1 of 4 (25 %; 95 %: 5-70 %), 1 UNKNOWN`."""
    left_out = f"{len(repeats.unknown)} UNKNOWN" if repeats.unknown else ""
    counted = "none could be judged" if repeats.deviating is None else _share(repeats.deviating)
    return ", ".join(words for words in (counted, left_out) if words)


def median_words(times: RecoveryTimes | None) -> str:
    """When half of them were back: `12 s (95 %: 10-18 s)`; with few repeats `12 s (seen: 10-14 s)`."""
    if times is None:
        return "–"
    if times.shortest is None or times.longest is None:
        return f"none of {times.repeats} back"
    lost = f", {times.censored} of {times.repeats} not back" if times.censored else ""
    median = "more than half not back" if times.median is None else quantity(times.median, "s")
    if times.low is None:
        return f"{median} (seen: {between(times.shortest, times.longest, 's')}){lost}"
    ends = (
        between(times.low, times.high, "s")
        if times.high is not None
        else f"{quantity(times.low, 's')} or more"
    )
    return f"{median} (95 %: {ends}){lost}"


def in_time_words(times: RecoveryTimes | None) -> str:
    """How many were back in time: `4 of 5 within 60 s (80 %; 95 %: 38-96 %)`."""
    if times is None or times.allowed is None:
        return "–"
    limit = f"within {quantity(times.allowed, 's')}"
    if times.within is None:
        return f"not watched long enough to tell {limit}"
    return _share(times.within, limit)


def spread_words(spread: RepeatSpread | None, unit: str) -> str:
    """How large the effects were: `0.31 s above forecast (0.2 to 0.4 s)`."""
    if spread is None:
        return "–"
    return f"{effect_words(spread.median, unit)} ({between_differences(spread.low, spread.high, unit)})"


def metric_words(part: MetricRepeats) -> str:
    """One metric in a line: the median of its effects, their range, and its recovery."""
    words = [f"{part.metric}: effect {spread_words(part.effect, part.unit)}"]
    if part.recovery is not None:
        words.append(f"back after {median_words(part.recovery)}")
        if part.recovery.allowed is not None:
            words.append(in_time_words(part.recovery))
    return "; ".join(words)


def repeat_lines(repeats: Repeats) -> tuple[str, ...]:
    """Each metric, what is left out and why, and what more repeats would tell."""
    lines = [metric_words(part) for part in repeats.metrics]
    if repeats.unknown:
        lines.append(f"UNKNOWN, and part of no share: {', '.join(repeats.unknown)}")
    if repeats.passed_over:
        why = "not completed, without a proved fault, or without a steady state before it"
        lines.append(f"without effect and recovery ({why}): {', '.join(repeats.passed_over)}")
    if repeats.recovery and repeats.recovery.low is None and repeats.recovery.shortest is not None:
        lines.append(f"{LEAST_REPEATS} repeats or more give the median's interval")
    return tuple(lines)


def _share(share: Proportion, what: str = "") -> str:
    value = f"{_percent(share.value)} %"
    interval = f"95 %: {_percent(share.low)}-{_percent(share.high)} %" if share.low is not None else ""
    if share.count is None:
        first, more = f"about {value} of {share.of}", interval
    else:
        first, more = f"{share.count} of {share.of}", "; ".join(filter(None, (value, interval)))
    return " ".join(filter(None, (first, what, f"({more})" if more else "")))


def _percent(value: float | None) -> str:
    return f"{100 * (value or 0.0):.0f}"
