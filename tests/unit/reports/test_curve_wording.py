from dataclasses import replace

import pytest

from faultcast.reports.words.curve import curve_words, pods_words
from faultcast.steady_state.resilience import FirstAlert, PodReturn, Resilience, Response
from faultcast.steady_state.verdict import Recovery

ALERT = Response(watched=True, alert=FirstAlert("ShopErrorsHigh", 31.0, 27.0))
ERRORS = Resilience(
    detected=4.0,
    looked=90.0,
    depth=0.84,
    depth_percent=42_000.0,
    worst=12.0,
    area=12.3,
    area_percent=41_000.0,
    until=42.0,
    samples=21,
    missing=0,
    recovery=Recovery(12.0, censored=False, allowed=None),
)
RATE = replace(ERRORS, depth=-11.2, depth_percent=52.2, area=152.4, area_percent=41.0)
QUIET = replace(ERRORS, detected=None, depth=0.01, area=0.0, area_percent=0.0)


def test_a_ratio_is_told_in_points() -> None:
    assert curve_words(ERRORS, "ratio", ALERT) == (
        "seen after 4 s, first alert after 31 s (ShopErrorsHigh); at worst 84 points above "
        "forecast; the same as 12.3 s at 100 %; back after 12 s"
    )


def test_a_rate_is_told_in_percent_and_its_loss_without_the_second() -> None:
    assert curve_words(RATE, "req/s", Response(watched=True)) == (
        "seen after 4 s, no alert; at worst 11.2 req/s below forecast (52.2 % of it); "
        "152 req lost, 41 % of normal; back after 12 s"
    )


@pytest.mark.parametrize(
    ("percent", "depth", "loss"),
    [
        (None, "", ""),
        (999.0, " (999 % of it)", "999 % of normal too much; "),
        (6200.0, " (62 times it)", "62 times normal too much; "),
        (2e4, "", ""),
    ],
)
def test_a_share_of_next_to_nothing_is_not_told(percent: float | None, depth: str, loss: str) -> None:
    found = curve_words(replace(ERRORS, depth_percent=percent, area_percent=percent), "s")
    assert f"at worst 840 ms above forecast{depth}; {loss}back after" in found


def test_an_undisturbed_metric_has_neither_depth_nor_loss() -> None:
    assert curve_words(QUIET, "ratio", ALERT) == (
        "not seen to deviate within 90 s, first alert after 31 s (ShopErrorsHigh)"
    )
    assert curve_words(replace(QUIET, looked=None), "") == "too little history to see anything"


def test_what_nobody_knows_is_said() -> None:
    found = curve_words(replace(RATE, recovery=None, missing=3), "", Response(watched=False))
    assert found.startswith("seen after 4 s, nobody looked for alerts; ")
    assert found.endswith("41 % of normal lost; 3 of 21 samples missing")


def test_a_metric_that_was_not_back_says_how_long_it_was_watched() -> None:
    late = replace(RATE, recovery=Recovery(60.0, censored=True, allowed=30.0))
    assert curve_words(late, "req/s").endswith("not back within 60 s (30 s allowed)")


def test_pods_that_came_back() -> None:
    pods = (
        PodReturn("pod shop/gateway-a", 1.0, 6.0),
        PodReturn("pod shop/gateway-b", None, 8.0),
        PodReturn("pod shop/gateway-c", 2.0, None),
    )
    assert pods_words(pods) == (
        "pod shop/gateway-a: scheduled after 1 s, ready after 6 s",
        "pod shop/gateway-b: ready again after 8 s",
        "pod shop/gateway-c: scheduled after 2 s, not ready when the watch ended",
    )
