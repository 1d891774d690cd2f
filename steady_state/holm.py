"""Several metrics, one alpha."""

from collections.abc import Sequence

__all__ = ["levels"]


def levels(p_values: Sequence[float], alpha: float) -> list[float]:
    """The level at which each of several tests has to be judged, so that all share one alpha (Holm, 1979).

    The smallest p-value is compared with alpha / m, the next with alpha / (m - 1), and so on, until one is
    larger than its level; that level then holds for all the rest. The tests may depend on each other.

    Args:
        p_values: One for each test.
        alpha: Chance of one false alarm or more among all of them.

    Returns:
        A level for each test, in the order given: a test is significant if and only if its p-value is at
        most its level.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    found = [0.0] * len(p_values)
    stopped: float | None = None
    for rank, i in enumerate(order):
        level = alpha / (len(p_values) - rank)
        if stopped is None and p_values[i] > level:
            stopped = level
        found[i] = level if stopped is None else stopped
    return found
