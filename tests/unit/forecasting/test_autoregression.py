import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from faultcast.forecasting.window import autoregression
from faultcast.forecasting.window.autoregression import Coefficients, cross_fit, fit, training_starts
from faultcast.forecasting.window.lags import Regressors


def process(size: int, correlation: float = 0.8, seed: int = 0) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(size=size)
    values = np.zeros(size)
    for i in range(1, size):
        values[i] = correlation * values[i - 1] + steps[i]
    return values


@pytest.mark.parametrize(("rows", "regressors"), [(200, 6), (8, 12)])
def test_the_fit_is_that_of_a_ridge_regression(rows: int, regressors: int) -> None:
    rng = np.random.default_rng(0)
    x, y = 3 + rng.normal(size=(rows, regressors)), rng.normal(size=(rows, 4))
    ridge = Ridge(alpha=0.1 * rows + 0.5).fit(x, y)
    np.testing.assert_allclose(fit(x, y)(x[:5]), ridge.predict(x[:5]), atol=1e-9)


def test_the_level_is_not_penalised() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 5)), rng.normal(size=(40, 3))
    np.testing.assert_allclose(fit(x, y + 1e3)(x), fit(x, y)(x) + 1e3)
    np.testing.assert_allclose(fit(x + 7, y)(x + 7), fit(x, y)(x))


def test_regressors_that_never_vary_say_nothing() -> None:
    targets = np.arange(6, dtype=float)[:, None]
    np.testing.assert_allclose(fit(np.ones((6, 3)), targets)(np.full((1, 3), 9.0)), [[2.5]])


def test_an_autoregressive_process_is_forecast_better_than_by_its_mean() -> None:
    values = process(600, 0.9)
    one = Regressors(values / values.std(), window=3, gap=0, lags=10)
    model = fit(one.at(np.arange(10, 400)), one.values[np.arange(10, 400)[:, None] + np.arange(3)])
    later = np.arange(410, 590)
    actual = one.values[later[:, None] + np.arange(3)]
    assert np.abs(actual - model(one.at(later))).mean() < 0.8 * np.abs(actual).mean()


@settings(max_examples=40, deadline=None)
@given(
    size=st.integers(60, 400),
    window=st.integers(1, 12),
    gap=st.integers(0, 5),
    span=st.integers(0, 12),
    apart=st.integers(1, 9),
)
def test_no_model_has_seen_a_sample_of_its_windows_as_a_target(
    size: int, window: int, gap: int, span: int, apart: int
) -> None:
    """The values are their own indices: the targets of a fit tell what it has seen."""
    span = max(span, window)
    one = Regressors(np.arange(size, dtype=float), window=window, gap=gap, lags=8)
    starts = training_starts(one, np.ones(size, dtype=bool), size)
    origins = np.arange(size - span, one.first - 1, -apart)
    seen: list[set[float]] = []

    def spy(rows: np.ndarray, targets: np.ndarray) -> Coefficients:
        seen.append(set(targets.ravel()))
        return fit(rows, targets)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(autoregression, "fit", spy)
        found = cross_fit(one, starts, origins, span)
    if found is None:
        return
    assert len(seen) == len(found)
    for (members, _), targets in zip(found, seen, strict=True):
        own = set((origins[members][:, None] + np.arange(span)).ravel().astype(float))
        assert not own & targets
    every = np.sort(np.concatenate([members for members, _ in found]))
    np.testing.assert_array_equal(every, np.arange(origins.size))


def test_a_long_history_is_cut_into_six_stretches() -> None:
    one = Regressors(process(400), window=5, gap=0, lags=8)
    origins = np.arange(395, 7, -1)
    found = cross_fit(one, training_starts(one, np.ones(400, dtype=bool), 400), origins, 5)
    assert found is not None
    assert len(found) == 6


def test_with_too_little_to_learn_from_there_is_no_model() -> None:
    one = Regressors(process(20), window=5, gap=0, lags=2)
    starts = training_starts(one, np.ones(20, dtype=bool), 20)
    assert cross_fit(one, starts, np.array([15, 10, 5]), 5) is not None
    assert cross_fit(one, starts[:4], np.array([15, 10, 5]), 5) is None


@settings(deadline=None)
@given(size=st.integers(1, 300), window=st.integers(1, 15), end=st.integers(0, 300), seed=st.integers(0, 99))
def test_models_learn_from_windows_of_which_four_fifths_were_measured(
    size: int, window: int, end: int, seed: int
) -> None:
    end = min(end, size)
    measured = np.random.default_rng(seed).random(size) < 0.85
    one = Regressors(np.zeros(size), window=window, gap=0, lags=3)
    starts = training_starts(one, measured, end)
    possible = [
        start
        for start in range(3, end - window + 1)
        if measured[start : start + window].sum() >= 0.8 * window
    ]
    assert starts.tolist() == possible


def test_models_learn_from_1500_windows_at_most_spread_evenly() -> None:
    one = Regressors(np.zeros(9000), window=10, gap=0, lags=24)
    starts = training_starts(one, np.ones(9000, dtype=bool), 9000)
    assert starts.size == 1500
    assert (starts[0], starts[-1]) == (24, 8990)
    assert set(np.diff(starts)) <= {5, 6}
