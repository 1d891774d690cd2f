from dataclasses import replace

import pytest

from faultcast.reports.words.verdict import (
    effect_words,
    expected,
    headline,
    p_words,
    recovery_of,
    recovery_words,
    worst_metric,
)
from faultcast.steady_state.verdict import Recovery, Status, TrialVerdict
from faultcast.steady_state.wording import between, between_differences, difference, quantity
from tests.factories import make_history, make_part, make_verdict


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.48213, "s", "482 ms"),
        (-0.00248, "s", "-2.48 ms"),
        (1.0, "s", "1 s"),
        (0.0, "s", "0 s"),
        (0.3571, "ratio", "35.7 %"),
        (0.0, "ratio", "0 %"),
        (3.0, "count", "3"),
        (1234.0, "req/s", "1,234 req/s"),
        (0.0, "", "0"),
        (2.5e6, "bytes", "2.5 MB"),
        (512.0, "B", "512 B"),
    ],
)
def test_quantities_keep_three_digits_and_their_unit(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


def test_both_ends_of_a_range_are_in_one_unit() -> None:
    assert between(0.081, 0.097, "s") == "81-97 ms"
    assert between(0.5, 2.0, "s") == "0.5-2 s"
    assert between(0.0, 0.05, "ratio") == "0-5 %"
    assert between(0.0971, 0.09712, "s") == "97.1 ms"
    assert between(-0.2, 0.1, "req/s") == "-0.2 to 0.1 req/s"


def test_shares_differ_by_points() -> None:
    assert difference(0.357, "ratio") == "35.7 points"
    assert between_differences(-0.071, -0.059, "ratio") == "-7.1 to -5.9 points"
    assert difference(0.007, "s") == "7 ms"


@pytest.mark.parametrize(("p", "text"), [(None, "–"), (0.0004, "< 0.001"), (0.0123, "0.012"), (1.0, "1.000")])
def test_p_values_never_read_as_zero(p: float | None, text: str) -> None:
    assert p_words(p) == text


@pytest.mark.parametrize(
    ("effect", "text"),
    [(None, "–"), (0.0, "as forecast"), (0.31, "310 ms above forecast"), (-2.0, "2 s below forecast")],
)
def test_effects_say_the_direction(effect: float | None, text: str) -> None:
    assert effect_words(effect, "s") == text


@pytest.mark.parametrize(
    ("recovery", "text"),
    [
        (None, "–"),
        (Recovery(12.0, censored=False, allowed=60.0), "back after 12 s (60 s allowed)"),
        (Recovery(60.0, censored=True, allowed=None), "not back within 60 s"),
    ],
)
def test_a_censored_recovery_never_reads_as_a_time_it_took(recovery: Recovery | None, text: str) -> None:
    assert recovery_words(recovery) == text


def test_the_worst_metric_has_the_status_of_the_trial_and_counts() -> None:
    worst = worst_metric(make_verdict(Status.DEVIATED))
    assert worst is not None
    assert (worst.metric, worst.phase) == ("order_rate", "during")
    blind = worst_metric(make_verdict(Status.UNKNOWN))
    assert blind is not None
    assert blind.verdict.status is Status.UNKNOWN
    assert worst_metric(TrialVerdict(Status.UNKNOWN, (), (), 0.05, "1")) is None


def test_what_never_came_back_is_the_slowest_recovery() -> None:
    back = Recovery(90.0, censored=False, allowed=None)
    lost = Recovery(60.0, censored=True, allowed=None)
    parts = (make_part("order_rate", "after", recovery=back), make_part("order_p95", "after", recovery=lost))
    assert recovery_of(TrialVerdict(Status.HELD, (), parts, 0.05, "1")) == lost
    assert recovery_of(TrialVerdict(Status.HELD, (), (), 0.05, "1")) is None


def test_the_headline_names_status_reason_and_known_weakness() -> None:
    text = headline(make_history(Status.DEVIATED), make_verdict(Status.DEVIATED))
    assert text.startswith("DEVIATED (known weakness): order_rate was 15.9 req/s below")
    silent = TrialVerdict(Status.UNKNOWN, (), (), 0.05, "1")
    assert headline(make_history(Status.HELD), silent) == "UNKNOWN: cannot tell"


def test_what_an_experiment_expects_is_named_with_the_verdict_it_expects_only() -> None:
    blind = replace(make_history(Status.HELD), known_blindness="monitoring is what is broken")
    assert expected(blind, Status.UNKNOWN) == "known blindness"
    assert [expected(blind, status) for status in (Status.HELD, Status.DEVIATED)] == ["", ""]
    silent = TrialVerdict(Status.UNKNOWN, (), (), 0.05, "1")
    assert headline(blind, silent) == "UNKNOWN (known blindness): cannot tell"
