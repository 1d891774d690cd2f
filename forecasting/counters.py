"""Counters as rates: what rose between two samples, with a hole where the counter began anew."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["rate_unit", "rates"]


def rate_unit(unit: str) -> str:
    """The unit of a counter's rate."""
    return f"{unit}/s".lstrip("/")


def rates(values: NDArray[np.float64], step: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The rise per second of a counter.

    Between a sample and the one before it; across holes nothing is said. Where a counter falls, the process
    behind it began anew: what it had counted since its last sample is lost, so that this rise is a hole and
    not a guess.

    Args:
        values: Samples on a regular grid, NaN for holes.
        step: Seconds between two samples.

    Returns:
        Rises per second, the first of which is a hole; and True where a hole is due to a reset.
    """
    rises = np.full(values.size, np.nan)
    rises[1:] = np.diff(values) / step
    reset = rises < 0
    rises[reset] = np.nan
    return rises, reset
