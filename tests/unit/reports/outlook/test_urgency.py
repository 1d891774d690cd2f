"""What is most urgent comes first, and always in the same order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from faultcast.forecasting.outlook.outlook import Crossing, Outlook
from faultcast.forecasting.outlook.subject import Limit
from faultcast.reports.outlook.pages.urgency import by_urgency
from tests.outlooks import outlook

NOW = datetime(2026, 11, 28, tzinfo=UTC)
LIMIT = Limit(1.0, "above", "full")
PLAIN = [outlook(seed, points=60, steps=20) for seed in range(4)]


def crossed(made: Outlook, reached: int | None, earliest: int | None, *, already: bool = False) -> Outlook:
    moments = [None if day is None else NOW + timedelta(days=day) for day in (reached, earliest)]
    return replace(made, crossing=Crossing(LIMIT, moments[0], moments[1], None, already))


def test_reached_then_expected_then_possible_then_the_rest() -> None:
    reached = crossed(PLAIN[0], None, None, already=True)
    soon, late = crossed(PLAIN[1], 5, 1), crossed(PLAIN[2], 9, 1)
    possible = crossed(PLAIN[3], None, 2)
    rest = PLAIN[0]
    assert by_urgency([rest, possible, late, soon, reached]) == [reached, soon, late, possible, rest]


@given(st.permutations(range(4)))
def test_the_order_does_not_depend_on_how_they_come(order: list[int]) -> None:
    assert by_urgency(PLAIN[k] for k in order) == by_urgency(PLAIN)
