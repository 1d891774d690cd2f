"""Let judges answer cases, and note what they say, how long that takes, and after how many samples."""

import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.cases import Case
from faultcast.steady_state import Status, judge_window

__all__ = ["OURS", "Answer", "Judge", "Outcome", "p_values", "run", "warm_up"]

PREFIXES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 60)
DELAYS = 15
"""Cases of each data set for which the delay is found, at most: each takes several judgements."""
NO_DELAY = frozenset({"stress"})
"""Data sets whose windows do not begin with the fault."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a judge says of a window.

    Attributes:
        called: It deviates.
        score: Higher means more deviating; comparable between windows.
        known: False when the judge cannot tell.
        p_value: Chance of such a window in an undisturbed system; None when not computed.
    """

    called: bool
    score: float
    known: bool = True
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """A way to answer.

    Attributes:
        name: For tables.
        answer: Takes history and window.
        takes_holes: Whether it takes NaN. If not, it is given filled series, and is not asked when more than
            half of the window is missing: it cannot tell.
    """

    name: str
    answer: Callable[[pd.Series, pd.Series], Answer]
    takes_holes: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """One judge's answer to one case.

    Attributes:
        judge: Its name.
        case: Its name.
        data_set: Where the case is from.
        kind: Of the fault, or `none`.
        deviates: The truth.
        called: What the judge says.
        score: Higher means more deviating; 0 when the judge failed.
        known: False when it cannot tell.
        p_value: None when not computed.
        missing: Share of the window that was not measured.
        step: Seconds between samples.
        delay: Samples of the window until it is first called; None where that was not looked for.
        seconds: Wall time of one judgement.
        error: What a judge that failed says. A judge that fails has not detected.
    """

    judge: str
    case: str
    data_set: str
    kind: str
    deviates: bool
    called: bool
    score: float
    known: bool
    p_value: float | None
    missing: float
    step: float
    delay: int | None
    seconds: float
    error: str | None


def ours(history: pd.Series, window: pd.Series) -> Answer:
    """The judge of this project, at alpha .05, with nothing known of the metric."""
    verdict = judge_window(history, window, direction="either", alpha=0.05, smallest_effect=None, season=None)
    called = verdict.status is Status.DEVIATED
    return Answer(called, verdict.score, verdict.status is not Status.UNKNOWN, verdict.p_value)


OURS = Judge("faultcast", ours, takes_holes=True)


def run(judge: Judge, cases: Iterable[Case], *, delays: int = DELAYS) -> list[Outcome]:
    """Let a judge answer cases, in order; says on standard error how that went.

    Args:
        judge: Asked about each case once, and again about growing prefixes of some windows it calls.
        cases: As loaded.
        delays: Cases of each data set for which the delay is found, at most.
    """
    found: list[Outcome] = []
    looked: Counter[str] = Counter()
    for case in cases:
        answer, error, seconds = _ask(judge, case)
        delay = None
        wanted = answer.called and case.deviates and case.data_set not in NO_DELAY
        if wanted and looked[case.data_set] < delays:
            looked[case.data_set] += 1
            delay = _delay(judge, case)
        found.append(
            Outcome(
                judge=judge.name,
                case=case.name,
                data_set=case.data_set,
                kind=case.kind,
                deviates=case.deviates,
                called=answer.called,
                score=answer.score,
                known=answer.known,
                p_value=answer.p_value,
                missing=case.missing,
                step=case.step,
                delay=delay,
                seconds=seconds,
                error=error,
            )
        )
    spent, failed = sum(one.seconds for one in found), sum(one.error is not None for one in found)
    print(f"{judge.name}: {len(found)} cases, {spent:.0f} s, {failed} errors", file=sys.stderr, flush=True)
    return found


def p_values(outcomes: Iterable[Outcome]) -> list[float]:
    """P-values of steady windows; 1 where the judge gave none, for such a window is never called."""
    return [1.0 if one.p_value is None else one.p_value for one in outcomes if not one.deviates]


def warm_up(judges: Iterable[Judge]) -> None:
    """Let every judge import what it imports when it is first asked, so that no case pays for it."""
    at = pd.date_range("2026-01-01", periods=130, freq="2s", tz="UTC")
    values = pd.Series(np.sin(np.arange(130.0) ** 2), index=at)
    for judge in judges:
        judge.answer(values[:120], values[120:])


def _delay(judge: Judge, case: Case) -> int:
    """Samples of the window after which it is first called; all of them if no shorter prefix is."""
    size = len(case.window)
    for count in PREFIXES:
        if count < size and _ask(judge, case, count)[0].called:
            return count
    return size


def _ask(judge: Judge, case: Case, count: int | None = None) -> tuple[Answer, str | None, float]:
    case = case.beginning(count) if count else case
    if not judge.takes_holes and case.missing > 0.5:
        return Answer(False, 0.0, known=False), None, 0.0
    history, window = (case.history.copy(), case.window.copy()) if judge.takes_holes else case.filled()
    started = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer, error = judge.answer(history, window), None
    except Exception as caught:  # noqa: BLE001 - whatever a judge fails with, the others are still measured
        answer, error = Answer(False, 0.0, known=False), f"{type(caught).__name__}: {caught}"[:160]
    seconds = time.perf_counter() - started
    if not np.isfinite(answer.score):
        answer = Answer(answer.called, 0.0, answer.known, answer.p_value)
    return answer, error, seconds
