"""Advice in words: the same sentences on the console, in Allure and in `faultcast rejudge`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import join

from faultcast.reports.record import TrialRecord
from faultcast.steady_state.advice.advice import Advice, Figure
from faultcast.steady_state.advice.alerts import RULE
from faultcast.steady_state.advice.deriving import TOP, ranked
from faultcast.steady_state.advice.store import patch_file
from faultcast.steady_state.wording import difference, quantity

__all__ = [
    "AdviceGiven",
    "advice_line",
    "advice_lines",
    "command_of",
    "evidence_words",
    "given_advice",
    "top_lines",
]


@dataclass(frozen=True, slots=True)
class AdviceGiven:
    """Advice and the trial that it comes from.

    Attributes:
        advice: What to change.
        number: Its place among the advice of its trial, from 1.
        record: The trial.
    """

    advice: Advice
    number: int
    record: TrialRecord


def given_advice(records: Sequence[TrialRecord]) -> tuple[AdviceGiven, ...]:
    """The advice of several trials, the most important first, each with the trial that it comes from."""
    places = {
        id(one): AdviceGiven(one, number, record)
        for record in reversed(records)
        for number, one in enumerate(record.advice, start=1)
    }
    return tuple(places[id(one)] for one in ranked(one for record in records for one in record.advice))


def advice_line(advice: Advice) -> str:
    """One line: the change, how sure, and why."""
    return f"{advice.change} ({advice.confidence} confidence): {advice.cause}"


def evidence_words(found: Iterable[Figure]) -> str:
    """The numbers, such as `replicas of Deployment shop/store: 1; nodes: 2`."""
    return "; ".join(f"{one.what}: {_number(one)}" for one in found)


def _number(one: Figure) -> str:
    return difference(one.value, one.unit) if one.difference else quantity(one.value, one.unit)


def advice_lines(advice: Advice) -> tuple[str, ...]:
    """All that there is to say: the change, its evidence, its confidence, and what would keep it silent."""
    return (
        advice_line(advice),
        f"evidence: {evidence_words(advice.evidence)}",
        f"helps: {', '.join(advice.metrics)}",
        f"confidence {advice.confidence}: {advice.because}",
        f"not advised with: {advice.silent_when}",
    )


def command_of(folder: Path, number: int, advice: Advice) -> str:
    """The shell line that makes the change; empty where no object of the API holds it.

    Args:
        folder: The trial's folder.
        number: The place of the advice in the order of importance, from 1.
        advice: The advice.
    """
    change = advice.change
    if not change.patch or change.kind == RULE:
        return ""
    file = str(folder / patch_file(number, advice))
    if change.new:
        return join(["kubectl", "apply", "-f", file])
    where = ["-n", change.namespace] if change.namespace else []
    return join(["kubectl", *where, "patch", change.kind.lower(), change.name, "--patch-file", file])


def top_lines(records: Sequence[TrialRecord]) -> tuple[str, ...]:
    """The most important advice of a run, a line each, and where the rest is; nothing when there is none."""
    found = given_advice(records)
    if not found:
        return ()
    lines = [
        f"  {number}. {advice_line(one.advice)} [{one.record.history.experiment}]"
        for number, one in enumerate(found[:TOP], start=1)
    ]
    folders = dict.fromkeys(str(one.record.folder / "advice.json") for one in found[:TOP])
    more = f"{len(found)} in all" if len(found) > TOP else "all"
    return (
        "advice: what to change first",
        *lines,
        f"  {more}, with evidence and patches: {', '.join(folders)}",
    )
