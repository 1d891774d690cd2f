"""What an experiment file may compose: several faults, ranges, repeats, abort conditions, expectations."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel, Field, ValidationError

from faultcast.experiments.document.extension import AbortCondition, BlastRadius, Extension
from faultcast.experiments.document.yamlfile import read_yaml
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.loading.schema import _widen, experiment_schema
from tests.refusals import refused_lines

ACTION = """\
  - type: action
    name: {name}
    background: {background}
    pauses: {{before: {before}, after: {after}}}
    provider:
      type: python
      module: faultcast.experiments.faults.none
      func: do_nothing
      arguments: {{duration: {duration}}}
"""

REST = """\
extensions:
  - name: faultcast
    metrics:
      - name: errors
        query: sum(rate(e[10s]))
    blast_radius:
      namespaces: [shop]
"""

EXTENSION = {
    "name": "faultcast",
    "metrics": [{"name": "errors", "query": "e"}],
    "blast_radius": {"namespaces": ["shop"]},
}


def _write(tmp_path: Path, *actions: dict[str, Any], more: str = "") -> Path:
    usual = {"name": "a", "background": "false", "before": 0, "after": 0, "duration": "10s"}
    method = "".join(ACTION.format(**(usual | action)) for action in actions)
    path = tmp_path / "several.yaml"
    path.write_text(f"title: t\ndescription: d\nmethod:\n{method}{REST}{more}")
    return path


def test_faults_beside_each_other_are_staggered_by_their_pauses(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        {"name": "a", "background": "true", "duration": "25s"},
        {"name": "b", "background": "true", "before": 5, "duration": "25s"},
    )
    first, second = load_experiment(path).actions
    assert (first.background, first.pause_before) == (True, 0.0)
    assert (second.background, second.pause_before) == (True, 5.0)
    jsonschema.Draft202012Validator(experiment_schema()).validate(read_yaml(path).data)


def test_faults_one_after_the_other_have_to_fit_into_the_window_with_their_pauses(tmp_path: Path) -> None:
    [found] = refused_lines(_write(tmp_path, {"name": "a", "after": 6}, {"name": "b", "before": 5}))
    assert found.startswith("3: the faults last 31 s, longer than the fault window of 30 s; shorten")


def test_a_range_counts_with_its_high_end(tmp_path: Path) -> None:
    assert load_experiment(_write(tmp_path, {"duration": "5s-30s"})).actions[0].raw == {"duration": "5s-30s"}
    [found] = refused_lines(_write(tmp_path, {"duration": "5s-31s"}))
    assert found.startswith("3: the faults last 31 s")


def test_a_range_that_cannot_be_meant_is_refused_at_its_line(tmp_path: Path) -> None:
    [found] = refused_lines(_write(tmp_path, {"duration": "10s-5s"}))
    assert found == (
        "12: duration: the range '10s-5s' runs backwards: write the lower end first; correct the range"
    )


def test_both_ends_of_a_range_have_to_be_allowed(tmp_path: Path) -> None:
    [found] = refused_lines(_write(tmp_path, {"duration": "0-5"}))
    assert found.startswith("12: duration: input should be greater than 0")


def test_two_actions_of_one_name_are_refused(tmp_path: Path) -> None:
    [found] = refused_lines(_write(tmp_path, {}, {}))
    assert found == "14: two actions are called a; give each its own name"


@pytest.mark.parametrize(("before", "reason"), [("-1", "greater than or equal"), ("soon", "valid number")])
def test_a_pause_is_a_number_of_seconds(tmp_path: Path, before: str, reason: str) -> None:
    found = refused_lines(_write(tmp_path, {"before": before}))
    assert any(line.startswith("7: method.0.pauses.before: ") and reason in line for line in found), found


@pytest.mark.parametrize(
    "condition",
    [
        {"query": "p95", "above": 2},
        {"query": "up", "below": 0.5, "reason": "nobody watches"},
        {"url": "http://shop/health"},
        {"url": "https://shop/health", "status": 204, "timeout": "500ms"},
    ],
)
def test_an_abort_condition_is_a_query_with_a_limit_or_a_url(condition: dict[str, Any]) -> None:
    [read] = Extension.model_validate({**EXTENSION, "abort": [condition]}).abort
    assert read.reason == condition.get("reason", "")


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ({}, "an abort condition is a query or a url"),
        ({"query": "p95", "url": "http://shop", "above": 2}, "is a query or a url"),
        ({"query": "p95"}, "a query needs one limit"),
        ({"query": "p95", "above": 2, "below": 1}, "a query needs one limit"),
        ({"query": "p95", "above": float("nan")}, "finite"),
        ({"query": "p95", "above": 2, "status": 200}, "status belong to a url"),
        ({"url": "http://shop", "above": 2}, "above belong to a query"),
        ({"url": "ftp://shop"}, "should match pattern"),
        ({"url": "http://shop", "timeout": "1m"}, "less than or equal to 10"),
    ],
)
def test_an_abort_condition_that_cannot_be_meant_is_refused(condition: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        AbortCondition.model_validate(condition)


def test_a_wrong_abort_condition_is_reported_at_its_line(tmp_path: Path) -> None:
    [found] = refused_lines(_write(tmp_path, {}, more="    abort:\n      - query: p95\n        abov: 2\n"))
    assert found == "22: abort.0.abov is not known; did you mean above?"


def test_a_weakness_and_a_blindness_exclude_each_other() -> None:
    expected = {"known_weakness": "one replica only", "known_blindness": "monitoring is gone"}
    with pytest.raises(ValidationError, match="known_weakness and known_blindness exclude each other"):
        Extension.model_validate({**EXTENSION, **expected})


def test_a_radius_of_nodes_needs_no_namespace_and_an_empty_radius_is_refused() -> None:
    assert BlastRadius.model_validate({"nodes": ["worker"]}).namespaces == ()
    with pytest.raises(ValidationError, match="neither namespaces nor nodes"):
        BlastRadius.model_validate({"most": 1})


class Slow(BaseModel):
    intensity: int = Field(gt=0, le=100, description="share in percent")
    duration: float = 3.0


def test_editors_accept_ranges_and_sweeps_and_still_refuse_what_is_wrong() -> None:
    schema = Slow.model_json_schema()
    _widen(schema, Slow)
    schema["$defs"] = {"Range": experiment_schema()["$defs"]["Range"]}
    check = jsonschema.Draft202012Validator(schema)
    for fine in (25, "5-10", [25, 50], ["5-10", 20]):
        check.validate({"intensity": fine})
    for wrong in (0, "much", [], [25, 500], ["much"], None):
        assert not check.is_valid({"intensity": wrong}), wrong
    assert schema["properties"]["intensity"]["description"] == "share in percent"
