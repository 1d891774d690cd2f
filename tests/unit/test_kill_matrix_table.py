"""The committed table of the kill matrix: it covers every fault, and nothing was left in any run."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.killing import MOMENTS
from tests.e2e.samples import SAMPLES

TABLE = Path(__file__).parents[2] / "bench" / "results" / "kill-matrix.json"


@pytest.fixture(scope="module")
def runs() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(TABLE.read_text())["runs"]
    return found


def test_every_fault_was_killed_at_every_moment_with_and_without_healing(runs: list[dict[str, Any]]) -> None:
    done = {(run["fault"], run["moment"], run["healed"]) for run in runs}
    wanted = {(kind, moment, healed) for kind in SAMPLES for moment in MOMENTS for healed in (False, True)}
    assert wanted - done == set()


def test_no_other_cluster_of_the_kubeconfig_was_reached(runs: list[dict[str, Any]]) -> None:
    assert [run for run in runs if run["strayed"]] == []


def test_nothing_was_left_in_time(runs: list[dict[str, Any]]) -> None:
    late = [run for run in runs if run["clean_after"] is None or run["clean_after"] > run["allowed"]]
    assert late == []
