"""Lines that two collectors delivered, each once and none too few."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.reports.loglines import once


def entry(stamp: str = "00.5", text: str = "ready", pod: str = "store-1", **more: str) -> dict[str, str]:
    return {
        "_time": f"2026-11-25T01:08:{stamp}Z",
        "_msg": text,
        "kubernetes.pod_namespace": "shop",
        "kubernetes.pod_name": pod,
        "kubernetes.container_name": "store",
        **more,
    }


def exact(offset: int, **more: str) -> dict[str, str]:
    return entry(**more) | {"collector": "rsyslog", "offset": str(offset)}


def other(**more: str) -> dict[str, str]:
    return entry(**more) | {"collector": "vlagent"}


def texts(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    return [line["_msg"] for line in once(entries)]


def test_a_line_of_both_is_one() -> None:
    assert texts([other(), exact(0)]) == ["ready"]


def test_alike_lines_of_one_stamp_are_as_many_as_their_file_has() -> None:
    assert texts([other(), other(), exact(0), exact(42)]) == ["ready", "ready"]


def test_what_a_restarted_collector_delivers_again_is_no_line_more() -> None:
    assert texts([exact(0), exact(0), other(), other(), other()]) == ["ready"]
    assert texts([other(), other(stamp="00.500")]) == ["ready"]


def test_a_line_of_either_alone_is_there() -> None:
    assert texts([other(stamp="01", text="a"), exact(0, stamp="02", text="b")]) == ["a", "b"]


def test_the_whole_line_is_preferred_to_what_was_parsed_out_of_it() -> None:
    whole = '{"msg": "served", "ms": 3}'
    assert texts([other(text="served"), exact(0, text=whole)]) == [whole]


def test_a_line_of_klog_is_known_by_the_stamp_that_the_program_wrote() -> None:
    line = 'I1125 01:08:00.400000       7 main.go:12] "started" port="80"'
    assert texts([other(stamp="00.4", text="started"), exact(0, stamp="00.5", text=line)]) == [line]


def test_other_pods_and_containers_have_their_own_lines() -> None:
    lines = [exact(0), other(pod="store-2"), other() | {"kubernetes.container_name": "proxy"}]
    assert len(once(lines)) == 3


def test_somebody_elses_lines_stay_as_they_are() -> None:
    lines = [entry(), entry(), entry(offset="0"), entry(offset="0")]
    assert once(lines) == lines


def test_lines_of_one_stamp_come_as_they_are_in_their_file() -> None:
    assert texts([exact(90, text="b"), exact(100, text="c"), exact(0, text="a")]) == ["a", "b", "c"]


@pytest.mark.parametrize("line", [{}, {"collector": "rsyslog"}, {"collector": "rsyslog", "offset": "?"}])
def test_what_lacks_something_is_kept(line: dict[str, str]) -> None:
    assert once([line]) == [line]


LINES = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab")), max_size=12).map(
    lambda pairs: sorted(pairs, key=lambda pair: pair[0])
)


@given(lines=LINES, data=st.data())
def test_whatever_is_delivered_how_often_each_line_of_the_file_is_there_once(
    lines: list[tuple[int, str]], data: st.DataObject
) -> None:
    first = [exact(at, stamp=f"0{second}", text=text) for at, (second, text) in enumerate(lines)]
    again = data.draw(st.lists(st.sampled_from(first))) if first else []
    second = [{**line, "collector": "vlagent"} for line in first + again]
    second = [{key: value for key, value in line.items() if key != "offset"} for line in second]
    delivered = data.draw(st.permutations(first + again + second))
    assert texts(delivered) == [text for _, text in lines]
