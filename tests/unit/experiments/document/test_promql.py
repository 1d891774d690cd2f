"""Mistakes in queries: found with their character, and never where a server would take the query."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.experiments.document.promql import mistake_in
from faultcast.experiments.document.yamlfile import read_yaml

ROOT = Path(__file__).parents[4]
RECORDED = json.loads((Path(__file__).parent / "queries.json").read_text())
"""Queries, and whether Prometheus and VictoriaMetrics take each; written by `bench/promql.py --record`."""


@pytest.mark.parametrize(
    ("query", "at", "what"),
    [
        ("sum(rate(up[5m])", 3, "( is never closed"),
        ("sum(up))", 7, ") closes nothing"),
        ("rate(up[5m)", 7, "[ is still open where ) comes"),
        ('up{job="shop}', 7, 'the text that begins with " has no end'),
        ("up{job=shop}", 7, "the label job is compared with shop, which is not in quotes"),
        ("up{job=5}", 7, "the label job is compared with 5, which is not in quotes"),
        ("up{job=}", 7, "the label job is compared with nothing"),
        ("up{job}", 6, "} follows the label job, which is compared with nothing"),
        ('up{job:"shop"}', 7, '"shop" follows the label job:, which is compared with nothing'),
        ('up{a="b" c="d"}', 9, "c follows a label matcher"),
        ('up{="b"}', 3, "= stands where a label should"),
        ("up down", 3, "an operator is missing before down"),
        ("sum(up) 5", 8, "an operator is missing before 5"),
        ("up 'a'", 3, "an operator is missing before 'a'"),
        ("(up)(down)", 4, "an operator is missing before ("),
        ("up + ", 3, "nothing follows +"),
        ("sum(up and)", 7, "nothing follows and"),
        ("up offset", 3, "nothing follows offset"),
        ("max(up *, 2)", 7, "nothing follows *"),
        ("* up", 0, "nothing comes before *"),
        ("up / / down", 5, "/ and / follow each other"),
        ("up = 1", 3, "= compares labels, and this is outside of { }"),
        ('up =~ "a"', 3, "=~ compares labels, and this is outside of { }"),
        ("up, down", 2, ", separates arguments, and this is outside of brackets"),
        ("up; down", 2, "; means nothing here"),
        ("rate($metric[5m])", 5, "$ means nothing here"),
        ("# nothing", 9, "the query is empty"),
        ("sum by (a b) (up)", 10, "an operator is missing before b"),
    ],
)
def test_a_mistake_is_found_where_it_begins(query: str, at: int, what: str) -> None:
    found = mistake_in(query)
    assert found is not None
    assert (found.at, found.what) == (at, what)
    assert found.mend


@pytest.mark.parametrize(
    "query",
    [
        "up @ 1609746000 offset -1h30m",
        "rate(up[5m]) @ end()",
        "max_over_time(rate(up[5m])[1h:1m])",
        '{"http.requests", "a.b"=~"c|d", e!=`f`}',
        'sum by ("a.b", le) (up)',
        "up offset (5m + step())",
        "rate(up[5m] smoothed)",
        "up + fill(0) down",
        "up > bool 2 and on (a) down",
        "up * on (a) group_left down",
        "histogram_fraction(0, 0.2, up)",
        "1_000 + 0x1F + 1e-3 + .5 + 1h",
        "-up ^ -2 # why",
        "up </ 3",
        "and + or",
        "up keep_metric_names default 0 limit 3",
        '{a="b" or c="d" + "e"}',
        'WITH (only = {a="b"}) up{only}',
        "rate(up)",
        "no_such_function(up)",
    ],
)
def test_what_some_server_takes_is_no_mistake(query: str) -> None:
    assert mistake_in(query) is None


@pytest.mark.parametrize("taken_by", ["prometheus", "victoriametrics"])
def test_nothing_is_refused_that_a_server_takes(taken_by: str) -> None:
    taken = [one["query"] for one in RECORDED["queries"] if one[taken_by]]
    assert len(taken) > 100
    assert {query: mistake_in(query) for query in taken if mistake_in(query)} == {}


def test_most_of_what_no_server_takes_is_refused() -> None:
    refused = [
        one["query"] for one in RECORDED["queries"] if not (one["prometheus"] or one["victoriametrics"])
    ]
    assert len(refused) > 100
    assert sum(mistake_in(query) is not None for query in refused) > 0.8 * len(refused)


def test_every_query_of_the_catalog_is_sound() -> None:
    folders = (ROOT / "experiments" / "catalog", ROOT / "experiments" / "hypotheses")
    found = [
        metric["query"]
        for folder in folders
        for path in folder.rglob("*.yaml")
        for metric in _metrics(read_yaml(path).data)
        if "query" in metric
    ]
    assert len(found) > 3
    assert [query for query in found if mistake_in(query)] == []


def _metrics(data: dict[str, Any]) -> list[dict[str, Any]]:
    ours = [entry for entry in data.get("extensions", [data]) if "metrics" in entry]
    return [metric for entry in ours for metric in entry["metrics"]]


@given(st.text(alphabet=st.sampled_from("a1 (){}[],\"'`=!~<>+-*/:@#\\.\n"), max_size=30))
def test_any_text_is_read_to_its_end(text: str) -> None:
    found = mistake_in(text)
    assert found is None or 0 <= found.at <= len(text)
