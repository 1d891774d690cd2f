"""Whether p is what it says: on noise in which nothing happens, p <= a in no more than a of all windows."""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
from scipy import stats

from bench.simulated import KINDS, WINDOW, Series, p_value, processes
from faultcast.forecasting.window.nonconformity import Direction

ALPHAS = (0.01, 0.05, 0.10)
HISTORIES = (75, 135, 600)
COUNT, MANY = 300, 2000

Judged = Callable[[str, int, Direction], np.ndarray]


@pytest.fixture(scope="module")
def judged() -> Iterator[Judged]:
    """P-values of many series of a kind; of most where p should be uniform."""
    with processes() as pool:

        @cache
        def found(kind: str, history: int, direction: Direction) -> np.ndarray:
            count = MANY if (kind, history, direction) == ("white", 600, "either") else COUNT
            asked = [Series(kind, history, direction, seed) for seed in range(count)]
            return np.array(list(pool.map(p_value, asked, chunksize=25)))

        yield found


@pytest.mark.parametrize("direction", ["either", "up"])
@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_called_a_deviation_no_more_often_than_alpha_allows(
    kind: str, history: int, direction: Direction, judged: Judged
) -> None:
    p_values = judged(kind, history, direction)
    for alpha in ALPHAS:
        called = float(np.mean(p_values <= alpha))
        assert called <= alpha + 2 * np.sqrt(alpha * (1 - alpha) / p_values.size), (
            f"{called} at alpha {alpha}"
        )


@pytest.mark.parametrize("history", HISTORIES)
def test_p_is_nowhere_smaller_than_uniform(history: int, judged: Judged) -> None:
    """At all levels at once: the one-sided distance of Kolmogorov and Smirnov, at its quantile of .99."""
    p_values = judged("white", history, "either")
    above = stats.kstest(p_values, "uniform", alternative="greater").statistic
    assert above < np.sqrt(np.log(1 / 0.01) / (2 * p_values.size))


@pytest.mark.parametrize("direction", ["either", "up"])
def test_p_is_close_to_uniform_where_there_are_many_past_windows(
    direction: Direction, judged: Judged
) -> None:
    """Closer than 1/(n + 1) it cannot be: n effective past windows, here 37, move p in steps of that size.
    The rest of the bound is the quantile of .99 of the distance of as many uniform numbers."""
    effective = (600 - 24) / WINDOW - 1
    p_values = judged("white", 600, direction)
    distance = stats.kstest(p_values, "uniform").statistic
    assert distance < 1 / (effective + 1) + stats.kstwobign.ppf(0.99) / np.sqrt(p_values.size)


def test_with_few_past_windows_p_is_larger_than_it_need_be(judged: Judged) -> None:
    """The rank alone says no less than 1/(n + 1) with n effective windows: the rest is left to the tail."""
    shares = [float(np.mean(judged("white", n, "either") <= 0.05)) for n in HISTORIES]
    assert max(shares[:2]) < 0.025 < shares[2]
