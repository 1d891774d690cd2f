"""Figures of a judge on labelled cases, with their intervals.

Recall is the share of deviating windows that were called deviating, false alarms the share of steady ones.
Precision and F1 are at equal prevalence: of cases of which half deviate. MACRO is the mean over data sets, so
that no set rules.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.running import Outcome

__all__ = [
    "ALPHAS",
    "MACRO",
    "Calls",
    "Figures",
    "auc",
    "binomial_band",
    "calibration",
    "calls",
    "f1",
    "figures",
    "wilson",
]

ALPHAS = (0.01, 0.05, 0.10)
MACRO = "MACRO"
RESAMPLES = 400
"""Enough for two digits of an interval."""
_SEED = 11

Interval = tuple[float, float]
Values = NDArray[np.float64]
_Key = tuple[str, bool]
"""Data set, and whether nothing happened."""
_Parts = dict[_Key, Values]
_Resample = dict[_Key, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Calls:
    """How many of some windows were called deviating.

    Attributes:
        n: Windows.
        share: Of them that were called; NaN when there are none.
        interval: 95 % Wilson interval of the share.
    """

    n: int
    share: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Figures:
    """What a judge did on one data set, or on all (MACRO). NaN where there is nothing to take a figure from.

    Attributes:
        deviating: Cases in which something happened.
        steady: Cases in which nothing did.
        recall: Share of the deviating that was called.
        false_alarms: Share of the steady that was called.
        f1: At equal prevalence.
        auc: Chance that a deviating window has a higher score than a steady one.
        recall_interval: 95 %: Wilson's for a data set, by bootstrap for MACRO.
        false_alarms_interval: The same.
        f1_interval: 95 % by bootstrap.
        auc_interval: 95 % by bootstrap.
        delay: Median samples of the window until the judge first calls it, over the cases it does call.
        delay_s: The same in seconds.
        cannot_tell: Share of all cases of which the judge says that it cannot tell.
        errors: Cases that the judge failed on; they count as not called.
        ms: Median wall time of one judgement in milliseconds.
        p95: 95 % quantile of the same.
    """

    deviating: int
    steady: int
    recall: float
    false_alarms: float
    f1: float
    auc: float
    recall_interval: Interval
    false_alarms_interval: Interval
    f1_interval: Interval
    auc_interval: Interval
    delay: float
    delay_s: float
    cannot_tell: float
    errors: int
    ms: float
    p95: float


def figures(outcomes: Sequence[Outcome]) -> dict[str, Figures]:
    """Figures of one judge for each data set, and MACRO last.

    Args:
        outcomes: Of one judge, at least one.
    """
    sets = sorted({outcome.data_set for outcome in outcomes})
    found = {name: _figures([one for one in outcomes if one.data_set == name], False) for name in sets}
    return {**found, MACRO: _figures(outcomes, True)}


def calls(outcomes: Sequence[Outcome]) -> Calls:
    """How many of some windows were called deviating."""
    called = sum(outcome.called for outcome in outcomes)
    return Calls(len(outcomes), _mean([o.called for o in outcomes]), wilson(called, len(outcomes)))


def calibration(p_values: Sequence[float]) -> dict[float, Calls]:
    """For each alpha: how many windows have p <= alpha: false alarms if nothing happened in them."""
    found = {}
    for alpha in ALPHAS:
        called = sum(p <= alpha for p in p_values)
        share = called / len(p_values) if p_values else float("nan")
        found[alpha] = Calls(len(p_values), share, wilson(called, len(p_values)))
    return found


def f1(recall: float, false_alarms: float) -> float:
    """F1 of cases of which half deviate."""
    return 2 * recall / (2 * recall + false_alarms + 1 - recall) if recall else 0.0


def auc(deviating: Sequence[float] | Values, steady: Sequence[float] | Values) -> float:
    """Chance that a deviating score is above a steady one, ties counted half; NaN if one of them is empty."""
    n, m = len(deviating), len(steady)
    if not n or not m:
        return float("nan")
    ranks = stats.rankdata(np.concatenate([deviating, steady]))[:n].sum()
    return float((ranks - n * (n + 1) / 2) / (n * m))


def wilson(called: int, n: int) -> Interval:
    """Wilson's 95 % interval of a share (Wilson 1927); 0 to 1 when n is 0."""
    if not n:
        return 0.0, 1.0
    z, share = 1.959964, called / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def binomial_band(n: int, alphas: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where 95 of 100 shares of n windows lie, if each is called with chance alpha.

    Args:
        n: Windows.
        alphas: Chances, shape (k,).

    Returns:
        Lower and upper shares, shape (k,) each.
    """
    return stats.binom.ppf(0.025, n, alphas) / n, stats.binom.ppf(0.975, n, alphas) / n


def _figures(outcomes: Sequence[Outcome], macro: bool) -> Figures:
    sample = _Sample(outcomes)
    recall, false_alarms, area = sample.shares()
    resampled = np.array([(*part, f1(part[0], part[1])) for part in sample.resampled()])
    ends = np.quantile(resampled, [0.025, 0.975], axis=0).T if len(resampled) else np.full((4, 2), np.nan)
    by_bootstrap = [(float(lower), float(upper)) for lower, upper in ends]
    moved = [one for one in outcomes if one.deviates]
    held = [one for one in outcomes if not one.deviates]
    delays = [(one.delay, one.delay * one.step) for one in outcomes if one.delay is not None]
    spent = 1e3 * np.array([one.seconds for one in outcomes])
    return Figures(
        deviating=len(moved),
        steady=len(held),
        recall=recall,
        false_alarms=false_alarms,
        f1=f1(recall, false_alarms),
        auc=area,
        recall_interval=by_bootstrap[0] if macro else calls(moved).interval,
        false_alarms_interval=by_bootstrap[1] if macro else calls(held).interval,
        f1_interval=by_bootstrap[3],
        auc_interval=by_bootstrap[2],
        delay=float(np.median([delay for delay, _ in delays])) if delays else float("nan"),
        delay_s=float(np.median([seconds for _, seconds in delays])) if delays else float("nan"),
        cannot_tell=_mean([not one.known for one in outcomes]),
        errors=sum(one.error is not None for one in outcomes),
        ms=float(np.median(spent)),
        p95=float(np.quantile(spent, 0.95)),
    )


class _Sample:
    """Calls and scores for each data set and label, and resamples of them."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        keys = sorted({(one.data_set, not one.deviates) for one in outcomes})
        parts = {key: [one for one in outcomes if (one.data_set, not one.deviates) == key] for key in keys}
        self._called = {key: np.array([one.called for one in part], float) for key, part in parts.items()}
        self._scores = {key: np.array([one.score for one in part]) for key, part in parts.items()}

    def shares(self, chosen: _Resample | None = None) -> tuple[float, float, float]:
        """Recall, false alarms and AUC, each the mean over data sets, of all cases or of chosen ones."""

        def take(of: _Parts, key: _Key) -> NDArray[np.float64]:
            return of[key] if chosen is None else of[key][chosen[key]]

        rates: dict[bool, list[float]] = {False: [], True: []}
        areas = []
        for name, steady in self._called:
            rates[steady].append(float(take(self._called, (name, steady)).mean()))
            if steady and (name, False) in self._scores:
                areas.append(auc(take(self._scores, (name, False)), take(self._scores, (name, True))))
        return _mean(rates[False]), _mean(rates[True]), _mean(areas)

    def resampled(self) -> Iterator[tuple[float, float, float]]:
        """The same of cases drawn with replacement within data set and label."""
        random = np.random.default_rng(_SEED)
        if len({steady for _, steady in self._called}) < 2:
            return
        for _ in range(RESAMPLES):
            yield self.shares({key: random.integers(0, len(v), len(v)) for key, v in self._called.items()})


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
