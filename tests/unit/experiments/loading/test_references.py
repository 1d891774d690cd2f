"""`ref:` names an activity that stands elsewhere: taken as Chaos Toolkit takes it, or refused."""

from pathlib import Path

import jsonschema
import pytest

from faultcast.experiments.document.yamlfile import read_yaml
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.loading.schema import experiment_schema
from tests.refusals import refused_lines
from tests.soundfile import with_in_method

HYPOTHESIS = """\
steady-state-hypothesis:
  title: h
  probes:
    - type: probe
      name: is-up
      tolerance: 200
      pauses: {after: 3}
      provider: {type: http, url: 'http://shop/'}
"""


def test_a_probe_is_done_again_where_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    text = with_in_method("ref: is-up") + HYPOTHESIS
    path.write_text(text.replace("rollbacks:\n", "rollbacks:\n  - {ref: is-up}\n"))
    experiment = load_experiment(path)
    again = experiment.document["method"][0]
    assert (again["name"], again["provider"]["url"]) == ("is-up", "http://shop/")
    assert experiment.document["rollbacks"][0]["name"] == "is-up"
    assert [step.pause_before for step in experiment.actions] == [3.0], "its pauses count"
    jsonschema.Draft202012Validator(experiment_schema()).validate(read_yaml(path).data)


def test_whether_it_runs_in_the_background_is_said_by_the_reference(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(with_in_method("{ref: is-up, background: true}") + HYPOTHESIS)
    experiment = load_experiment(path)
    assert experiment.document["method"][0]["background"] is True
    assert [step.pause_before for step in experiment.actions] == [0.0]


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("ref: nobody", "ref: no activity is called nobody; name a probe of the hypothesis or of the method"),
        ("ref: [is-up]", "ref: no activity is called ['is-up']"),
        (
            "ref: kill",
            "ref: kill injects a fault, and each fault is planned and noted under a name of its own",
        ),
        ("ref: back", "ref: no activity is called back"),
        ("{ref: is-up, type: action}", "beside ref nothing is looked at: type; remove it, or ref"),
        ("{ref: is-up, provider: {type: process, path: rm}}", "beside ref nothing is looked at: provider"),
    ],
)
def test_a_reference_that_means_something_else_is_refused(tmp_path: Path, reference: str, said: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(with_in_method(reference) + HYPOTHESIS)
    [line] = refused_lines(path)
    assert line.startswith(f"4: {said}"), line


def test_what_is_named_is_looked_at_too(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(with_in_method("ref: is-up") + HYPOTHESIS.replace("url:", "method: DELETE, url:"))
    assert [line.partition(":")[0] for line in refused_lines(path)] == ["4", "28"]
