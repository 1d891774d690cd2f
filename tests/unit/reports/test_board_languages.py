"""Values of variables stay values, whatever they hold."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.reports.board.languages import Choice, Times, logsql, promql, sql

AT = datetime(2026, 11, 25, 1, tzinfo=UTC)
TIMES = Times(AT, AT.replace(hour=2), 6.0, 2.0)
NASTY = 'a"} or {x=~".*\\'
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def test_a_query_without_variables_is_left_alone() -> None:
    assert promql('up{job="a"}', {}, TIMES) == 'up{job="a"}'
    assert logsql("* | count()", {}) == "* | count()"


def test_the_range_of_a_rate_holds_enough_samples() -> None:
    assert promql("rate(a[$__rate_interval])", {}, TIMES) == "rate(a[8s])"
    assert Times(AT, AT, 60.0, 2.0).rate == "62s"


def test_several_values_are_alternatives_and_all_are_one_word() -> None:
    both = {"pod": Choice(("a.b", "c"))}
    assert promql('up{pod=~"$pod"}', both, TIMES) == 'up{pod=~"(a\\\\.b|c)"}'
    assert (
        promql('up{pod=~"${pod:regex}"}', {"pod": Choice(("a",), everything=".+")}, TIMES) == 'up{pod=~".+"}'
    )
    assert logsql("pod:in($pod)", both) == 'pod:in("a.b","c")'
    assert logsql("pod:in($pod)", {"pod": Choice((), everything=".+")}) == "pod:in(*)"


@given(values)
def test_a_value_is_matched_as_it_is_and_never_ends_its_quotes(value: str) -> None:
    made = promql('up{pod=~"$pod"}', {"pod": Choice((value,))}, TIMES)
    inside = json.loads(made.removeprefix("up{pod=~").removesuffix("}"), strict=False)
    assert re.fullmatch(inside, value)


@given(values)
def test_a_value_of_logsql_is_one_quoted_word(value: str) -> None:
    made = logsql("pod:in($pod)", {"pod": Choice((value,))})
    assert json.loads(made.removeprefix("pod:in(").removesuffix(")"), strict=False) == value
    typed = logsql('_msg:~"$search"', {"search": Choice((value,), typed=True)})
    assert json.loads(typed.removeprefix("_msg:~"), strict=False) == value


def test_a_value_that_looks_like_a_variable_is_not_filled_in_again() -> None:
    chosen = {"a": Choice(("$b",)), "b": Choice(("secret",))}
    assert "secret" not in promql('up{a=~"$a"}', chosen, TIMES)


@given(st.lists(values, max_size=4))
def test_sql_holds_no_value(found: list[str]) -> None:
    statement, bound = sql(
        "a IN (${x:sqlstring}) AND $__timeFilter(t.started)", {"x": Choice(tuple(found))}, TIMES
    )
    names = ", ".join(f":x_{place}" for place in range(len(found))) or "NULL"
    assert statement == f"a IN ({names}) AND t.started BETWEEN :time_from AND :time_to"
    assert [bound[f"x_{place}"] for place in range(len(found))] == found
    assert bound["time_from"] == datetime(2026, 11, 25, 1)  # noqa: DTZ001 - the column has none


def test_the_ends_of_the_time_range_are_bound() -> None:
    statement, bound = sql("a < $__timeTo() AND b > $__timeFrom()", {}, TIMES)
    assert statement == "a < :time_to AND b > :time_from"
    assert set(bound) == {"time_from", "time_to"}


def test_an_unknown_variable_is_an_error() -> None:
    with pytest.raises(KeyError):
        promql("up{a=~'$nobody'}", {}, TIMES)
    assert NASTY not in sql("a = ${x:sqlstring}", {"x": Choice((NASTY,))}, TIMES)[0]
