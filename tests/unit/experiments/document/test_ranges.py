from random import Random
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from faultcast.experiments.document.extension import Duration
from faultcast.experiments.document.ranges import RangeError, corners, draw, ends, numeric_fields
from faultcast.experiments.faults.pod_delete import PodDeleteArguments


class Arguments(BaseModel):
    count: int = Field(1, ge=1)
    percent: float | None = Field(None, gt=0)
    duration: Duration = 30.0
    every: Duration | None = None
    name: str = ""
    most: int | str = 1
    mode: Literal["a", "b"] = "a"
    ports: tuple[int, ...] = ()
    on: bool = False


def test_only_plain_numbers_and_durations_may_be_ranges() -> None:
    assert numeric_fields(Arguments) == {
        "count": "int",
        "percent": "float",
        "duration": "duration",
        "every": "duration",
    }
    assert numeric_fields(PodDeleteArguments).keys() >= {
        "count",
        "percent",
        "grace_period",
        "duration",
        "every",
    }


@pytest.mark.parametrize(
    ("raw", "low", "high"),
    [
        ({"count": "5-10"}, {"count": 5}, {"count": 10}),
        ({"percent": "0.5-2"}, {"percent": 0.5}, {"percent": 2.0}),
        ({"duration": "5s-10s"}, {"duration": 5.0}, {"duration": 10.0}),
        ({"duration": " 500ms - 1m "}, {"duration": 0.5}, {"duration": 60.0}),
        ({"duration": "5-10s"}, {"duration": 5.0}, {"duration": 10.0}),
        ({"every": "1-2m", "count": 3}, {"every": 60.0, "count": 3}, {"every": 120.0, "count": 3}),
        ({"name": "5-10", "most": "5-10"},) * 3,
        ({"duration": "10s", "count": 2},) * 3,
    ],
)
def test_a_range_is_read_by_the_kind_of_its_field(
    raw: dict[str, Any], low: dict[str, Any], high: dict[str, Any]
) -> None:
    assert ends(Arguments, raw) == (low, high)
    assert [type(value) for value in ends(Arguments, raw)[0].values()] == [type(v) for v in low.values()]


@pytest.mark.parametrize(
    ("raw", "name", "reason"),
    [
        ({"count": "10-5"}, "count", "runs backwards"),
        ({"duration": "1m-30s"}, "duration", "runs backwards"),
        ({"count": "1.5-3"}, "count", "not one of whole numbers"),
        ({"count": "1s-3s"}, "count", "is a duration, but a number is wanted"),
        ({"duration": "5s-10"}, "duration", "unit at its first end only"),
    ],
)
def test_a_range_that_cannot_be_meant_is_refused(raw: dict[str, Any], name: str, reason: str) -> None:
    with pytest.raises(RangeError, match=reason) as caught:
        ends(Arguments, raw)
    assert caught.value.name == name


def _rng(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - reproducible on purpose


_pairs = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)).map(sorted)


@given(pair=_pairs, seed=st.integers())
def test_a_drawn_count_is_a_whole_number_within_its_range(pair: list[int], seed: int) -> None:
    drawn = draw(Arguments, {"count": f"{pair[0]}-{pair[1]}"}, _rng(seed))["count"]
    assert type(drawn) is int
    assert pair[0] <= drawn <= pair[1]


@given(pair=_pairs, unit=st.sampled_from(["ms", "s", "m", "h"]), seed=st.integers())
def test_a_drawn_duration_is_in_seconds_within_its_range(pair: list[int], unit: str, seed: int) -> None:
    raw = {"duration": f"{pair[0]}{unit}-{pair[1]}{unit}"}
    low, high = (one["duration"] for one in ends(Arguments, raw))
    drawn = draw(Arguments, raw, _rng(seed))["duration"]
    assert low <= drawn <= high
    assert drawn in (low, high, round(drawn, 3))


@given(seed=st.integers(), order=st.permutations(["count", "percent", "duration"]))
def test_the_seed_alone_decides_what_is_drawn(seed: int, order: list[str]) -> None:
    raw = {"count": "1-1000", "percent": "1-99", "duration": "1s-100s", "name": "x"}
    first = draw(Arguments, raw, _rng(seed))
    assert draw(Arguments, {name: raw[name] for name in order} | {"name": "x"}, _rng(seed)) == first
    assert first["name"] == "x"


def test_every_end_of_a_range_can_be_drawn() -> None:
    rng = _rng(1)
    assert {draw(Arguments, {"count": "1-3"}, rng)["count"] for _ in range(100)} == {1, 2, 3}


def test_without_a_range_nothing_is_drawn_and_nothing_changes() -> None:
    raw = {"count": 3, "duration": "10s"}
    rng = _rng(7)
    assert draw(Arguments, raw, rng) == raw
    assert rng.random() == _rng(7).random()


def test_a_check_sees_each_combination_of_ends() -> None:
    seen = corners(Arguments, {"duration": "5-10", "every": "1-8", "count": 2})
    assert sorted((one["duration"], one["every"]) for one in seen) == [(5, 1), (5, 8), (10, 1), (10, 8)]
    assert corners(Arguments, {"count": 2}) == [{"count": 2}]
