"""One page with all outlooks, the most urgent first; it needs nothing but the pictures beside it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jinja2

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.subject import Refusal
from faultcast.infra.durations import duration_text
from faultcast.infra.errors import SinkError
from faultcast.infra.redaction import hidden, redacted
from faultcast.reports.outlook.pages.urgency import by_urgency
from faultcast.reports.outlook.pages.wording import limit_sentence, recommendation, shown
from faultcast.reports.outlook.run import OutlookRun

__all__ = ["write_index"]

_TEMPLATE = "index.html.j2"


def write_index(
    outlooks: Iterable[Outlook],
    refused: Sequence[Refusal],
    folder: Path,
    *,
    run: OutlookRun,
    seasons: bool = False,
) -> Path:
    """Write `index.html`.

    Args:
        outlooks: The series; their pictures are `<subject's id>.png` and `.svg` in the same folder.
        refused: What was left out, and why.
        folder: Where to.
        run: Facts about the run.
        seasons: Whether there are pictures of the test for seasons as well.

    Returns:
        The page.

    Raises:
        SinkError: The page cannot be written; one that was there before is still whole.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,  # labels are other people's text
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page_text = environment.get_template(_TEMPLATE).render(
        run=run,
        source=redacted(run.source),
        horizon=duration_text(run.horizon),
        history=duration_text(round(run.history)),
        step="its own step each" if run.step is None else f"a step of {duration_text(run.step)}",
        outlooks=[_facts(outlook, seasons=seasons) for outlook in by_urgency(outlooks)],
        refused=refused,
    )
    page = folder / "index.html"
    partial = folder / ".index.html.part"
    try:
        partial.write_text(hidden(page_text), encoding="utf-8")
        partial.replace(page)
    except OSError as error:
        partial.unlink(missing_ok=True)
        message = f"{page} cannot be written: {error.strerror}"
        raise SinkError(message, remedy="make room there, or name another folder") from error
    return page


def _facts(outlook: Outlook, *, seasons: bool) -> dict[str, Any]:
    subject, score, crossing = outlook.history.subject, outlook.scores[0], outlook.crossing
    unit = subject.unit.symbol
    return {
        "id": subject.id,
        "title": subject.title,
        "now": shown(float(outlook.history.values.iloc[-1]), unit),
        "end": shown(float(outlook.forecast.mean[-1]), unit),
        "alt": _alt(outlook),
        "limit": limit_sentence(crossing, outlook.origin, unit) if crossing else "",
        "soon": crossing is not None and (crossing.already or crossing.earliest is not None),
        "model": score.model,
        "mase": "" if score.mase is None else f"{score.mase:.2f}",
        "smape": "" if score.smape is None else f"{score.smape:.1f} %",
        "coverage": "" if score.coverage is None else f"{100 * score.coverage:.0f} %",
        "advice": recommendation(outlook),
        "notes": outlook.notes,
        "seasons": seasons,
    }


def _alt(outlook: Outlook) -> str:
    """What the picture shows, for those who do not see it."""
    made, unit = outlook.forecast, outlook.history.subject.unit.symbol
    now, end = float(outlook.history.values.iloc[-1]), float(made.mean[-1])
    band = f"{shown(float(made.lower[-1]), unit)} to {shown(float(made.upper[-1]), unit)}"
    return (
        f"{outlook.history.subject.title}: history and forecast, now {shown(now, unit)}, "
        f"at the end {shown(end, unit)} ({100 * made.nominal:.0f} % band: {band})"
    )
