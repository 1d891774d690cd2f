"""The faults under Chaos Toolkit alone, as `chaos run` executes them: the same safety, other ways in."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
from chaoslib.loader import parse_experiment_from_file

from faultcast.experiments.execution import context as context_module
from faultcast.experiments.execution.context import connection, current_context, end_stand_alone, stand_alone
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.safety.ledger import Ledger
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import ConfigurationError
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.waiting import SystemClock
from tests.fakekube import FakeKube
from tests.kubeconfigs import write_kubeconfig

type WriteExperiment = Callable[..., Path]

CATALOG = Path(__file__).parents[4] / "experiments" / "catalog"


@pytest.fixture
def named(
    shop: FakeKube, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    """The environment names the fake cluster."""
    monkeypatch.setenv("FAULTCAST_KUBECONFIG", str(cluster.kube_context.file))
    monkeypatch.setenv("FAULTCAST_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(context_module, "open_cluster", lambda *_: cluster)
    monkeypatch.setattr(context_module, "connect", lambda _context: shop.client())
    monkeypatch.setattr(SystemClock, "monotonic", lambda self: shop.clock.monotonic())
    monkeypatch.setattr(SystemClock, "sleep", lambda self, seconds: shop.clock.sleep(seconds))

    yield
    end_stand_alone()


@pytest.fixture
def sound(named: None, write_experiment: WriteExperiment) -> dict[str, Any]:
    """A sound experiment as Chaos Toolkit loads it, to be changed behind the back of Faultcast."""
    return load_experiment(write_experiment()).document


@pytest.fixture
def plain(named: None, write_experiment: WriteExperiment) -> Callable[..., dict[str, Any]]:
    """Runs an experiment by chaoslib alone."""

    def execute(base: str = "gateway-pod-delete", **changes: Any) -> dict[str, Any]:
        document = load_experiment(write_experiment(base, **changes)).document
        journal: dict[str, Any] = run_experiment(document, settings={})
        return journal

    return execute


def test_a_fault_is_carried_out(plain: Callable[..., dict[str, Any]], shop: FakeKube, tmp_path: Path) -> None:
    journal = plain()
    assert journal["status"] == "completed"
    assert journal["run"][0]["output"]["proof"]["proved"] is True
    assert len(shop.writes) == 1
    assert Ledger(tmp_path / "state" / "ledger").entries() == ()


def test_what_a_file_leaves_out_is_added_by_its_control(named: None, shop: FakeKube, tmp_path: Path) -> None:
    """Its rollbacks are played, and nobody needs the metrics that stand in another file."""
    document = parse_experiment_from_file(str(CATALOG / "gateway-pod-delete.yaml"))
    assert "rollbacks" not in document
    assert "hypothesis" in document["extensions"][0]
    journal = run_experiment(document, settings={"runtime": {"rollbacks": {"strategy": "always"}}})
    assert journal["status"] == "completed"
    assert [one["activity"]["name"] for one in journal["rollbacks"]] == ["undo-pod-delete"]
    assert [one["status"] for one in journal["rollbacks"]] == ["succeeded"]
    assert len(shop.writes) == 1


def test_a_refusal_ends_the_run_as_an_error(plain: Callable[..., dict[str, Any]], shop: FakeKube) -> None:
    journal = plain(arguments={"count": 2})
    assert journal["status"] == "interrupted"
    assert "blast_radius.most" in "".join(journal["run"][0]["exception"])
    assert shop.writes == []


def test_a_fault_that_fails_in_the_background_ends_the_run_as_an_error(
    plain: Callable[..., dict[str, Any]], shop: FakeKube
) -> None:
    shop.deletions_do_nothing = True

    def in_the_background(document: Any) -> None:
        document["method"][0]["background"] = True

    assert plain(change=in_the_background)["status"] == "interrupted"


@pytest.mark.parametrize("how", ["consent", "identity"])
def test_consent_and_identity_hold_too(
    plain: Callable[..., dict[str, Any]], shop: FakeKube, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "consent":
        shop.consent = False
    else:
        monkeypatch.setenv("FAULTCAST_IDENTITY", "meant")
    journal = plain()
    assert journal["status"] == "interrupted"
    assert "ConsentError" in "".join(journal["run"][0]["exception"])
    assert shop.writes == []


def test_without_the_control_the_fault_refuses(sound: dict[str, Any], shop: FakeKube) -> None:
    del sound["controls"]
    journal = run_experiment(sound, settings={})
    assert "does not know the blast radius" in "".join(journal["run"][0]["exception"])
    assert shop.writes == []


def test_an_abort_query_that_nobody_can_answer_keeps_the_fault_out(
    plain: Callable[..., dict[str, Any]], shop: FakeKube
) -> None:
    def with_condition(document: Any) -> None:
        document["extensions"][0]["abort"] = [{"query": "up", "below": 1}]

    journal = plain(change=with_condition)
    assert journal["status"] == "interrupted"
    assert "the query gives no answer" in "".join(journal["run"][0]["exception"])
    assert shop.writes == []


PROGRAM = {"type": "process", "path": sys.executable}


@pytest.mark.parametrize("place", ["method", "rollbacks", "steady-state-hypothesis"])
def test_what_may_not_run_does_not_run(
    sound: dict[str, Any], shop: FakeKube, tmp_path: Path, place: str
) -> None:
    script = f"open({str(tmp_path / 'ran')!r}, 'w')"
    probe = {
        "type": "probe",
        "name": "p",
        "provider": {**PROGRAM, "arguments": ["-c", script]},
        "tolerance": 0,
    }
    (sound[place]["probes"] if "probes" in sound[place] else sound[place]).insert(0, probe)
    journal = run_experiment(sound, settings={"runtime": {"rollbacks": {"strategy": "always"}}})
    assert journal["status"] == "interrupted"
    assert not (tmp_path / "ran").exists()
    assert shop.writes == []


def test_a_program_that_may_run_is_led_to_no_cluster(
    sound: dict[str, Any], shop: FakeKube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/prod.yaml")
    arguments = ["-c", "import os; print(os.environ['KUBECONFIG'])"]
    probe = {"type": "probe", "name": "p", "provider": {**PROGRAM, "arguments": arguments}}
    sound["method"].insert(0, probe)
    sound["extensions"][0]["programs"] = [sys.executable]
    journal = run_experiment(sound, settings={})
    assert journal["status"] == "completed"
    assert journal["run"][0]["output"]["stdout"].strip() == os.devnull
    assert os.environ["KUBECONFIG"] == "/prod.yaml"
    assert len(shop.writes) == 1


def test_no_kubeconfig_is_ever_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAULTCAST_KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBECONFIG", "/somewhere/else")
    for ask in (current_context, connection):
        with pytest.raises(ConfigurationError, match="no kubeconfig is named"):
            ask({})


def test_the_configuration_wins_over_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shop: FakeKube
) -> None:
    asked: list[KubeContext] = []

    def remember(context: KubeContext) -> Any:
        asked.append(context)
        return shop.client()

    monkeypatch.chdir(tmp_path)
    for name in ("from-the-environment", "from-the-file"):
        write_kubeconfig(tmp_path / name, current="green")
    monkeypatch.setenv("FAULTCAST_KUBECONFIG", "from-the-environment")
    monkeypatch.setattr(context_module, "connect", remember)
    connection({"faultcast_kubeconfig": "from-the-file", "faultcast_context": "blue"})
    connection({})
    assert asked == [
        KubeContext(tmp_path / "from-the-file", "blue"),
        KubeContext(tmp_path / "from-the-environment", "green"),
    ]


def test_one_run_does_not_leak_into_the_next(
    monkeypatch: pytest.MonkeyPatch, shop: FakeKube, cluster: Cluster
) -> None:
    monkeypatch.setenv("FAULTCAST_KUBECONFIG", str(cluster.kube_context.file))
    monkeypatch.setattr(context_module, "open_cluster", lambda *_: cluster)
    monkeypatch.setattr(context_module, "connect", lambda _context: shop.client())
    stand_alone(load_experiment(CATALOG / "no-fault.yaml").document)
    assert current_context({}).extension.blast_radius.namespaces == ("shop",)
    end_stand_alone()
    with pytest.raises(ConfigurationError, match="does not know the blast radius"):
        current_context({})


@pytest.mark.parametrize("path", sorted(CATALOG.glob("*.yaml")), ids=lambda path: path.stem)
def test_chaos_toolkit_finds_the_catalog_valid(path: Path) -> None:
    ensure_experiment_is_valid(load_experiment(path).document)
