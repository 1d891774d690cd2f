"""Lengths of time: read as people write them, and written so that they can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.infra.durations import duration_seconds, duration_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("15m", 900), ("1h30m", 5400), ("5w", 3024000), ("250ms", 0.25), ("1.5h", 5400), (7, 7)],
)
def test_it_reads(text: object, seconds: float) -> None:
    assert duration_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "w",
        "5x",
        "-5s",
        "5w!",
        "1h 3",
        True,
        "9" * 400 + "s",
        pytest.param(16**4000, id="huge"),
        float("inf"),
        float("nan"),
    ],
)
def test_it_refuses(text: object) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration_seconds(text)


@given(st.integers(0, 10**8))
def test_what_it_writes_it_reads(seconds: int) -> None:
    assert duration_seconds(duration_text(seconds)) == seconds


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (5400, "1h30m"), (3024000, "5w"), (0.5, "0.5s")])
def test_it_writes(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
