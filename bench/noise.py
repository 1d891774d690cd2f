"""Simulated noise, of which it is known whether anything happened."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from bench.figures import calibration
from faultcast.steady_state import judge_window

__all__ = ["CORRELATIONS", "HISTORIES", "noise", "noise_p_values", "noise_series"]

WINDOW = 15
HISTORIES = (135, 600)
"""Samples: a baseline of 240 s and a gate of 30 s at 2 s, and 20 minutes."""
CORRELATIONS = (0.0, 0.5, 0.9)


def noise(count: int, correlation: float, n: int) -> dict[str, Any]:
    """How often undisturbed noise is called a deviation, for each alpha, and a shift of two sd with it.

    Args:
        count: Number of series.
        correlation: Of neighbouring samples (an AR(1) process).
        n: Samples of history.

    Returns:
        `correlation`, `history`, `false_alarms` (alpha to `Calls`) and `seen_2sd` (`Calls` at alpha .05).
    """
    shifted = noise_p_values(count, correlation, n, shift=2.0)
    return {
        "correlation": correlation,
        "history": n,
        "false_alarms": calibration(noise_p_values(count, correlation, n)),
        "seen_2sd": calibration(shifted)[0.05],
    }


@cache
def noise_p_values(count: int, correlation: float, n: int, shift: float = 0.0) -> tuple[float, ...]:
    """P-values of windows of 15 samples in which nothing happened, or a lasting shift.

    Args:
        count: Number of series.
        correlation: Of neighbouring samples.
        n: Samples of history.
        shift: Of the window, in standard deviations.
    """
    found = []
    for seed in range(count):
        values = noise_series(n + WINDOW, correlation, seed)
        p_value = judge_window(values[:n], values[n:] + shift).p_value
        found.append(1.0 if p_value is None else p_value)
    return tuple(found)


def noise_series(size: int, correlation: float, seed: int) -> pd.Series:
    """An AR(1) process of unit variance around 10, every 2 s."""
    steps = np.random.default_rng(seed).normal(size=size) * np.sqrt(1 - correlation**2)
    values = np.empty(size)
    values[0] = steps[0] / np.sqrt(1 - correlation**2)
    for i in range(1, size):
        values[i] = correlation * values[i - 1] + steps[i]
    return pd.Series(10 + values, index=pd.date_range("2026-03-01", periods=size, freq="2s", tz="UTC"))
