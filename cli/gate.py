"""`faultcast gate`: whether a run is good enough to go on."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from faultcast.reports.gate.evaluate import GateResult
    from faultcast.reports.gate.rules import GateRules

__all__ = ["register"]

_STYLES = {"passed": "green", "warned": "yellow", "cannot tell": "yellow", "failed": "red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(gate)


def gate(
    run: Annotated[
        str | None, typer.Option("--run", help="identity of a run, or how it begins; the latest when absent")
    ] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", metavar="FILE", help="file of rules; options come before it")
    ] = None,
    min_score: Annotated[
        float | None, typer.Option("--min-score", help="fewest points, of those that are sure")
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="RUNS", help="last-5-passing, or a run's identity")
    ] = None,
    max_regression: Annotated[
        str | None, typer.Option("--max-regression", metavar="SHARE", help="such as 10%; with --against")
    ] = None,
    unknown: Annotated[
        str | None, typer.Option("--unknown", metavar="fail|warn", help="trials of which nobody can tell")
    ] = None,
    max_age: Annotated[
        str | None, typer.Option("--max-age", metavar="DURATION", help="oldest age of the run, such as 7d")
    ] = None,
    runs_dir: Annotated[Path, typer.Option("--runs-dir", help="where run folders are")] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="print a JSON document instead of a table")] = False,
) -> None:
    """Say whether a run meets the rules: its verdicts, its score, and that it is no worse than earlier ones.

    Exit code 0 when the gate is open, 1 when a rule is broken, 3 when none is but nobody can tell, 2 when the
    question makes no sense.

    Example: faultcast gate --min-score 80 --against last-5-passing
    """
    from faultcast.reports.gate.choosing import records_of, trials_against
    from faultcast.reports.gate.evaluate import evaluate
    from faultcast.reports.runs import find_run
    from faultcast.reports.sinks.summary import earlier_scores
    from faultcast.reports.summary.summary import summarize_run

    given = {
        "min_score": min_score,
        "against": against,
        "max_regression": max_regression,
        "unknown": unknown,
        "max_age": max_age,
    }
    checked = _rules(rules, {name: value for name, value in given.items() if value is not None})
    folder = find_run(runs_dir, run)
    summary = summarize_run(folder.load(), records_of(folder), earlier_scores(folder))
    before = trials_against(runs_dir, folder, checked.against) if checked.against else []
    result = evaluate(summary, checked, now=datetime.now(UTC), before=before)
    if as_json:
        typer.echo(_document(folder.name, result))
    else:
        _print(folder.name, result)
    raise typer.Exit(result.exit_code)


def _rules(file: Path | None, given: dict[str, Any]) -> "GateRules":
    from faultcast.reports.gate.rules import load_rules, rules_from

    written = load_rules(file).model_dump(exclude_unset=True) if file is not None else {}
    return rules_from({**written, **given}, "the options" if given else str(file or "the options"))


def _document(run: str, result: "GateResult") -> str:
    import json

    findings = [
        {"rule": one.rule, "outcome": str(one.outcome), "sentence": one.sentence} for one in result.findings
    ]
    return json.dumps({"run": run, "outcome": str(result.outcome), "findings": findings}, indent=2)


def _print(run: str, result: "GateResult") -> None:
    from faultcast.reports.gate.words import gate_headline

    table = Table("rule", "", "why", box=None)
    for one in result.findings:
        table.add_row(one.rule, Text(str(one.outcome), _STYLES[str(one.outcome)]), Text(one.sentence))
    console = Console(highlight=False)
    console.print(f"run {run}", markup=False)
    console.print(table)
    console.print(gate_headline(result), style="bold", markup=False)
