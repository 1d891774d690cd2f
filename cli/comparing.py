"""`faultcast compare`: whether a run bore its faults worse than an earlier one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from faultcast.infra.errors import ConfigurationError

if TYPE_CHECKING:
    from faultcast.steady_state.regression.difference import ExperimentDifference, Regression
    from faultcast.steady_state.repeats import Judged

__all__ = ["register"]

_Run = Annotated[str, typer.Argument(help="identity of a run, or how it begins; its folder; or latest")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(compare)


def compare(
    before: _Run,
    after: _Run,
    runs_dir: Annotated[Path, typer.Option("--runs-dir", help="where run folders are")] = Path("runs"),
    alpha: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="chance that an unchanged system is called different")
    ] = 0.05,
    as_json: Annotated[bool, typer.Option("--json", help="print a JSON document instead of tables")] = False,
) -> None:
    """Say whether a later run bore the same faults worse, better, no differently, or whether nobody can tell.

    Repeats are what it rests on: five trials of an experiment in each run, or more (`pytest
    --faultcast-repeat N`).

    Exit code 0 whatever it finds, 2 when a run cannot be read.
    """
    from faultcast.steady_state.regression.compare import compare as compared

    sides = [_judged(runs_dir, name) for name in (before, after)]
    if sides[0][0] == sides[1][0]:
        message = f"{before} and {after} are the same run: {sides[0][0].name}"
        raise ConfigurationError(message, remedy="name two runs; list them: faultcast results list")
    regression = compared(sides[0][1], sides[1][1], alpha=alpha)
    if as_json:
        typer.echo(_document(regression))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"before  {sides[0][0].name}, {len(sides[0][1])} trials", markup=False)
    console.print(f"after   {sides[1][0].name}, {len(sides[1][1])} trials", markup=False)
    _print(console, regression)


def _judged(runs_dir: Path, name: str) -> "tuple[Path, list[Judged]]":
    from faultcast.reports.runs import find_run, load_record

    folder = find_run(runs_dir, name)
    folder.load()
    records = [load_record(trial) for trial in folder.trials()]
    if not records:
        message = f"{folder.path} holds no trial"
        raise ConfigurationError(message, remedy="name a run that came to its first trial")
    return folder.path.resolve(), [(record.history, record.verdict) for record in records]


def _document(regression: "Regression") -> str:
    from pydantic import TypeAdapter

    from faultcast.steady_state.regression.difference import Regression as Document

    return TypeAdapter(Document).dump_json(regression, indent=2).decode()


def _print(console: Console, regression: "Regression") -> None:
    from faultcast.reports.words.regression import experiment_headline, experiment_lines, regression_headline

    for one in regression.experiments:
        console.print(f"\n{experiment_headline(one)}", style="bold", markup=False)
        for line in experiment_lines(one):
            console.print(f"  {line}", markup=False)
        if one.differences:
            console.print(_table(one))
    console.print()
    for words, names in (("earlier", regression.only_before), ("later", regression.only_after)):
        if names:
            console.print(f"only in the {words} run: {', '.join(names)}", markup=False)
    console.print(
        f"{regression_headline(regression)} (alpha {regression.alpha:g})", style="bold", markup=False
    )


def _table(experiment: "ExperimentDifference") -> Table:
    from faultcast.reports.words.regression import effect_words, figure_words, interval_words, side_words
    from faultcast.reports.words.verdict import p_words
    from faultcast.steady_state.regression.difference import Change

    table = Table("figure", "before", "after", "difference", "95 %", "p", "", box=None)
    for one in experiment.differences:
        table.add_row(
            figure_words(one),
            side_words(one, one.before),
            side_words(one, one.after),
            effect_words(one),
            interval_words(one),
            p_words(one.p_value),
            "" if one.answer is Change.SAME else str(one.answer),
        )
    return table
