from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultcast.forecasting.window.nonconformity import Direction
from faultcast.infra.errors import ConfigurationError
from faultcast.steady_state.judge import judge_window
from faultcast.steady_state.verdict import SeriesVerdict, Status

STEP = 2


def series(values: np.ndarray) -> pd.Series:
    index = pd.date_range("2026-03-01", periods=len(values), freq=f"{STEP}s", tz="UTC")
    made = pd.Series(np.asarray(values, dtype=float), index=index, name="p95 latency")
    made.attrs["unit"] = "s"
    return made


def noise(n: int, seed: int = 0) -> np.ndarray:
    return 10 + np.random.default_rng(seed).normal(size=n)


def split(values: np.ndarray, window: int) -> tuple[pd.Series, pd.Series]:
    whole = series(values)
    return whole[:-window], whole[-window:]


def forecast_of(history: pd.Series, window: pd.Series) -> pd.DataFrame:
    """What was expected of a window that can be judged."""
    table = judge_window(history, window).forecast
    assert table is not None
    return table


def test_a_quiet_window_holds_and_says_what_would_have_been_seen() -> None:
    verdict = judge_window(*split(noise(90), 10))
    assert verdict.status is Status.HELD
    assert verdict.p_value is not None
    assert verdict.p_value > 0.05
    assert verdict.effective_windows is not None
    assert verdict.effective_windows > 3
    assert "p95 latency" in verdict.reasons[0]
    assert "would have been seen" in verdict.reasons[-1]
    assert verdict.coverage is not None
    assert 0.85 <= verdict.coverage <= 1


def test_a_shift_deviates_in_plain_words() -> None:
    values = noise(90)
    values[-10:] += 8
    verdict = judge_window(*split(values, 10))
    assert verdict.status is Status.DEVIATED
    assert verdict.effect == pytest.approx(8, abs=1)
    assert "against" in verdict.reasons[0]
    assert "10 of 10 samples above" in verdict.reasons[0]


def test_the_smallest_visible_shift_is_seen_and_half_of_it_is_not() -> None:
    history, window = split(noise(260, seed=3), 10)
    visible = judge_window(history, window).smallest_visible
    assert visible is not None
    expected = forecast_of(history, window)["mean"]
    assert judge_window(history, expected + 1.05 * visible).status is Status.DEVIATED
    assert judge_window(history, expected + 0.5 * visible).status is Status.HELD


@pytest.mark.parametrize("spread", [0.05, 1.0])
def test_the_smallest_visible_shift_holds_where_the_forecast_is_good(spread: float) -> None:
    """Errors are divided by what is usual at their distance: the shift must not be stated in those units."""
    values = 10 + 5 * np.sin(2 * np.pi * np.arange(255) / 30) + spread * noise(255)
    history, window = split(values, 15)
    expected, visible = forecast_of(history, window)["mean"], judge_window(history, window).smallest_visible
    assert visible is not None
    assert judge_window(history, expected + 1.05 * visible).status is Status.DEVIATED
    assert judge_window(history, expected + 0.7 * visible).status is Status.HELD


def test_the_forecast_has_the_index_of_the_window() -> None:
    history, window = split(noise(90), 10)
    table = judge_window(history, window).forecast
    assert table is not None
    assert list(table.columns) == ["mean", "lower", "upper"]
    pd.testing.assert_index_equal(table.index, window.index, check_names=False)
    assert (table["lower"] < table["mean"]).all()
    assert (table["mean"] < table["upper"]).all()


def test_what_was_never_negative_is_not_expected_to_be() -> None:
    values = np.abs(noise(90) - 10)
    table = judge_window(*split(values, 10)).forecast
    assert table is not None
    assert (table["lower"] >= 0).all()
    assert forecast_of(*split(values - 5, 10))["lower"].min() < -4


def steps(size: int, period: int, seed: int = 0) -> np.ndarray:
    """A season of steps that lags shorter than it do not foresee."""
    rng = np.random.default_rng(seed)
    return 10 + np.resize(5 * rng.normal(size=period), size) + 0.2 * rng.normal(size=size)


def test_a_known_season_is_followed_in_seconds_or_as_a_timedelta() -> None:
    history, window = split(steps(150, 20), 10)
    verdict = judge_window(history, window, season=20 * STEP)
    assert verdict.status is Status.HELD
    assert verdict.model == "ridge autoregression (17 lags, season of 20)"
    assert judge_window(history, window, season=timedelta(seconds=20 * STEP)) == verdict
    turned = pd.Series(window.to_numpy()[::-1] + 0.0, index=window.index)
    assert judge_window(history, turned, season=20 * STEP).status is Status.DEVIATED


def test_a_season_that_the_lags_foresee_as_well_is_left_out() -> None:
    """A sine goes on from its latest samples: its season would cost past windows and say nothing new."""
    values = 10 + 5 * np.sin(2 * np.pi * np.arange(150) / 20) + 0.2 * noise(150)
    verdict = judge_window(*split(values, 10), season=20 * STEP)
    assert verdict.status is Status.HELD
    assert verdict.model == "ridge autoregression (17 lags)"
    values[-10:] = values[-20:-10]
    assert judge_window(*split(values, 10), season=20 * STEP).status is Status.DEVIATED


def test_a_season_that_nobody_gave_is_found() -> None:
    bumps = 8 * np.exp(-(((np.arange(405) % 40 - 20) / 4) ** 2))
    verdict = judge_window(*split(bumps + 0.3 * noise(405), 15))
    assert verdict.status is Status.HELD
    assert verdict.model == "ridge autoregression (24 lags, season of 40)"


def test_a_hole_in_the_history_keeps_the_season_in_phase() -> None:
    values = steps(260, 20)
    values[100:133] = np.nan
    values[217:250] = np.nan
    verdict = judge_window(*split(values, 10), season=20 * STEP)
    assert verdict.status is Status.HELD
    assert "season of 20" in verdict.model
    values[-10:] = np.roll(values[-10:], 3)
    assert judge_window(*split(values, 10), season=20 * STEP).status is Status.DEVIATED


def test_time_between_history_and_window_is_a_hole() -> None:
    values = steps(260, 20)
    whole = series(values)
    known, window = whole[:220], whole[250:]
    verdict = judge_window(known, window, season=20 * STEP)
    assert verdict.status is Status.HELD
    assert verdict == judge_window(whole[:250].mask(np.arange(250) >= 220), window, season=20 * STEP)
    shifted = judge_window(known, window + 5, season=20 * STEP)
    assert shifted.status is Status.DEVIATED


class TestLittle:
    @pytest.mark.parametrize("samples", [0, 1, 5, 20])
    def test_little_history_is_unknown_and_says_how_much_more(self, samples: int) -> None:
        whole = series(noise(samples + 5))
        verdict = judge_window(whole[:samples], whole[samples:])
        assert verdict.status is Status.UNKNOWN
        assert "too little history" in verdict.reasons[0]
        assert "more of clean history" in verdict.reasons[0]

    def test_what_the_reason_asks_for_is_enough(self) -> None:
        whole = series(noise(25))
        reason = judge_window(whole[:-5], whole[-5:]).reasons[0]
        more = int(reason.split("; ")[1].split(" s ")[0]) // STEP
        longer = series(noise(25 + more))
        assert judge_window(longer[:-5], longer[-5:]).status is Status.HELD

    def test_a_window_of_one_sample_can_be_judged(self) -> None:
        values = noise(80)
        assert judge_window(*split(values, 1)).status is Status.HELD
        values[-1] += 30
        assert judge_window(*split(values, 1)).status is Status.DEVIATED

    def test_an_empty_window_is_refused(self) -> None:
        history = series(noise(80))
        with pytest.raises(ConfigurationError, match="empty"):
            judge_window(history, history[:0])


class TestMissing:
    def test_most_of_the_window_missing_is_unknown(self) -> None:
        values = noise(90)
        values[-10:-4] = np.nan
        verdict = judge_window(*split(values, 10))
        assert verdict.status is Status.UNKNOWN
        assert "6 of 10 samples" in verdict.reasons[0]

    def test_a_third_missing_cannot_hold_but_can_deviate(self) -> None:
        values = noise(90)
        values[-10:-7] = np.nan
        assert judge_window(*split(values, 10)).status is Status.UNKNOWN
        values[-7:] += 9
        assert judge_window(*split(values, 10)).status is Status.DEVIATED

    def test_one_missing_sample_holds(self) -> None:
        values = noise(90)
        values[-3] = np.nan
        assert judge_window(*split(values, 10)).status is Status.HELD

    def test_infinite_counts_as_missing(self) -> None:
        values = noise(90)
        values[-10:] = np.inf
        assert judge_window(*split(values, 10)).status is Status.UNKNOWN

    def test_a_history_of_nothing_but_holes_is_unknown(self) -> None:
        values = np.full(90, np.nan)
        values[-10:] = 1
        assert judge_window(*split(values, 10)).status is Status.UNKNOWN

    @settings(max_examples=6, deadline=None)
    @given(missing=st.sets(st.integers(0, 49), max_size=45))
    def test_no_pattern_of_holes_breaks_the_judge(self, missing: set[int]) -> None:
        values = np.where(np.arange(50) % 7 == 0, 1.0, 0.0)
        values[list(missing)] = np.nan
        verdict = judge_window(*split(values, 4), season=7 * STEP)
        assert verdict.p_value is None or 0 < verdict.p_value <= 1
        if np.isnan(values[-4:]).sum() > 2:
            assert verdict.status is Status.UNKNOWN


class TestConstant:
    def test_a_constant_goes_on(self) -> None:
        verdict = judge_window(*split(np.zeros(60), 5))
        assert verdict.status is Status.HELD
        assert verdict.effect == 0

    def test_any_change_deviates_and_says_so(self) -> None:
        values = np.zeros(60)
        values[-1] = 0.001
        verdict = judge_window(*split(values, 5))
        assert verdict.status is Status.DEVIATED
        assert any("any change counts" in reason for reason in verdict.reasons)

    def test_a_change_below_the_smallest_effect_holds(self) -> None:
        values = np.zeros(60)
        values[-5:] = 0.004
        history, window = split(values, 5)
        held = judge_window(history, window, smallest_effect=0.01)
        assert held.status is Status.HELD
        assert any("less than" in reason for reason in held.reasons)
        assert judge_window(history, window, smallest_effect=0.003).status is Status.DEVIATED

    def test_rounding_is_no_change(self) -> None:
        values = np.full(60, 0.1 + 0.2)
        values[-5:] = 0.3
        assert judge_window(*split(values, 5)).status is Status.HELD


class TestDirection:
    @pytest.mark.parametrize(("direction", "shift"), [("up", -8), ("down", 8)])
    def test_the_harmless_direction_is_noted_and_held(self, direction: str, shift: float) -> None:
        values = noise(90)
        values[-10:] += shift
        verdict = judge_window(*split(values, 10), direction=direction)  # type: ignore[arg-type]
        assert verdict.status is Status.HELD
        assert any("does no harm" in reason for reason in verdict.reasons)

    @pytest.mark.parametrize(("direction", "shift"), [("up", 8), ("down", -8), ("either", 8), ("either", -8)])
    def test_the_harmful_direction_deviates(self, direction: str, shift: float) -> None:
        values = noise(90)
        values[-10:] += shift
        verdict = judge_window(*split(values, 10), direction=direction)  # type: ignore[arg-type]
        assert verdict.status is Status.DEVIATED


class TestSmallestEffect:
    def test_a_small_but_sure_deviation_holds(self) -> None:
        values = noise(150)
        values[-10:] += 4
        history, window = split(values, 10)
        assert judge_window(history, window, smallest_effect=3).status is Status.DEVIATED
        assert judge_window(history, window, smallest_effect=6).status is Status.HELD

    def test_a_burst_counts_by_its_worst_quarter(self) -> None:
        values = noise(132)
        values[-3:] += 20
        history, window = split(values, 12)
        assert judge_window(history, window, smallest_effect=12).status is Status.DEVIATED

    def test_ordinary_noise_in_the_worst_quarter_is_no_effect(self) -> None:
        values = noise(90)
        values[-10:] += 2
        verdict = judge_window(*split(values, 10), smallest_effect=3.5, alpha=0.2)
        assert verdict.status is Status.HELD


class TestInvariance:
    @settings(max_examples=15, deadline=None)
    @given(
        shift=st.floats(-1e3, 1e3),
        scale=st.floats(0.01, 100),
        seed=st.integers(0, 20),
        direction=st.sampled_from(["up", "down", "either"]),
    )
    def test_unit_and_level_do_not_matter(
        self, shift: float, scale: float, seed: int, direction: Direction
    ) -> None:
        values = noise(45, seed)
        values[-5:] += seed % 4
        plain = judge_window(*split(values, 5), direction=direction, smallest_effect=1.5)
        moved = judge_window(
            *split(scale * values + shift, 5), direction=direction, smallest_effect=1.5 * scale
        )
        assert moved.status is plain.status
        assert moved.p_value == pytest.approx(plain.p_value, rel=1e-3)

    @settings(max_examples=15, deadline=None)
    @given(seed=st.integers(0, 50), shift=st.floats(-5, 5))
    def test_down_is_up_in_a_mirror(self, seed: int, shift: float) -> None:
        values = noise(45, seed)
        values[-5:] += shift
        for direction, mirrored in (("up", "down"), ("down", "up"), ("either", "either")):
            plain = judge_window(*split(values, 5), direction=direction)  # type: ignore[arg-type]
            turned = judge_window(*split(-values, 5), direction=mirrored)  # type: ignore[arg-type]
            assert turned.status is plain.status
            assert turned.p_value == pytest.approx(plain.p_value, rel=1e-6)
            assert turned.effect == pytest.approx(-(plain.effect or 0.0))

    @settings(max_examples=15, deadline=None)
    @given(sizes=st.tuples(st.floats(0, 30), st.floats(0, 30)), seed=st.integers(0, 20))
    def test_p_falls_as_a_harmful_shift_grows(self, sizes: tuple[float, float], seed: int) -> None:
        small, large = (self.p_of_shift(size, seed, "up") for size in sorted(sizes))
        assert 0 < large <= small * (1 + 1e-9)

    @settings(max_examples=15, deadline=None)
    @given(sizes=st.tuples(st.floats(-30, 30), st.floats(1, 30)), seed=st.integers(0, 20))
    def test_once_a_shift_deviates_a_larger_one_does(self, sizes: tuple[float, float], seed: int) -> None:
        """Where either direction counts, a small shift may bring a window nearer to its forecast."""
        size, more = sizes
        p_value = self.p_of_shift(size, seed, "either")
        if p_value <= 0.05:
            assert self.p_of_shift(size + np.sign(size) * more, seed, "either") <= p_value * (1 + 1e-9)

    @staticmethod
    def p_of_shift(size: float, seed: int, direction: Direction) -> float:
        values = noise(45, seed)
        values[-5:] += size
        p_value = judge_window(*split(values, 5), direction=direction).p_value
        assert p_value is not None
        return p_value

    def test_what_comes_later_changes_nothing(self) -> None:
        values = noise(90)
        history, window = split(values, 10)
        other = window + np.linspace(0, 1e6, 10)
        pd.testing.assert_frame_equal(
            judge_window(history, window).forecast, judge_window(history, other).forecast
        )

    def test_the_time_zone_and_the_type_do_not_matter(self) -> None:
        history, window = split(np.round(noise(80)), 5)
        plain = judge_window(history, window)
        there = judge_window(history.tz_convert("Asia/Kolkata"), window.tz_convert("America/Lima"))
        assert there == plain
        whole = judge_window(history.astype(int), window.astype("float32"))
        assert whole == plain

    def test_judging_twice_gives_the_same_to_the_bit(self) -> None:
        history, window = split(noise(90), 10)
        assert judge_window(history, window) == judge_window(history.copy(), window.copy())


def _naive(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(history.tz_localize(None), window)


def _unsorted(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(history[::-1], window)


def _twice(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(pd.concat([history[:5], history[4:]]), window)


def _irregular(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(history.drop(history.index[7]), window)


def _before(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(history, history[:5])


def _other_step(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(history, window[::2])


def _off_grid(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(history, window.shift(freq="1s"))


def _no_times(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(history.reset_index(drop=True), window)


def _words(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(history.astype(object).mask(history > 10, "high"), window)


def _no_alpha(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(history, window, alpha=0)


def _no_effect(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(history, window, smallest_effect=0)


def _no_direction(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(history, window, direction="sideways")  # type: ignore[arg-type]


def _no_season(history: pd.Series, window: pd.Series) -> SeriesVerdict:
    return judge_window(history, window, season=1)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (_naive, "no time zone"),
        (_unsorted, "order"),
        (_twice, "twice"),
        (_irregular, "differ"),
        (_before, "not after"),
        (_other_step, "step of 2 s"),
        (_off_grid, "grid"),
        (_no_times, "no time index"),
        (_words, "not a number"),
        (_no_alpha, "alpha"),
        (_no_effect, "smallest_effect"),
        (_no_direction, "direction"),
        (_no_season, "season"),
    ],
)
def test_bad_input_is_refused_with_a_remedy(
    call: Callable[[pd.Series, pd.Series], SeriesVerdict], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        call(*split(noise(40), 6))
    assert caught.value.remedy
