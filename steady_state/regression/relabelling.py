"""Exact tests by relabelling: which trials are called earlier and later must not matter if nothing changed.

A figure's p-value is the share of ways to divide the same trials in two that give a difference at least as
large (Fisher, 1935). It needs no distribution, allows ties, zeros and censored times, and is right for three
trials. All figures of an experiment are relabelled together: Westfall and Young's step-down (1993) then knows
how they go together, and pays less for testing many than Bonferroni.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

__all__ = ["Labels", "Relabelled", "adjusted", "relabel", "smallest_p", "two_sided"]

type Labels = NDArray[np.float64]
"""A row for each way to divide the trials, a column for each trial: 1 when it is called later, else 0."""

_MOST = 20_000
"""Divisions up to which all are looked at; beyond, some are drawn (Phipson and Smyth, 2010)."""

_DRAWN = 9_998
_SEED = 20261125


@dataclass(frozen=True, slots=True)
class Relabelled:
    """Ways to divide the trials.

    Attributes:
        labels: All of them, or those that were drawn.
        observed: Which row is what really was.
    """

    labels: Labels
    observed: int


def relabel(later: NDArray[np.bool_]) -> Relabelled:
    """All ways to divide trials into an earlier and a later set of the same sizes.

    Args:
        later: Which trials really are the later ones; in an order that does not depend on it.
    """
    size, many = later.size, int(later.sum())
    few = min(many, size - many)
    if comb(size, few) <= _MOST:
        chosen = np.array(list(combinations(range(size), few)), dtype=np.intp)
        labels = np.zeros((len(chosen), size))
        np.put_along_axis(labels, chosen, values=1.0, axis=1)
        labels = labels if many == few else 1 - labels
        return Relabelled(labels, int(np.flatnonzero((labels == later).all(axis=1))[0]))
    balanced = 2 * few == size
    keys = np.random.default_rng(_SEED).random((_DRAWN // 2 if balanced else _DRAWN, size))
    drawn = keys.argsort(axis=1).argsort(axis=1) < few
    if balanced:  # both sides of a division: the answer turns round, to the digit, with earlier and later
        drawn = np.vstack([drawn, ~drawn])
    return Relabelled(np.vstack([later, drawn if many == few else ~drawn]).astype(float), 0)


def smallest_p(before: int, after: int) -> float:
    """The smallest p-value that so many trials can have, when all later ones are beyond all earlier ones."""
    return min(1.0, 2 / comb(before + after, after))


def two_sided(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The p-value of every division, twice the smaller of both sides.

    Args:
        values: A statistic of each division.
    """
    scale = float(np.abs(values).max(initial=0.0)) or 1.0
    _, places, counts = np.unique(np.round(values / scale, 9), return_inverse=True, return_counts=True)
    below = np.cumsum(counts)
    above = values.size - below + counts
    return np.asarray(np.minimum(1.0, 2 * np.minimum(below, above) / values.size)[places])


def adjusted(p_values: NDArray[np.float64], observed: int) -> NDArray[np.float64]:
    """P-values adjusted for all figures: the chance that any figure has one as small.

    Args:
        p_values: A row for each division, a column for each figure.
        observed: The row of what really was.
    """
    really = p_values[observed]
    found = np.ones(really.size)
    reached = 0.0
    order = np.argsort(really, kind="stable")
    for place, column in enumerate(order):
        least = p_values[:, order[place:]].min(axis=1)
        reached = max(reached, float((least <= really[column] + 1e-12).mean()))
        found[column] = reached
    return found
