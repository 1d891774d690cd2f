import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultcast.forecasting.window.covariates import Adjusted, adjust
from faultcast.forecasting.window.question import Question

HISTORY, WINDOW = 150, 10
SIZE = HISTORY + WINDOW


def load(seed: int = 0) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(size=SIZE))


def noise(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=SIZE)


def adjusted(values: np.ndarray, covariate: np.ndarray) -> Adjusted:
    found = adjust(Question(values[:HISTORY], values[HISTORY:]), covariate)
    assert found is not None
    return found


def test_what_follows_the_load_at_once_or_one_sample_later_is_taken_off() -> None:
    cause = load()
    values = 2 * cause + 1.5 * np.r_[cause[0], cause[:-1]] + 0.1 * noise()
    found = adjusted(values, cause).question
    assert found.history.std() < 0.1 * values[:HISTORY].std()
    assert np.abs(found.window - np.median(found.history)).max() < 1


def test_the_parts_add_up_to_what_was_measured() -> None:
    values = 2 * load() + noise()
    found = adjusted(values, load())
    np.testing.assert_allclose(found.question.window + found.explained, values[HISTORY:])


@settings(max_examples=30, deadline=None)
@given(change=st.floats(-1e6, 1e6))
def test_the_window_of_the_metric_has_no_influence(change: float) -> None:
    values = 2 * load() + noise()
    plain = adjusted(values, load())
    values[HISTORY:] += change
    moved = adjusted(values, load())
    np.testing.assert_array_equal(moved.explained, plain.explained)
    np.testing.assert_array_equal(moved.question.history, plain.question.history)


def test_two_series_that_wander_on_their_own_explain_little_of_each_other() -> None:
    """Their levels seem to depend on each other, which is why changes are compared."""
    taken = []
    for seed in range(40):
        values = load(seed)
        found = adjusted(values, load(seed + 1000)).question
        taken.append(np.diff(found.history).std() / np.diff(values[:HISTORY]).std())
    assert np.median(taken) == pytest.approx(1, abs=0.1)


def test_a_load_within_what_it_did_before_leaves_no_doubt_and_one_beyond_does() -> None:
    cause = load()
    cause[HISTORY:] = cause[HISTORY - 1]
    assert not adjusted(2 * cause + noise(), cause).doubt.any()
    beyond = cause.copy()
    beyond[HISTORY:] += 10 * np.ptp(cause)
    found = adjusted(2 * cause + noise(), beyond)
    assert (found.doubt > 0).all()
    assert (found.doubt < 0.1 * np.abs(found.explained)).all()


def test_the_slope_follows_the_unit_of_both() -> None:
    values, cause = 2 * load() + noise(), load()
    plain = adjusted(values, cause)
    moved = adjusted(1e3 * values + 7, 1e-3 * cause - 5)
    np.testing.assert_allclose(moved.explained, 1e3 * plain.explained, rtol=1e-6, atol=1e-6)


def test_an_incident_in_the_history_does_not_set_the_slope() -> None:
    cause = load()
    plain = adjusted(2 * cause + noise(), cause).explained
    values = 2 * cause + noise()
    values[70:75] += 1e4
    assert np.abs(adjusted(values, cause).explained - plain).max() < 1e-3 * 1e4


def test_holes_of_either_are_bridged_or_left_out() -> None:
    values, cause = 2 * load() + noise(), load()
    values[[3, 50, 51, 120]] = np.nan
    cause[:5] = np.nan
    cause[[60, 100, 155]] = np.nan
    found = adjusted(values, cause)
    assert np.isfinite(found.explained).all()
    np.testing.assert_array_equal(np.isnan(found.question.history), np.isnan(values[:HISTORY]))


@pytest.mark.parametrize(
    "covariate",
    [
        np.full(SIZE, np.nan),
        np.full(SIZE, 3.0),
        np.where(np.arange(SIZE) < 90, np.nan, np.arange(SIZE)),
        np.where(np.arange(SIZE) >= SIZE - 3, np.nan, load()),
        np.r_[np.full(HISTORY, np.nan), np.arange(float(WINDOW))],
    ],
    ids=["unknown", "constant", "known too late", "unknown in the window", "unknown in the history"],
)
def test_a_covariate_that_says_too_little_is_none(covariate: np.ndarray) -> None:
    values = noise()
    assert adjust(Question(values[:HISTORY], values[HISTORY:]), covariate) is None


def test_a_history_that_is_too_short_for_slopes_explains_nothing() -> None:
    values = noise()[:30]
    assert adjust(Question(values[:20], values[20:]), load()[:30]) is None
