"""Plain sentences about an outlook: when a limit is reached, how good forecasts were, what was missing."""

import math
from datetime import datetime, timedelta
from statistics import median

from faultcast.forecasting.outlook.outlook import Crossing, Outlook
from faultcast.infra.durations import duration_text

__all__ = ["accuracy_sentence", "gaps_sentence", "limit_sentence", "number", "recommendation", "shown"]

_DATES = timedelta(days=2)


def number(value: float) -> str:
    """Four significant digits, as people write them; `1.2e-09` only where digits would not do."""
    if not math.isfinite(value):
        return str(value)
    value += 0.0  # no minus before zero
    if value == 0 or 1e-4 <= abs(value) < 1e7:
        # rounded first: four digits of 9999.6 are 1e+04
        return f"{value:.4g}" if abs(float(f"{value:.4g}")) < 1e4 else f"{value:,.0f}"
    return f"{value:.3g}"


def shown(value: float, unit: str) -> str:
    """A value with its unit."""
    return f"{number(value)} {unit}".rstrip()


def limit_sentence(crossing: Crossing, now: datetime, unit: str = "") -> str:
    """When a limit is reached, as in `reaches its limit of 100 GB (the volume is full) on 2027-02-14, …`.

    Args:
        crossing: When.
        now: The forecast's origin, from which days are counted.
        unit: Unit of the limit.
    """
    limit = f"its limit of {shown(crossing.limit.value, unit)} ({crossing.limit.what})"
    if crossing.already:
        return f"has reached {limit} already"
    if crossing.earliest is None:
        return f"does not reach {limit} before the end of the forecast"
    short = _latest(crossing) - now < _DATES
    earliest = _moment(crossing.earliest, short=short)
    if crossing.reached is None:
        return f"is not expected to reach {limit}, but may from {earliest} on"
    left = _left((crossing.reached - now).total_seconds())
    if crossing.latest:
        when = f"between {earliest} and {_moment(crossing.latest, short=short)}"
    else:
        when = f"{earliest} or later"
    return f"reaches {limit} on {_moment(crossing.reached, short=short)}, in {left} ({when})"


def recommendation(outlook: Outlook) -> str:
    """What to do about a limit, with the evidence; empty where nothing has to be done."""
    crossing = outlook.crossing
    if crossing is None or (crossing.earliest is None and not crossing.already):
        return ""
    unit = outlook.history.subject.unit.symbol
    sentence = limit_sentence(crossing, outlook.origin, unit)
    urgent = crossing.already or (
        crossing.reached is not None and crossing.reached - outlook.origin < timedelta(14)
    )
    todo = "make room now" if urgent else "plan for more"
    return f"{outlook.history.subject.title} {sentence}: {todo}. {accuracy_sentence(outlook)}"


def accuracy_sentence(outlook: Outlook) -> str:
    """How good such forecasts were."""
    score = outlook.scores[0]
    parts = [] if score.mase is None else [f"MASE {score.mase:.2f}"]
    parts += [] if score.smape is None else [f"sMAPE {score.smape:.1f} %"]
    nominal = f"{100 * outlook.forecast.nominal:.0f} %"
    if score.coverage is not None:
        parts.append(f"bands of {nominal} held {100 * score.coverage:.0f} %")
    measured = ", ".join(parts) or "no error could be measured"
    times = "one past forecast" if score.folds == 1 else f"{score.folds} past forecasts"
    return f"{score.model} in {times}: {measured}."


def gaps_sentence(outlook: Outlook) -> str:
    """What was missing of the history; empty when nothing was."""
    gaps = outlook.history.gaps
    if not gaps.each:
        return ""
    lengths = sorted(gap.samples * gaps.step for gap in gaps.each)
    count = "one gap" if len(lengths) == 1 else f"{len(lengths)} gaps"
    shortest, middle, longest = (duration_text(s) for s in (lengths[0], median(lengths), lengths[-1]))
    long = (
        f"of {longest}" if len(lengths) == 1 else f"from {shortest} to {longest}, half of them up to {middle}"
    )
    return f"{count} {long}: {100 * gaps.share:.1f} % of the history was missing and was filled"


def _latest(crossing: Crossing) -> datetime:
    return max(moment for moment in (crossing.earliest, crossing.reached, crossing.latest) if moment)


def _moment(moment: datetime, *, short: bool) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if short else f"{moment:%Y-%m-%d}"


def _left(seconds: float) -> str:
    """Whole days where there are some, whole minutes otherwise."""
    if seconds >= 2 * 86400:
        return f"{round(seconds / 86400)} days"
    return duration_text(max(60.0, round(seconds / 60) * 60))
