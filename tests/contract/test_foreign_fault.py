"""A kind of fault of another distribution: installed, found, validated, and held to the same contract."""

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from faultcast.experiments import fault as register
from faultcast.experiments.fault import Fault, fault_of, faults, modules
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.loading.schema import experiment_schema
from faultcast.infra.errors import ExperimentError
from faultcast.infra.processes import run
from tests.contract import samples, test_fault
from tests.contract.test_fault import Set

EXAMPLE = Path(__file__).parents[1] / "example_fault"
MODULE = "acme_faults.node_label"
GIVEN = {"node": "worker", "duration": 12}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example, installed as any distribution is."""
    folder = tmp_path_factory.mktemp("installed")
    source = tmp_path_factory.mktemp("source")
    for path in EXAMPLE.rglob("*.py"):
        (source / path.relative_to(EXAMPLE)).parent.mkdir(exist_ok=True, parents=True)
        (source / path.relative_to(EXAMPLE)).write_text(path.read_text())
    (source / "pyproject.toml").write_text((EXAMPLE / "pyproject.toml").read_text())
    words = ("--quiet", "--no-deps", "--no-build-isolation", "--target", folder, source)
    run([sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable, *words], timeout=60)
    return folder


@pytest.fixture
def foreign(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fault[Any]]:
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setitem(samples.SAMPLES, "node-label", GIVEN)
    modules.cache_clear()
    yield fault_of(MODULE)
    modules.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_faults"]:
        del sys.modules[name]


def test_it_is_found_beside_faultcasts_own(foreign: Fault[Any]) -> None:
    assert foreign.kind == "node-label"
    assert faults()[-1] is foreign
    assert [fault.kind for fault in faults()].count("none") == 1
    assert MODULE in str(experiment_schema())


@pytest.mark.parametrize(
    "held",
    [
        test_fault.test_it_says_what_it_is,
        test_fault.test_its_action_takes_exactly_the_arguments_of_its_model,
        test_fault.test_each_of_its_arguments_is_described,
        test_fault.test_it_has_a_rollback_unless_it_is_harmless,
        test_fault.test_unknown_arguments_and_endless_durations_are_refused,
        test_fault.test_it_is_bounded,
    ],
    ids=lambda held: held.__name__,
)
def test_it_says_what_every_fault_says(foreign: Fault[Any], held: Any) -> None:
    held(foreign)


@pytest.mark.parametrize(
    "held",
    [
        test_fault.test_planning_writes_nothing_and_is_decided_by_the_seed,
        test_fault.test_it_is_proved_and_reverted_with_the_rights_of_its_role_alone,
        test_fault.test_it_asks_for_no_right_to_write_that_it_does_not_use,
    ],
    ids=lambda held: held.__name__,
)
def test_it_is_previewed_proved_and_reverted_as_every_fault_is(
    foreign: Fault[Any], stage: Set, held: Any
) -> None:
    held(foreign, stage)


def test_an_experiment_may_use_it(foreign: Fault[Any], tmp_path: Path) -> None:
    catalog = Path(register.__file__).parent / "catalog" / "node-cordon.yaml"
    file = tmp_path / "worker-label.yaml"
    own = "faultcast.experiments.faults.node_cordon"
    text = catalog.read_text().replace(own, MODULE)
    file.write_text(text.replace("uncordon_node", "unlabel_node").replace("cordon_node", "label_node"))
    [action] = load_experiment(file).actions
    assert action.fault is foreign


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("acme_faults.nowhere", "cannot be loaded: ModuleNotFoundError"),
        ("json", "its FAULT is none|cannot be loaded"),
    ],
)
def test_one_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, value: str, said: str) -> None:
    broken = SimpleNamespace(value=value)
    monkeypatch.setattr(metadata, "entry_points", lambda **_: [broken])
    modules.cache_clear()
    try:
        with pytest.raises(ExperimentError, match=said) as caught:
            fault_of(value)
        assert "uninstall" in caught.value.remedy
    finally:
        modules.cache_clear()
