"""`faultcast rejudge`: judge recorded trials again, from disk alone."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from faultcast.infra.errors import ConfigurationError, FaultcastError

if TYPE_CHECKING:
    from faultcast.steady_state.verdict import TrialVerdict

__all__ = ["register"]

_Folder = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help="folder of a trial, or of a whole run")
]
_Alpha = Annotated[
    float | None,
    typer.Option(min=0.0001, max=0.5, help="chance of a false alarm; as it was when not given"),
]
_Save = Annotated[bool, typer.Option("--save", help="replace the stored verdicts")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(rejudge)


def rejudge(folder: _Folder, alpha: _Alpha = None, save: _Save = False) -> None:
    """Judge recorded trials again, offline, and say what differs from the stored verdicts.

    Exit code 0 when nothing differs, 1 when something does.
    """
    from faultcast.experiments.history import load_trial
    from faultcast.experiments.manifests.store import load_facts
    from faultcast.reports.words.advice import advice_lines
    from faultcast.steady_state.advice.deriving import advise
    from faultcast.steady_state.advice.store import save_advice
    from faultcast.steady_state.rejudged import differences
    from faultcast.steady_state.store import save_verdict
    from faultcast.steady_state.trial import judge_trial

    console = Console(soft_wrap=True, highlight=False)
    same = True
    for trial in _trials(folder):
        history, series = load_trial(trial)
        stored = _stored(trial)
        level = alpha or (stored.alpha if stored else 0.05)
        fresh = judge_trial(history, series, alpha=level)
        console.print(f"{history.trial}: {fresh.status} at alpha {level:g}", style="bold", markup=False)
        for reason in fresh.reasons:
            console.print(f"  {reason}", markup=False)
        console.print(_table(fresh))
        if stored is None:
            changed: tuple[str, ...] = ("there was no stored verdict",)
        else:
            changed = differences(stored, fresh)
            if stored.judge != fresh.judge:
                console.print(f"  judged before by {stored.judge}, now by {fresh.judge}", markup=False)
        for line in changed:
            console.print(f"  differs: {line}", markup=False)
        if not changed:
            console.print("  the same as the stored verdict")
        same = same and not changed
        advice = advise(history, fresh, load_facts(trial))
        for number, one in enumerate(advice, start=1):
            console.print(f"  advice {number}: {'; '.join(advice_lines(one))}", markup=False)
        if save:
            save_verdict(trial, fresh)
            save_advice(trial, advice)
    if not same:
        raise typer.Exit(1)


def _trials(folder: Path) -> tuple[Path, ...]:
    from faultcast.reports.runs import RunFolder

    if (folder / "history.json").exists():
        return (folder,)
    found = RunFolder(folder).trials()
    if not found:
        message = f"{folder} holds no trial"
        raise ConfigurationError(message, remedy="name runs/<run> or runs/<run>/trials/<trial>")
    return found


def _stored(trial: Path) -> "TrialVerdict | None":
    from faultcast.steady_state.store import load_verdict

    if not (trial / "verdict.json").exists():
        return None
    try:
        return load_verdict(trial)
    except FaultcastError as error:
        Console(stderr=True, soft_wrap=True).print(f"ignored: {error}", markup=False)
        return None


def _table(verdict: "TrialVerdict") -> Table:
    from faultcast.reports.words.verdict import p_words, recovery_words
    from faultcast.steady_state.wording import quantity

    table = Table("metric", "phase", "verdict", "p", "effect", "model", "windows", "recovery", box=None)
    for part in verdict.metrics:
        judged = part.verdict
        table.add_row(
            part.metric,
            part.phase if part.counts else f"({part.phase})",
            str(judged.status),
            p_words(judged.p_value),
            "–" if judged.effect is None else quantity(judged.effect),
            judged.model or "–",
            "–" if judged.effective_windows is None else f"{judged.effective_windows:.1f}",
            recovery_words(part.recovery),
        )
    return table
