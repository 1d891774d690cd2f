"""Sentences of an outlook, as operations reads them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from faultcast.forecasting.outlook.history import Gap
from faultcast.forecasting.outlook.outlook import Crossing
from faultcast.forecasting.outlook.subject import Limit
from faultcast.reports.outlook.pages.wording import (
    accuracy_sentence,
    gaps_sentence,
    limit_sentence,
    number,
    recommendation,
    shown,
)
from tests.outlooks import outlook

NOW = datetime(2026, 11, 28, tzinfo=UTC)
LIMIT = Limit(100.0, "above", "the volume is full")
IT = "its limit of 100 GB (the volume is full)"


def days(count: float | None) -> datetime | None:
    return None if count is None else NOW + timedelta(days=count)


@pytest.mark.parametrize(
    ("reached", "earliest", "latest", "already", "sentence"),
    [
        (78, 60, 90, False, f"reaches {IT} on 2027-02-14, in 78 days (between 2027-01-27 and 2027-02-26)"),
        (
            78,
            60,
            None,
            False,
            (f"reaches {IT} on 2027-02-14, in 78 days (2027-01-27 or later)"),
        ),
        (None, 60, None, False, f"is not expected to reach {IT}, but may from 2027-01-27 on"),
        (None, None, None, False, f"does not reach {IT} before the end of the forecast"),
        (0.1, 0.1, 0.1, True, f"has reached {IT} already"),
        (
            0.05,
            0.02,
            0.5,
            False,
            f"reaches {IT} on 2026-11-28 01:12, in 1h12m (between 2026-11-28 00:28 and 2026-11-28 12:00)",
        ),
    ],
)
def test_a_limit(
    reached: float | None, earliest: float | None, latest: float | None, already: bool, sentence: str
) -> None:
    crossing = Crossing(LIMIT, days(reached), days(earliest), days(latest), already)
    assert limit_sentence(crossing, NOW, "GB") == sentence


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1234.5, "1234"),
        (12345.6, "12,346"),
        (1.23456, "1.235"),
        (1.2e-9, "1.2e-09"),
        (3e12, "3e+12"),
    ],
)
def test_a_number(value: float, text: str) -> None:
    assert number(value) == text


def test_a_plain_number_has_no_unit() -> None:
    assert shown(3.0, "") == "3"


def test_gaps_are_counted_with_their_lengths() -> None:
    made = outlook()
    gaps = replace(
        made.history.gaps,
        each=tuple(Gap(made.history.values.index[5], length, "interpolated") for length in (1, 2, 30)),
        missing=33,
        samples=840,
        step=3600.0,
    )
    gappy = replace(made, history=replace(made.history, gaps=gaps))
    assert gaps_sentence(gappy) == (
        "3 gaps from 1h to 1d6h, half of them up to 2h: 3.9 % of the history was missing and was filled"
    )
    assert gaps_sentence(replace(made, history=replace(made.history, gaps=replace(gaps, each=())))) == ""


def test_accuracy_names_the_model_and_what_was_measured() -> None:
    sentence = accuracy_sentence(outlook())
    assert sentence.startswith(outlook().model)
    assert "bands of 90 % held" in sentence


def test_a_recommendation_has_its_evidence() -> None:
    crossing = Crossing(LIMIT, days(10), days(5), days(20))
    made = replace(outlook(), crossing=crossing, origin=NOW)
    text = recommendation(made)
    assert "on 2026-12-08" in text
    assert "make room now" in text
    assert made.model in text
    assert recommendation(replace(made, crossing=Crossing(LIMIT, None, None, None))) == ""
    assert "plan for more" in recommendation(replace(made, crossing=Crossing(LIMIT, None, days(60), None)))
