"""Noise in which nothing ever happens, judged by many processes.

    python bench/simulated.py --series 2000

prints, for each kind of noise, history and direction, the share of windows with p <= .01, .05 and .10, and
the distance of all p-values from uniform.
"""

import argparse
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from faultcast.forecasting.window.nonconformity import Direction
from faultcast.steady_state import judge_window

__all__ = ["KINDS", "WINDOW", "Series", "p_value", "processes"]

WINDOW = 15

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """A series of which every stretch is as good as any other.

    Attributes:
        kind: One of `KINDS`.
        history: Samples before the window.
        direction: The direction that hurts.
        seed: Each gives another series.
    """

    kind: str
    history: int
    direction: Direction
    seed: int


def p_value(series: Series) -> float:
    """The p-value of a window of 15 samples; 1 where there is none."""
    rng = np.random.default_rng([series.seed, sorted(KINDS).index(series.kind), series.history])
    size = series.history + WINDOW
    index = pd.date_range("2026-03-01", periods=size, freq="2s", tz="UTC")
    values = pd.Series(10 + KINDS[series.kind](size, rng), index=index)
    history, window = values[: series.history], values[series.history :]
    found = judge_window(history, window, direction=series.direction).p_value
    return 1.0 if found is None else found


@contextmanager
def processes() -> Iterator[ProcessPoolExecutor]:
    """One process for each core; started afresh, since a fork of a process with threads may hang."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        yield pool


def _autoregressive(correlation: float) -> Callable[[int, np.random.Generator], Values]:
    def make(size: int, rng: np.random.Generator) -> Values:
        values = rng.normal(size=size)
        for i in range(1, size):
            values[i] = correlation * values[i - 1] + np.sqrt(1 - correlation**2) * values[i]
        return values

    return make


def _seasonal(size: int, rng: np.random.Generator) -> Values:
    """Around a season of 30 samples that swings by three standard deviations."""
    return 3 * np.sin(2 * np.pi * np.arange(size) / 30 + rng.uniform(0, 7)) + rng.normal(size=size)


def _heteroscedastic(size: int, rng: np.random.Generator) -> Values:
    """Louder after loud samples, as a busy system is (Bollerslev's GARCH, 1986)."""
    values, variance = np.zeros(size), 1.0
    for i in range(size):
        variance = 0.1 + 0.2 * values[i - 1] ** 2 + 0.7 * variance
        values[i] = np.sqrt(variance) * rng.normal()
    return values


def _heavy_tailed(size: int, rng: np.random.Generator) -> Values:
    """Student's t with three degrees of freedom."""
    return rng.standard_t(3, size=size)


KINDS: dict[str, Callable[[int, np.random.Generator], Values]] = {
    "white": _autoregressive(0.0),
    "AR(1) .5": _autoregressive(0.5),
    "AR(1) .9": _autoregressive(0.9),
    "seasonal": _seasonal,
    "heteroscedastic": _heteroscedastic,
    "heavy-tailed": _heavy_tailed,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--series", type=int, default=300, help="series of each kind")
    count = parser.parse_args().series
    directions: tuple[Direction, ...] = ("either", "up")
    with processes() as pool:
        for kind, history, direction in product(KINDS, (75, 135, 600), directions):
            asked = [Series(kind, history, direction, seed) for seed in range(count)]
            found = np.array(list(pool.map(p_value, asked, chunksize=25)))
            shares = " / ".join(f"{np.mean(found <= alpha):.3f}" for alpha in (0.01, 0.05, 0.10))
            distance = stats.kstest(found, "uniform").statistic
            print(f"{kind:16s} {history:4d} {direction:7s} {shares}   {distance:.3f}", flush=True)


if __name__ == "__main__":
    main()
