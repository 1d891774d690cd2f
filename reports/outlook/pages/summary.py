"""What a run of the outlook shows on the console: what runs out first, how good it is, what was left out."""

from collections import Counter

from rich.console import Console

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.span import OutlookSpan
from faultcast.infra.durations import duration_text
from faultcast.reports.outlook.pages.urgency import by_urgency
from faultcast.reports.outlook.pages.wording import accuracy_sentence, limit_sentence, number, shown
from faultcast.reports.outlook.running import Results

__all__ = ["print_results"]

_SHOWN = 10
_REASONS = 6


def print_results(console: Console, results: Results, span: OutlookSpan) -> None:
    """Print the most urgent series, each in full width, and the counts of everything else.

    Args:
        console: Where to.
        results: What the run brought.
        span: Its times.
    """
    ordered = by_urgency(results.outlooks)
    ahead = duration_text(span.horizon)
    for outlook in ordered[:_SHOWN]:
        console.print(outlook.history.subject.title, style="bold", markup=False, soft_wrap=True)
        console.print(f"    {_line(outlook, ahead)}", markup=False, soft_wrap=True)
        crossing = outlook.crossing
        if crossing is not None and (crossing.earliest or crossing.already):
            unit = outlook.history.subject.unit.symbol
            sentence = limit_sentence(crossing, outlook.origin, unit)
            console.print(f"    {sentence}", style="bold red", markup=False, soft_wrap=True)
    if len(ordered) > _SHOWN:
        console.print(
            f"and {len(ordered) - _SHOWN} less urgent ones; --csv and --plots have them", markup=False
        )
    _left_out(console, results)
    version = results.run.version
    console.print(
        f"{results.forecast} series forecast, {len(results.refused)} left out; models {version.name}"
        f" ({version.hash})",
        markup=False,
    )


def _line(outlook: Outlook, ahead: str) -> str:
    forecast, unit = outlook.forecast, outlook.history.subject.unit.symbol
    now, end = float(outlook.history.values.iloc[-1]), float(forecast.mean[-1])
    band = f"{number(float(forecast.lower[-1]))} to {number(float(forecast.upper[-1]))}"
    return f"now {shown(now, unit)}, in {ahead} {shown(end, unit)} ({band}). {accuracy_sentence(outlook)}"


def _left_out(console: Console, results: Results) -> None:
    """Reasons why series were left out, with their counts; each series by name when there are few."""
    if len(results.refused) <= _REASONS:
        for one in results.refused:
            console.print(f"left out: {one.title}: {one.reason}", markup=False, soft_wrap=True)
        return
    reasons = Counter(one.reason.partition(":")[0].partition(" at ")[0] for one in results.refused)
    for reason, count in reasons.most_common(_REASONS):
        console.print(f"left out: {count} series: {reason}", markup=False, soft_wrap=True)
    if len(reasons) > _REASONS:
        rest = sum(count for _, count in reasons.most_common()[_REASONS:])
        console.print(f"left out: {rest} series for other reasons", markup=False)
