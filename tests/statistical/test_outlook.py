"""How good outlooks are over many metrics whose future is known: accuracy, coverage, dates of limits."""

from functools import cache

import numpy as np
import pytest

from bench.histories import KINDS
from faultcast.forecasting.outlook.crossing import crossing_of
from faultcast.forecasting.outlook.subject import Limit
from tests.unit.forecasting.outlook.making import made

SEEDS = range(200, 206)
KNOWABLE = sorted(set(KINDS) - {"walk"})
"""A walk's direction cannot be known; its coverage is looked at by itself."""


@cache
def inside(kind: str) -> np.ndarray:
    """Share of the twelve weeks inside the band, for each seed."""
    shares = []
    for seed in SEEDS:
        metric, outlook = made(kind, seed)
        future = metric.future.to_numpy()
        shares.append(np.mean((future >= outlook.forecast.lower) & (future <= outlook.forecast.upper)))
    return np.array(shares)


def test_a_band_of_ninety_percent_holds_about_ninety_percent() -> None:
    shares = np.concatenate([inside(kind) for kind in KINDS])
    assert shares.size >= 50
    assert 0.85 <= shares.mean() <= 0.95


@pytest.mark.parametrize("kind", KNOWABLE)
def test_no_kind_is_left_out(kind: str) -> None:
    assert inside(kind).mean() > 0.75


def test_the_stated_coverage_is_about_the_nominal_one() -> None:
    stated = [made(kind, seed)[1].scores[0].coverage or 0.0 for kind in KINDS for seed in SEEDS]
    assert 0.85 <= np.mean(stated) <= 0.97


@pytest.mark.parametrize("kind", ["daily", "weekly", "growing_days", "bursty", "spikes", "huge", "tiny"])
def test_theta_or_the_seasonal_naive_beats_the_mean(kind: str) -> None:
    for seed in SEEDS:
        scores = {
            score.model.partition("(")[0]: score.mase
            for score in made(kind, seed)[1].scores
            if score.mase is not None
        }
        assert min(scores["Theta"], scores["NaiveSeasonal"]) < scores["NaiveMean"]


@pytest.mark.parametrize("kind", ["trend", "growing_days", "huge"])
def test_a_limit_is_reached_within_the_dates_that_were_given(kind: str) -> None:
    hits, tried = 0, 0
    for seed in range(200, 220):
        metric, outlook = made(kind, seed)
        future = metric.future.to_numpy()
        before, after = float(metric.history.iloc[-168:].median()), float(np.median(future[-168:]))
        if after < 1.1 * before:
            continue  # one that does not grow runs out of nothing
        level = (before + after) / 2
        tried += 1
        really = metric.future.index[int(np.argmax(future >= level))]
        found = crossing_of(Limit(level, "above", "full"), 0.0, outlook.forecast)
        early_enough = found.earliest is not None and found.earliest <= really
        hits += early_enough and (found.latest is None or really <= found.latest)
    assert tried >= 8
    assert hits >= 0.8 * tried
