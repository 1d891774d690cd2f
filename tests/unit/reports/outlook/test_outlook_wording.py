"""Numbers never change what they say by how they are written, and the order of urgency is one."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.forecasting.outlook.outlook import Crossing, Outlook
from faultcast.forecasting.outlook.subject import Limit
from faultcast.reports.outlook.pages.urgency import by_urgency, urgency
from faultcast.reports.outlook.pages.wording import number
from tests.outlooks import ORIGIN, outlook

PLAIN = outlook(points=40, steps=10)
MOMENTS = st.none() | st.datetimes().map(lambda at: at.replace(tzinfo=ORIGIN.tzinfo))


@st.composite
def outlooks(draw: st.DrawFn) -> Outlook:
    crossing = Crossing(Limit(1.0, "above", "full"), draw(MOMENTS), draw(MOMENTS), None, draw(st.booleans()))
    forecast = PLAIN.forecast
    end = draw(st.floats(allow_nan=True, allow_infinity=True))
    mean = forecast.mean.copy()
    mean[-1] = end
    subject = replace(PLAIN.history.subject, metric=draw(st.sampled_from(["a", "b", "c"])))
    return replace(
        PLAIN,
        history=replace(PLAIN.history, subject=subject),
        forecast=replace(forecast, mean=mean),
        crossing=draw(st.sampled_from([crossing, None])),
    )


@given(st.floats(-9.9e6, 9.9e6).filter(lambda value: value == 0 or abs(value) >= 1e-4))
def test_a_usual_number_has_no_exponent_and_four_right_digits(value: float) -> None:
    text = number(value)
    assert "e" not in text
    assert float(text.replace(",", "")) == pytest.approx(value, rel=6e-4)


@pytest.mark.parametrize(
    ("value", "text"), [(9999.4, "9999"), (9999.6, "10,000"), (-0.0, "0"), (-9999.9, "-10,000")]
)
def test_a_number_at_an_edge(value: float, text: str) -> None:
    assert number(value) == text


@given(st.lists(outlooks(), max_size=6), st.randoms())
def test_urgency_is_a_total_order(found: list[Outlook], chance: object) -> None:
    ordered = by_urgency(found)
    assert all(urgency(one) <= urgency(other) for one, other in pairwise(ordered))
    again = list(found)
    chance.shuffle(again)  # type: ignore[attr-defined]
    assert [urgency(one) for one in by_urgency(again)] == [urgency(one) for one in ordered]


@given(st.lists(outlooks(), max_size=6))
def test_equally_urgent_ones_keep_their_order(found: list[Outlook]) -> None:
    twice = [*found, *(replace(one) for one in found)]
    places = {id(one): place for place, one in enumerate(twice)}
    for one, other in pairwise(by_urgency(twice)):
        if urgency(one) == urgency(other):
            assert places[id(one)] < places[id(other)]
