"""A kubeconfig with two contexts: whoever names one is never led to the other, which counts its visitors."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.helpers.manifests import ROLE
from faultcast.experiments.resources.targets import Target
from faultcast.experiments.safety.ledger import Entry, Ledger, entry_text
from faultcast.infra.processes import ProcessId
from tests.fakeapi.over_http import Served, served
from tests.kubeconfigs import write_kubeconfig

pytest_plugins = ("pytester",)

TEST, PROD = "11111111-2222-3333-4444-555555555555", "99999999-0000-0000-0000-000000000000"
NODE = "/api/v1/nodes/worker"
DEAD = ProcessId(2**22 - 3, 1.0)

type Heal = Callable[..., tuple[int, str]]


@dataclass
class Two:
    """Context `blue` leads to the cluster for tests, `green` to production."""

    file: Path
    blue: Served
    green: Served
    ledger: Ledger

    def entry(self, identity: str = TEST, **changes: Any) -> Entry:
        """Of a dead runner of this machine, that cordoned the worker an hour ago for a minute."""
        step = {
            "path": NODE,
            "body": {"spec": {"unschedulable": None}},
            "only_if": {"spec.unschedulable": True},
            "content": "application/merge-patch+json",
        }
        written = datetime.now(UTC) - timedelta(hours=1)
        values: dict[str, Any] = {
            "cluster": identity,
            "kubeconfig": self.file,
            "context": {TEST: "blue", PROD: "green"}[identity],
            "run": "r",
            "trial": "t",
            "runner": DEAD,
            "module": "faultcast.experiments.faults.node_cordon",
            "arguments": {"node": "worker", "duration": 60.0},
            "targets": (Target("node", "", "worker", _uid(self, identity), node="worker"),),
            "state": {"restore": [step], "spread": {}, "lacking": []},
            "written": written,
            "expiry": written + timedelta(minutes=1),
        }
        return Entry(**{**values, **changes})

    def cordoned(self, served: Served) -> bool:
        return bool(_worker(served)["spec"].get("unschedulable"))


def _worker(served: Served) -> Any:
    return next(item for _, item in served.api.store.items("nodes") if item["metadata"]["name"] == "worker")


def _uid(two: Two, identity: str) -> str:
    return str(_worker(two.blue if identity == TEST else two.green)["metadata"]["uid"])


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with served(TEST) as blue, served(PROD) as green:
        file = tmp_path / "kubeconfig"
        write_kubeconfig(file, current="green", blue=blue.url, green=green.url)
        both = Two(file, blue, green, Ledger(tmp_path / "state" / "ledger"))
        for one in (blue, green):
            _worker(one)["spec"]["unschedulable"] = True
        yield both


@pytest.fixture
def noted(two: Two) -> None:
    """Each cluster's own ledger holds an effect that a run on some other machine left in it."""
    for one, identity in ((two.blue, TEST), (two.green, PROD)):
        entry = two.entry(identity, host="elsewhere", kubeconfig=Path("/elsewhere/kubeconfig"))
        one.api.apply("namespaces", {"metadata": {"name": "faultcast"}})
        meta = {"name": f"ledger-{entry.id}", "namespace": "faultcast", "labels": {ROLE: "ledger"}}
        one.api.apply("configmaps", {"metadata": meta, "data": {"entry.json": entry_text(entry)}})


@pytest.fixture
def heal(tmp_path: Path) -> Heal:
    """Runs `faultcast heal` in a process and a folder of its own."""

    def run(*words: str | Path) -> tuple[int, str]:
        command = [str(Path(sys.executable).with_name("faultcast")), "heal", *map(str, words)]
        environment = {
            **os.environ,
            "FAULTCAST_STATE_DIR": str(tmp_path / "state"),
            "FAULTCAST_HELPER_IMAGE": "helper:1",
            "KUBECONFIG": str(tmp_path / "kubeconfig"),
        }
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, cwd="/", env=environment
        )
        assert done.stderr == "" or done.returncode == 2, done.stderr
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.usefixtures("noted")
def test_the_named_clusters_own_ledger_is_healed_and_the_other_never_asked(two: Two, heal: Heal) -> None:
    code, said = heal("--kubeconfig", two.file, "--context", "blue")
    assert (code, said.count("\n")) == (0, 1), said
    assert "reverted and checked; it was begun on elsewhere" in said
    assert not two.cordoned(two.blue)
    assert two.cordoned(two.green)
    assert two.green.requests == []


@pytest.mark.usefixtures("noted")
def test_the_sweep_of_a_session_keeps_to_its_context(
    two: Two, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULTCAST_STATE_DIR", str(two.ledger.folder.parent))
    monkeypatch.setenv("FAULTCAST_HELPER_IMAGE", "helper:1")
    two.ledger.write(two.entry(PROD))
    pytester.makepyfile("def test_it(faultcast_healed): pass")
    options = (
        "--faultcast-cluster", "existing", "--faultcast-kubeconfig", two.file,
        "--faultcast-kube-context", "blue", "--faultcast-prometheus-url", "http://127.0.0.1:1",
    )  # fmt: skip
    done = pytester.runpytest_subprocess(*map(str, options))
    done.assert_outcomes(passed=1)
    said = done.stdout.str()
    assert said.count("healed before the first trial: node-cordon of node worker: reverted") == 1
    assert said.count("NOT HEALED: node-cordon of node worker: it is of another cluster") == 1
    assert not two.cordoned(two.blue)
    assert two.green.requests == []


def test_an_entry_is_healed_where_it_was_made_whatever_the_current_context_is(two: Two, heal: Heal) -> None:
    two.ledger.write(two.entry())
    code, said = heal()
    assert (code, said) == (0, "healed  node-cordon of node worker: reverted and checked\n")
    assert not two.cordoned(two.blue)
    assert two.ledger.entries() == ()
    assert two.green.requests == []


def test_an_entry_of_another_cluster_than_the_named_one_is_kept_and_told(two: Two, heal: Heal) -> None:
    two.ledger.write(two.entry(PROD))
    code, said = heal("--kubeconfig", two.file, "--context", "blue")
    assert code == 1
    assert said.startswith("NOT HEALED  node-cordon of node worker: it is of another cluster than the one")
    assert len(two.ledger.entries()) == 1
    assert two.green.requests == []


@pytest.mark.parametrize("changes", [{"context": ""}, {"kubeconfig": Path("kubeconfig"), "context": ""}])
def test_an_entry_that_does_not_say_for_good_what_was_meant_waits_until_somebody_does(
    two: Two, heal: Heal, changes: dict[str, Any]
) -> None:
    two.ledger.write(two.entry(**changes))
    code, said = heal()
    assert code == 1
    assert "NOT HEALED" in said
    assert (two.blue.requests, two.green.requests) == ([], [])
    assert heal("--kubeconfig", two.file, "--context", "blue")[0] == 0
    assert not two.cordoned(two.blue)
    assert two.green.requests == []


def test_a_context_that_leads_to_another_cluster_now_is_asked_for_its_name_only(two: Two, heal: Heal) -> None:
    two.ledger.write(two.entry())
    write_kubeconfig(two.file, blue=two.green.url, green=two.green.url)
    code, said = heal()
    assert code == 1
    assert f"context blue of {two.file} now leads to cluster {PROD}, not {TEST}" in said
    assert two.cordoned(two.green)
    assert all(request.startswith("GET /api/v1/") for request in two.green.requests)
    assert two.green.api.writes == []


def test_a_context_or_a_file_that_is_gone_proves_nothing(two: Two, heal: Heal) -> None:
    two.ledger.write(two.entry(context="red"))
    assert "it has no context red" in heal()[1]
    two.file.write_text("\t")
    assert "is no YAML" in heal()[1]
    two.file.unlink()
    code, said = heal()
    assert code == 1
    assert f"NOT HEALED  node-cordon of node worker: there is no kubeconfig at {two.file}" in said
    assert two.cordoned(two.blue)
    assert len(two.ledger.entries()) == 1


def test_somebody_who_has_looked_can_drop_an_entry_by_its_name(two: Two, heal: Heal) -> None:
    entry = two.entry(kubeconfig=Path("/nowhere/kubeconfig"))
    two.ledger.write(entry)
    assert f"drop it: faultcast heal --forget {entry.id}" in heal()[1]
    assert heal("--forget", "unknown")[0] == 2
    assert heal("--forget", entry.id) == (0, "dropped, not healed: node-cordon of node worker\n")
    assert heal() == (0, "nothing to heal\n")


def test_a_copy_that_somebody_doctored_gets_nothing_written_with_the_healers_rights(
    two: Two, heal: Heal
) -> None:
    step = {
        "path": "/api/v1/namespaces/kube-system",
        "body": {"metadata": {"labels": {"owned": "yes"}}},
        "only_if": {},
        "content": "application/merge-patch+json",
        "without": None,
    }
    entry = two.entry(host="elsewhere", state={"restore": [step]})
    two.blue.api.apply("namespaces", {"metadata": {"name": "faultcast"}})
    for name, text in ((f"ledger-{entry.id}", entry_text(entry)), ("ledger-odd", '{"odd": true}')):
        meta = {"name": name, "namespace": "faultcast", "labels": {ROLE: "ledger"}}
        two.blue.api.apply("configmaps", {"metadata": meta, "data": {"entry.json": text}})
    code, said = heal("--kubeconfig", two.file, "--context", "blue")
    assert code == 1, said
    assert "NOT HEALED  config map ledger-odd in faultcast: cannot be read" in said
    assert "names other requests than node-cordon sends, so nothing was sent" in said
    assert two.blue.api.writes == []


def test_odd_entries_keep_no_other_from_being_healed(two: Two, heal: Heal) -> None:
    bare, strange = two.entry(state={}), two.entry(module="os")
    for entry in (bare, strange, two.entry()):
        two.ledger.write(entry)
    (two.ledger.folder / "a.json").mkdir()
    text = entry_text(two.entry(id="b")).replace(str(DEAD.pid), "-1")
    (two.ledger.folder / "b.json").write_text(text)
    code, said = heal()
    assert code == 1, said
    assert said.count("NOT HEALED") == 4, said
    assert said.count("healed  node-cordon of node worker: reverted and checked") == 1
    for name in (bare.id, strange.id, "a", "b"):
        assert f"faultcast heal --forget {name}" in said
    assert not two.cordoned(two.blue)


def test_a_living_runner_keeps_its_entry(two: Two, heal: Heal) -> None:
    entry = two.entry(runner=ProcessId.of(os.getpid()))
    two.ledger.write(entry)
    code, said = heal("--forget", entry.id)
    assert (code, "is being carried out by process" in said) == (2, True)
    assert two.ledger.entries() == (entry,)
