import hashlib
from pathlib import Path

import pytest
from pydantic import Field

from faultcast.experiments import fault as register
from faultcast.experiments.fault import FaultArguments
from faultcast.experiments.faults import none
from faultcast.experiments.loading.loader import load_experiment, load_experiments
from faultcast.infra.errors import ExperimentError
from tests.refusals import refused_lines

FILE = """\
title: slow
description: d
method:
  - type: action
    name: first
    background: true
    provider:
      type: python
      module: faultcast.experiments.faults.none
      func: do_nothing
      arguments:
        duration: 20s
        intensity: {first}
  - type: action
    name: second
    provider:
      type: python
      module: faultcast.experiments.faults.none
      func: do_nothing
      arguments:
        duration: 20s
        intensity: {second}
extensions:
  - name: faultcast
    metrics:
      - name: errors
        query: sum(rate(e[10s]))
    blast_radius:
      namespaces: [shop]
"""


class SlowArguments(FaultArguments):
    intensity: float = Field(10.0, gt=0, le=100)


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The null fault with an intensity."""
    assert register.fault_of(none.__name__) is none.FAULT
    monkeypatch.setattr(none.NoFault, "arguments", SlowArguments)
    monkeypatch.setattr(none, "do_nothing", lambda duration=1, intensity=1: {})


def _write(tmp_path: Path, first: str, second: str = "5") -> Path:
    path = tmp_path / "slow.yaml"
    path.write_text(FILE.format(first=first, second=second))
    return path


def test_a_list_of_intensities_means_one_experiment_for_each(tmp_path: Path) -> None:
    path = _write(tmp_path, "[25, 50.5, 75]")
    found = load_experiments(path)
    assert [one.name for one in found] == ["slow-at-25", "slow-at-50.5", "slow-at-75"]
    assert [one.variant for one in found] == ["25", "50.5", "75"]
    assert [one.title for one in found] == ["slow (at 25)", "slow (at 50.5)", "slow (at 75)"]
    assert [[step.raw["intensity"] for step in one.actions] for one in found] == [[25, 5], [50.5, 5], [75, 5]]
    documents = [one.document["method"][0]["provider"]["arguments"]["intensity"] for one in found]
    assert documents == [25, 50.5, 75]
    assert {one.path for one in found} == {path}


def test_the_digest_covers_the_file_and_the_variant(tmp_path: Path) -> None:
    path = _write(tmp_path, "[25, 50]")
    digests = {one.digest for one in load_experiments(path)}
    assert len(digests) == 2
    assert hashlib.sha256(path.read_bytes()).hexdigest() not in digests
    single = load_experiments(_write(tmp_path, "25"))
    assert [one.digest for one in single] == [hashlib.sha256(path.read_bytes()).hexdigest()]
    assert single[0].name == "slow"


def test_lists_of_several_actions_are_taken_in_step(tmp_path: Path) -> None:
    found = load_experiments(_write(tmp_path, "[25, 50]", "[1, 2]"))
    assert [one.name for one in found] == ["slow-at-25-1", "slow-at-50-2"]
    assert [[step.raw["intensity"] for step in one.actions] for one in found] == [[25, 1], [50, 2]]
    assert [one.name for one in load_experiments(_write(tmp_path, "[25, 50]", "[25, 50]"))] == [
        "slow-at-25",
        "slow-at-50",
    ]


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        ("[25, 50]", "[1, 2, 3]", "22: this sweep has 3 values, the first one has 2; make the lists equally"),
        ("[]", "5", "13: the sweep over intensity is empty; write at least one value"),
        ("[25, 25]", "5", "13: the sweep has 25 twice; give each value once"),
        (
            str(list(range(1, 22))),
            "5",
            "13: the sweep has 21 values, and each is a whole trial; write at most",
        ),
        ("[25, 500]", "5", "13: intensity: input should be less than or equal to 100 (given: '500')"),
        ("[25, much]", "5", "13: intensity: input should be a valid number"),
        ("[25, [50]]", "5", "13: intensity: input should be a valid number"),
    ],
)
def test_a_sweep_that_cannot_be_meant_is_refused_at_its_line(
    tmp_path: Path, first: str, second: str, problem: str
) -> None:
    [found] = refused_lines(_write(tmp_path, first, second))
    assert found.startswith(problem)


def test_a_value_of_a_sweep_may_be_a_range(tmp_path: Path) -> None:
    assert [one.name for one in load_experiments(_write(tmp_path, "[10-20, 30-40]"))] == [
        "slow-at-10-20",
        "slow-at-30-40",
    ]


def test_a_sweep_is_not_taken_for_one_experiment(tmp_path: Path) -> None:
    with pytest.raises(
        ExperimentError, match="is a sweep of 2 experiments: slow-at-25, slow-at-50"
    ) as caught:
        load_experiment(_write(tmp_path, "[25, 50]"))
    assert "load_experiments" in caught.value.remedy
