from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultcast.forecasting.window.conformal import effective_windows
from faultcast.forecasting.window.question import Question, sufficiency
from faultcast.forecasting.window.windows import WindowForecast, forecast_window

SEEDS = st.integers(0, 500)


def noise(size: int, seed: int = 0) -> np.ndarray:
    return 10 + np.random.default_rng(seed).normal(size=size)


def wave(size: int, period: int = 20, spread: float = 0.3, seed: int = 0) -> np.ndarray:
    return 5 * np.sin(2 * np.pi * np.arange(size) / period) + spread * noise(size, seed)


def pattern(size: int, period: int, seed: int = 0) -> np.ndarray:
    """A season that lags shorter than it cannot foresee."""
    rng = np.random.default_rng(seed)
    return np.resize(5 * rng.normal(size=period), size) + 0.3 * rng.normal(size=size)


def forecast(
    values: np.ndarray,
    window: int,
    season: int | None = None,
    covariates: Mapping[str, np.ndarray] | None = None,
) -> WindowForecast:
    found = forecast_window(Question(values[:-window], values[-window:], season, covariates or {}))
    assert found is not None
    return found


def assert_same_but_for_the_window(one: WindowForecast, other: WindowForecast) -> None:
    assert one.name == other.name
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one.past, other.past)
    for name in ("model", "level", "steps"):
        np.testing.assert_array_equal(getattr(one.errors, name)[:-1], getattr(other.errors, name)[:-1])


@settings(max_examples=25, deadline=None)
@given(
    size=st.integers(30, 120),
    window=st.integers(1, 12),
    gap=st.integers(0, 8),
    season=st.none() | st.integers(2, 20),
    seed=SEEDS,
)
def test_nothing_in_the_window_changes_a_forecast_or_a_past_error(
    size: int, window: int, gap: int, season: int | None, seed: int
) -> None:
    values = wave(size, seed=seed)
    values[-window - gap : -window] = np.nan
    other = values.copy()
    other[-window:] = 1e6 * np.random.default_rng(seed).normal(size=window)
    one, two = (forecast_window(Question(each[:-window], each[-window:], season)) for each in (values, other))
    assert (one is None) is (two is None)
    if one and two:
        assert_same_but_for_the_window(one, two)


@settings(max_examples=25, deadline=None)
@given(factor=st.floats(1e-3, 1e3), offset=st.floats(-1e3, 1e3), seed=SEEDS, mirrored=st.booleans())
def test_forecasts_and_errors_follow_unit_and_level(
    factor: float, offset: float, seed: int, mirrored: bool
) -> None:
    factor = -factor if mirrored else factor
    values = wave(110, seed=seed)
    plain, moved = forecast(values, 10, 20), forecast(factor * values + offset, 10, 20)
    sign = np.sign(factor)
    size = abs(factor) * plain.scale.spread
    np.testing.assert_allclose(moved.mean, factor * plain.mean + offset, atol=1e-6 * size)
    np.testing.assert_allclose(moved.past, factor * plain.past, atol=1e-6 * size)
    np.testing.assert_allclose(moved.errors.model, sign * plain.errors.model, atol=1e-6)
    np.testing.assert_allclose(moved.errors.level, sign * plain.errors.level, atol=1e-6)
    np.testing.assert_allclose(moved.errors.steps, sign * plain.errors.steps, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0, 0.5), seed=SEEDS, season=st.none() | st.integers(2, 20))
def test_there_is_an_error_exactly_where_there_is_a_measurement(
    share: float, seed: int, season: int | None
) -> None:
    values = wave(120, seed=seed)
    values[1:][np.random.default_rng(seed).random(119) < share] = np.nan
    values[-1] = 1.0
    found = forecast_window(Question(values[:-10], values[-10:], season))
    if found is None:
        return
    index = np.append(found.origins, 110)[:, None] + np.arange(10)
    missing = np.isnan(values[index])
    np.testing.assert_array_equal(np.isnan(found.errors.model), missing)
    np.testing.assert_array_equal(np.isnan(found.errors.level), missing)
    np.testing.assert_array_equal(np.isnan(found.past), missing[:-1])
    assert (np.isnan(found.errors.steps) >= missing).all()
    assert np.isfinite(found.mean).all()


@settings(max_examples=40, deadline=None)
@given(
    size=st.integers(24, 150),
    window=st.integers(2, 12),
    gap=st.integers(0, 12),
    share=st.floats(0, 0.4),
    seed=SEEDS,
)
def test_there_are_as_many_past_windows_as_were_promised(
    size: int, window: int, gap: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(size) < share, np.nan, noise(size, seed))
    values[0] = 1.0
    history = np.concatenate([values, np.full(gap, np.nan)])
    ahead = np.where(rng.random(window) < share, np.nan, 1.0)
    ahead[0] = 1.0
    seen = ~np.isnan(ahead)
    promised = sufficiency(history, window, seen).effective
    found = forecast_window(Question(history, ahead))
    if promised:
        assert found is not None
        assert effective_windows(~np.isnan(found.past) & seen, found.origins) == promised


def test_a_season_that_lags_do_not_reach_is_used_and_named() -> None:
    values = pattern(200, 40)
    plain, seasonal = forecast(values, 10), forecast(values, 10, 40)
    assert seasonal.name == "ridge autoregression (23 lags, season of 40)"
    assert plain.name == "ridge autoregression (23 lags)"
    assert np.abs(seasonal.past).mean() < 0.5 * np.abs(plain.past).mean()


def test_a_season_that_does_not_help_is_not_used() -> None:
    assert forecast(noise(200), 10, 40).name == "ridge autoregression (23 lags)"


def test_a_season_is_not_used_when_it_leaves_less_than_half_of_the_past_windows() -> None:
    values = pattern(200, 110, seed=1)
    assert "season" not in forecast(values, 10, 110).name
    longer = pattern(300, 110, seed=1)
    assert "season of 110" in forecast(longer, 10, 110).name


def test_past_windows_are_chosen_by_what_was_measured_in_the_one_in_question() -> None:
    values = noise(204)
    values[1::2] = np.nan
    assert (forecast(values, 4).origins % 2 == 0).all()


def test_a_hole_keeps_the_season_in_phase() -> None:
    values = pattern(260, 30)
    whole = values[-10:].copy()
    values[100:133] = np.nan
    values[-27:-10] = np.nan
    found = forecast(values, 10, 30)
    assert "season of 30" in found.name
    assert np.abs(found.mean - whole).mean() < 1
    assert np.abs(found.mean - np.roll(whole, 3)).mean() > 2


def test_past_windows_are_forecast_across_the_same_gap_as_the_one_in_question() -> None:
    """A random walk: the further from what was known, the larger the errors."""
    steps = np.random.default_rng(5).normal(size=300)
    values = np.cumsum(steps)
    near = forecast(values, 5)
    values[-35:-5] = np.nan
    far = forecast(values, 5)
    assert np.nanmean(np.abs(far.past)) > 2 * np.nanmean(np.abs(near.past))
    assert np.nanmean(np.abs(far.errors.level)) > 1.5 * np.nanmean(np.abs(near.errors.level))


def test_a_window_of_one_sample_has_past_ones_at_every_sample() -> None:
    found = forecast(noise(80), 1)
    assert found.mean.shape == (1,)
    np.testing.assert_array_equal(found.origins, np.arange(78, 8, -1))


@pytest.mark.parametrize("size", [1, 5, 11])
def test_without_two_past_windows_there_is_no_forecast(size: int) -> None:
    assert forecast_window(Question(noise(size), noise(10))) is None


def test_too_little_to_learn_from_leaves_the_recent_level() -> None:
    found = forecast(noise(32), 10)
    assert found.name == "recent level"
    np.testing.assert_array_equal(found.errors.model, found.errors.level)
    assert np.ptp(found.mean) == 0


def test_a_constant_goes_on() -> None:
    found = forecast(np.full(80, 7.25), 5)
    np.testing.assert_allclose(found.mean, 7.25, atol=1e-12)
    np.testing.assert_allclose(found.past, 0, atol=1e-12)


def test_an_incident_in_the_history_does_not_set_the_scale_and_moves_the_forecast_little() -> None:
    values = noise(300)
    plain = forecast(values, 10)
    values[100:110] += 1e4
    hurt = forecast(values, 10)
    assert hurt.scale.spread == pytest.approx(plain.scale.spread, rel=0.2)
    assert np.abs(hurt.mean - plain.mean).max() < 1e-3 * 1e4


def test_the_band_lies_around_the_forecast_and_covers_past_windows() -> None:
    found = forecast(noise(300), 10)
    band = found.band(0.1)
    assert band is not None
    lower, upper = band
    assert (lower < found.mean).all()
    assert (found.mean < upper).all()
    wide = found.band(0.01)
    assert wide is not None
    assert (wide[0] <= lower).all()
    assert (upper <= wide[1]).all()
    inside = (found.past >= lower - found.mean) & (found.past <= upper - found.mean)
    assert 0.8 < inside.mean() < 0.97


class TestCovariates:
    def load(self, size: int = 200) -> np.ndarray:
        """What no history of the metric foretells: a load that wanders."""
        return np.cumsum(np.random.default_rng(9).normal(size=size))

    def test_one_that_helps_is_used_and_named(self) -> None:
        load = self.load()
        values = 3 * load + noise(200)
        plain, given = forecast(values, 10), forecast(values, 10, covariates={"load": load})
        assert given.covariates == ("load",)
        assert given.name.endswith("given load")
        assert np.abs(given.past).mean() < 0.5 * np.abs(plain.past).mean()
        assert np.abs(given.mean - values[-10:]).mean() < 3

    def test_the_window_then_follows_it(self) -> None:
        load = self.load()
        values = 3 * load + noise(200)
        moved = load.copy()
        moved[-10:] += 5
        one = forecast(values, 10, covariates={"load": load})
        two = forecast(values, 10, covariates={"load": moved})
        np.testing.assert_array_equal(one.past, two.past)
        np.testing.assert_allclose((two.mean - one.mean)[1:], 15, rtol=0.2)

    def test_one_that_does_not_help_is_not_used(self) -> None:
        values = 3 * self.load() + noise(200)
        other = np.cumsum(np.random.default_rng(10).normal(size=200))
        plain, given = forecast(values, 10), forecast(values, 10, covariates={"other": other})
        assert given.covariates == ()
        assert_same_but_for_the_window(plain, given)

    def test_of_two_the_one_that_helps_is_used(self) -> None:
        load = self.load()
        other = np.cumsum(np.random.default_rng(10).normal(size=200))
        found = forecast(3 * load + noise(200), 10, covariates={"other": other, "load": load})
        assert found.covariates == ("load",)

    def test_two_that_each_say_something_of_their_own_are_both_used(self) -> None:
        load = self.load()
        other = np.cumsum(np.random.default_rng(10).normal(size=200))
        found = forecast(3 * load + 3 * other + noise(200), 10, covariates={"other": other, "load": load})
        assert found.covariates == ("other", "load")

    def test_one_with_holes_still_helps(self) -> None:
        load = self.load()
        values = 3 * load + noise(200)
        load[[20, 21, 22, 90, 150, 195]] = np.nan
        load[:4] = np.nan
        found = forecast(values, 10, covariates={"load": load})
        assert found.covariates == ("load",)
        assert np.isfinite(found.mean).all()

    @pytest.mark.parametrize("missing", [slice(0, 100), slice(192, 200)])
    def test_one_of_which_too_little_is_known_is_not_used(self, missing: slice) -> None:
        load = self.load()
        values = 3 * load + noise(200)
        load[missing] = np.nan
        assert forecast(values, 10, covariates={"load": load}).covariates == ()

    @pytest.mark.parametrize("level", [0.0, 5.0, np.nan])
    def test_one_that_never_moves_is_not_used(self, level: float) -> None:
        assert forecast(noise(200), 10, covariates={"flat": np.full(200, level)}).covariates == ()

    def test_what_happens_to_the_metric_in_the_window_changes_nothing(self) -> None:
        load = self.load()
        values = 3 * load + noise(200)
        other = values.copy()
        other[-10:] += 1e5
        assert_same_but_for_the_window(
            forecast(values, 10, covariates={"load": load}), forecast(other, 10, covariates={"load": load})
        )
