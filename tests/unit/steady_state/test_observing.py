from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from faultcast.steady_state.window.framing import Framed, frame
from faultcast.steady_state.window.observation import given, missing_words, observed

EXPECTED = np.full(5, 0.089)


def framed(window: list[float], unit: str = "s") -> Framed:
    values = np.array([0.09] * 20 + window)
    series = pd.Series(values, index=pd.date_range("2026-03-01", periods=25, freq="2s", tz="UTC"))
    series.name, series.attrs["unit"] = "p95 latency", unit
    return frame(series[:20], series[20:])


def sentence(window: list[float], *, odd: bool = True, rounding: float = 1e-9, unit: str = "s") -> str:
    one = framed(window, unit)
    table = pd.DataFrame({"mean": EXPECTED, "lower": EXPECTED - 0.008, "upper": EXPECTED + 0.008})
    return observed(one, one.window - EXPECTED, table, rounding=rounding, odd=odd)


def test_a_window_is_told_in_one_sentence() -> None:
    assert sentence([0.2, 0.2, 0.25, 0.29, 0.09]) == (
        "p95 latency 206 ms against 81-97 ms expected; 4 of 5 samples above"
    )


def test_both_sides_are_told() -> None:
    assert sentence([0.2, 0.01, 0.01, 0.09, 0.09]).endswith("; 1 of 5 samples above, 2 of 5 samples below")


def test_what_was_not_measured_is_not_told() -> None:
    assert sentence([np.nan, 0.2, np.nan, 0.09, 0.2]) == (
        "p95 latency 163 ms against 81-97 ms expected; 2 of 5 samples above"
    )


def test_a_window_within_the_band_that_is_odd_all_the_same_is_off_on_average() -> None:
    assert sentence([0.096] * 5).endswith("; no sample far off, but 7 ms off on average")
    assert sentence([0.089] * 5, odd=False).endswith("; no sample outside")


@pytest.mark.parametrize(("rounding", "end"), [(1e-9, "5 of 5 samples above"), (1e-3, "no sample outside")])
def test_what_lies_outside_by_rounding_lies_inside(rounding: float, end: str) -> None:
    assert sentence([0.0975] * 5, odd=False, rounding=rounding).endswith(end)


def test_without_a_unit_there_are_numbers_alone() -> None:
    assert (
        sentence([0.2] * 5, unit="") == "p95 latency 0.2 against 0.081-0.097 expected; 5 of 5 samples above"
    )


def test_missing_samples_are_counted() -> None:
    assert missing_words(framed([np.nan, 0.1, np.inf, 0.1, 0.1])) == (
        "p95 latency: 2 of 5 samples of the window are missing"
    )


def test_why_samples_are_missing_is_told_where_it_is_known() -> None:
    one = replace(framed([np.nan, 0.1, np.nan, 0.1, np.nan]), holes={"not scraped": 2, "counter reset": 1})
    assert missing_words(one).endswith(
        "3 of 5 samples of the window are missing (2 not scraped, 1 counter reset)"
    )


def test_what_made_the_forecast_better_is_named() -> None:
    assert given(["load"]) == "given load, which made past forecasts better"
    assert given(["load", "p95.control"]) == (
        "given load and its untouched peers, which made past forecasts better"
    )
