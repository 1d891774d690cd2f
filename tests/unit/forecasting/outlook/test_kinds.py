import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.forecasting.outlook.reading.kinds import KindChoice, kind_of, selector, subjects_of


@pytest.mark.parametrize(
    ("metric", "declared", "falls", "kind", "note"),
    [
        ("x_total", "counter", 0.01, "counter", ""),
        ("x", "gauge", None, "gauge", ""),
        ("x", "summary", None, "summary", ""),
        ("x_total", None, None, "counter", "no metadata: read as a counter by its name"),
        ("x_total", "unknown", 0.0, "counter", "no metadata: read as a counter by its name"),
        ("x", None, None, "gauge", "no metadata: read as a gauge by its name"),
        ("x_count", None, None, "gauge", "no metadata: read as a gauge by its name"),
        ("x_total", None, 0.5, "gauge", "named _total, but it falls in 50% of its steps"),
        ("x", "counter", 0.26, "gauge", "metadata says counter, but it falls in 26% of its steps"),
        ("x", "counter", 0.25, "counter", ""),
        (
            "x_total",
            "gauge",
            0.0,
            "counter",
            "metadata says gauge, but the name ends in _total and it never falls",
        ),
        ("x_total", "gauge", 0.1, "gauge", ""),
        ("x_total", "gauge", None, "gauge", ""),
        ("x_delta", "gauge", None, "delta", "the amount since the last one"),
    ],
)
def test_what_a_metric_is(
    metric: str, declared: str | None, falls: float | None, kind: str, note: str
) -> None:
    found = kind_of(metric, declared, falls)
    assert found.kind == kind
    assert note in found.note
    assert bool(note) == bool(found.note)


def test_what_counts_observations_is_a_counter() -> None:
    assert kind_of("x_count", "counter", None, observed=True) == KindChoice("counter")
    assert "a sum beside it" in kind_of("x_count", None, None, observed=True).note


def test_each_kind_has_its_query() -> None:
    series = [{"__name__": "x", "a": "1"}]
    queries = {
        kind: subjects_of("x", KindChoice(kind), series)[0].query for kind in ("gauge", "counter", "delta")
    }
    assert queries == {
        "gauge": 'avg_over_time(x{a="1"}[$range])',
        "counter": 'rate(x{a="1"}[$range])',
        "delta": 'sum_over_time(x{a="1"}[$range]) / $seconds',
    }


def test_a_histogram_has_three_quantiles_and_a_rate_for_each_set_of_labels() -> None:
    series = [{"__name__": "x_bucket", "le": le, "a": a} for le in ("1", "+Inf") for a in ("2", "1")]
    subjects = subjects_of("x", KindChoice("histogram", "a note"), series)
    assert [subject.title for subject in subjects] == [
        'x{a="1"} p50', 'x{a="1"} p90', 'x{a="1"} p99', 'x_count{a="1"} rate',
        'x{a="2"} p50', 'x{a="2"} p90', 'x{a="2"} p99', 'x_count{a="2"} rate',
    ]  # fmt: skip
    assert subjects[1].query == 'histogram_quantile(0.9, sum by (le, a) (rate(x_bucket{a="1"}[$range])))'
    assert {subject.notes for subject in subjects} == {("a note",)}
    assert len({subject.id for subject in subjects}) == 8


def test_a_series_with_fewer_labels_than_others_is_selected_alone() -> None:
    found = subjects_of("x", KindChoice("gauge"), [{"a": "1"}, {"a": "1", "b": "2"}])
    assert [subject.query for subject in found] == [
        'avg_over_time(x{a="1",b=""}[$range])',
        'avg_over_time(x{a="1",b="2"}[$range])',
    ]
    assert found[0].labels == (("a", "1"),)


def test_what_has_no_labels_is_selected_by_its_name() -> None:
    assert selector("x", {}) == "x"
    assert selector("odd.name", {"odd.label": "1"}) == '{__name__="odd.name","odd.label"="1"}'


@given(st.text())
def test_every_label_value_can_be_selected(value: str) -> None:
    quoted = re.fullmatch(r'x\{a="((?:[^"\\\n]|\\["\\n])*)"\}', selector("x", {"a": value}))
    assert quoted
    back = re.sub(r"\\(.)", lambda found: "\n" if found.group(1) == "n" else found.group(1), quoted.group(1))
    assert back == value
