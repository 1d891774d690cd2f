import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.targets import Owner, Target
from faultcast.experiments.safety import heal as heal_module
from faultcast.experiments.safety.heal import forget, heal
from faultcast.experiments.safety.ledger import Entry, Ledger, entry_from, entry_text
from faultcast.experiments.safety.revert import revert_entries
from faultcast.infra.errors import ClusterError, ConfigurationError
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.processes import ProcessId
from faultcast.infra.providers.local.record import note_taken_down
from faultcast.infra.settings import Settings
from faultcast.infra.waiting import Wait
from tests.fakekube import IDENTITY, FakeKube

DEAD = ProcessId(2**22 - 3, 1.0)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _entry(kubeconfig: Path, **changes: Any) -> Entry:
    values: dict[str, Any] = {
        "cluster": IDENTITY,
        "kubeconfig": kubeconfig,
        "context": "it",
        "run": "r",
        "trial": "t",
        "runner": DEAD,
        "module": "faultcast.experiments.faults.pod_delete",
        "arguments": {"namespace": "shop", "label_selector": "app=store", "duration": 30.0},
        "targets": (Target("pod", "shop", "store-0001", "u", owner=Owner("Deployment", "store")),),
        "written": NOW,
        "expiry": NOW + timedelta(seconds=60),
    }
    return Entry(**{**values, **changes})


@pytest.fixture
def ledger(settings: Settings) -> Ledger:
    return Ledger(settings.state_dir / "ledger")


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text("{}\n")
    return path


def _heal(settings: Settings, shop: FakeKube) -> list[str]:
    access = Access(kube=shop.client(), clock=shop.clock)
    done = heal(settings, opener=lambda *_: (access, shop.identity), wait=Wait(2.0, 0.5))
    return [f"{'healed' if one.healed else 'left'}: {one.text}" for one in done]


def test_an_entry_comes_back_as_it_was_written(ledger: Ledger, kubeconfig: Path) -> None:
    entry = _entry(kubeconfig)
    ledger.write(entry)
    assert ledger.entries() == (entry,)
    assert str(entry) == "pod-delete of pod shop/store-0001"
    ledger.remove(entry)
    ledger.remove(entry)
    assert ledger.entries() == ()
    assert list(ledger.folder.iterdir()) == []


def test_an_entry_is_synced_before_and_after_its_rename(
    ledger: Ledger, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync, rename = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        order.append("fsync")
        sync(descriptor)

    def replace(self: Path, target: Path) -> Path:
        order.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    ledger.write(_entry(kubeconfig))
    assert order == ["fsync", "rename", "fsync"]


def test_a_crash_while_writing_leaves_no_entry(
    ledger: Ledger, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(KeyboardInterrupt):
        ledger.write(_entry(kubeconfig))
    assert ledger.entries() == ()
    assert ledger.broken() == ()


def test_the_entry_of_a_dead_runner_is_reverted_and_removed(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube
) -> None:
    ledger.write(_entry(kubeconfig))
    assert _heal(settings, shop) == ["healed: reverted and checked"]
    assert ledger.entries() == ()
    assert _heal(settings, shop) == []
    assert shop.writes == []


def test_healing_waits_until_the_workload_is_whole(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube
) -> None:
    ledger.write(_entry(kubeconfig))
    [name] = shop.names("store")
    shop.ready_at[shop.pods["shop", name].metadata.uid] = shop.clock.now + 1.0
    before = shop.clock.now
    assert _heal(settings, shop) == ["healed: reverted and checked"]
    assert shop.clock.now >= before + 1.0


def test_what_cannot_be_healed_is_told_and_kept(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube
) -> None:
    ledger.write(_entry(kubeconfig))
    [name] = shop.names("store")
    shop.ready_at[shop.pods["shop", name].metadata.uid] = float("inf")
    assert _heal(settings, shop) == ["left: deployment store in shop has 0 of 1 replicas ready"]
    assert len(ledger.entries()) == 1


def test_a_workload_that_was_not_whole_before_is_healed_with_as_much(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube
) -> None:
    had = Target("pod", "shop", "gateway-0001", "u", owner=Owner("Deployment", "gateway", before=1))
    ledger.write(_entry(kubeconfig, targets=(had,)))
    shop.ready_at[shop.pods["shop", min(shop.names("gateway"))].metadata.uid] = float("inf")
    assert _heal(settings, shop) == ["healed: reverted and checked"]
    assert ledger.entries() == ()


def test_an_entry_of_a_version_that_knew_less_of_owners_can_be_read(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube
) -> None:
    entry = _entry(kubeconfig)
    old = json.loads(entry_text(entry))
    old["targets"][0]["owner"] = {"kind": "Deployment", "name": "store"}
    ledger.write(entry)
    next(ledger.folder.glob("*.json")).write_text(json.dumps(old))
    assert ledger.entries() == (entry,)
    assert _heal(settings, shop) == ["healed: reverted and checked"]


def test_a_workload_that_was_removed_needs_no_healing(
    ledger: Ledger, kubeconfig: Path, settings: Settings
) -> None:
    ledger.write(_entry(kubeconfig))
    assert _heal(settings, FakeKube()) == ["healed: reverted and checked"]


def test_the_callers_own_entries_are_reverted(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube
) -> None:
    ledger.write(_entry(kubeconfig, runner=ProcessId.of(os.getpid())))
    assert _heal(settings, shop) == ["healed: reverted and checked"]


def test_the_entry_of_another_living_runner_is_left_to_it(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube
) -> None:
    ledger.write(_entry(kubeconfig, runner=ProcessId.of(os.getppid())))
    assert _heal(settings, shop) == []
    assert len(ledger.entries()) == 1
    assert shop.reads == 0


def test_an_entry_of_a_cluster_that_its_provider_took_down_is_dropped_with_a_word(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube
) -> None:
    ledger.write(_entry(kubeconfig))
    note_taken_down(settings, IDENTITY)
    [line] = _heal(settings, shop)
    assert line.startswith("healed: dropped: cluster faultcast was taken down at ")
    assert ledger.entries() == ()
    assert shop.reads == 0


def test_an_entry_is_kept_while_its_cluster_does_not_answer(
    ledger: Ledger, kubeconfig: Path, settings: Settings
) -> None:
    def refuse(_settings: Settings, _context: KubeContext) -> tuple[Access, str]:
        message = "the API server does not answer"
        raise ClusterError(message, remedy="start it")

    ledger.write(_entry(kubeconfig))
    [one] = heal(settings, opener=refuse)
    assert not one.healed
    assert one.text.startswith("the API server does not answer; start it. The effect had to end at ")
    assert len(ledger.entries()) == 1


@pytest.mark.parametrize(("seconds", "says"), [(-1, "had to end"), (3_600, "ends by itself")])
def test_another_cluster_behind_the_kubeconfig_proves_nothing(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube, seconds: float, says: str
) -> None:
    expiry = datetime.now(UTC) + timedelta(seconds=seconds)
    ledger.write(_entry(kubeconfig, cluster="another", expiry=expiry))
    [line] = _heal(settings, shop)
    assert line.startswith(f"left: context it of {kubeconfig} now leads to cluster {IDENTITY}, not another")
    assert f"The effect {says} at" in line
    assert len(ledger.entries()) == 1
    assert shop.writes == []


def test_an_unreadable_entry_is_told_and_kept(settings: Settings, ledger: Ledger, shop: FakeKube) -> None:
    ledger.folder.mkdir(parents=True)
    (ledger.folder / "x.json").write_text("{}")
    assert _heal(settings, shop) == [
        "left: cannot be read: look at it by hand, then drop it: faultcast heal --forget x"
    ]
    assert len(ledger.broken()) == 1


def test_a_cluster_that_is_away_is_knocked_at_once_for_all_its_entries(
    ledger: Ledger, kubeconfig: Path, settings: Settings
) -> None:
    asked: list[KubeContext] = []

    def refuse(_settings: Settings, context: KubeContext) -> tuple[Access, str]:
        asked.append(context)
        message = "the API server does not answer"
        raise ClusterError(message, remedy="start it")

    for context in ("it", "it", "other"):
        ledger.write(_entry(kubeconfig, context=context))
    report = heal(settings, opener=refuse)
    assert [one.healed for one in report] == [False, False, False]
    assert sorted(asked, key=str) == [KubeContext(kubeconfig, "it"), KubeContext(kubeconfig, "other")]
    assert len(ledger.entries()) == 3


def test_a_named_cluster_heals_its_entries_whatever_kubeconfig_they_were_made_with(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faultcast.experiments.safety.heal.all_copies", lambda _access: ((), ()))
    ledger.write(_entry(kubeconfig.with_name("removed")))
    access = Access(kube=shop.client(), clock=shop.clock)
    named = KubeContext(kubeconfig, "it")
    [one] = heal(settings, context=named, opener=lambda *_: (access, shop.identity), wait=Wait(2.0, 0.5))
    assert (one.healed, one.text) == (True, "reverted and checked")


def test_an_entry_of_an_earlier_version_is_still_read(ledger: Ledger, kubeconfig: Path) -> None:
    entry = _entry(kubeconfig, context="")
    text = entry_text(entry)
    assert f'"kubeconfig": "{kubeconfig}"' in text
    assert '"context": ""' in text
    assert entry_from(text) == entry
    with pytest.raises(ConfigurationError, match="was meant from another folder"):
        _entry(Path("kubeconfig"), context="it").reached()


ODD: dict[str, dict[str, Any]] = {
    "no zone": {"expiry": "2026-01-01T00:01:00"},
    "written without a zone": {"written": "2026-01-01T00:01:00"},
    "no process": {"runner": {"pid": -1, "started": 1.0}},
    "process 0": {"runner": {"pid": 0, "started": 1.0}},
    "a path for an id": {"id": "../../x"},
    "the id of another": {"id": "0123456789ab"},
}


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD)
def test_an_odd_entry_is_told_as_unreadable_and_the_others_are_healed(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube, changes: dict[str, Any]
) -> None:
    ledger.write(_entry(kubeconfig))
    values = json.loads(entry_text(_entry(kubeconfig, id="0"))) | changes
    (ledger.folder / "0.json").write_text(json.dumps(values))
    assert _heal(settings, shop) == [
        "left: cannot be read: look at it by hand, then drop it: faultcast heal --forget 0",
        "healed: reverted and checked",
    ]
    assert ledger.entries() == ()
    assert forget(settings, "0").endswith("0.json")
    assert _heal(settings, shop) == []


def test_a_folder_among_the_entries_is_told_and_the_others_are_healed(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube
) -> None:
    ledger.write(_entry(kubeconfig))
    (ledger.folder / "0.json").mkdir()
    told, fine = _heal(settings, shop)
    assert told.startswith("left: cannot be read")
    assert fine == "healed: reverted and checked"
    with pytest.raises(ConfigurationError, match="cannot be removed"):
        forget(settings, "0")


def test_an_entry_that_ends_with_time_itself_is_healed(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube
) -> None:
    ledger.write(_entry(kubeconfig, expiry=datetime(9999, 12, 31, 23, 59, 50, tzinfo=UTC)))
    assert _heal(settings, shop) == ["healed: reverted and checked"]


@pytest.mark.parametrize(
    "module", ["node_cordon", "node_taint", "coredns_down", "monitoring_down", "dns_error"]
)
def test_an_entry_without_what_has_to_be_put_back_is_told_and_kept(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube, module: str
) -> None:
    arguments: dict[str, dict[str, object]] = {
        "node_cordon": {"node": "w1"},
        "node_taint": {"node": "w1"},
        "coredns_down": {},
        "monitoring_down": {"component": "prometheus"},
        "dns_error": {"names": ["a.example"]},
    }
    kinds = {"node_cordon": "node", "node_taint": "node", "dns_error": "name"}
    names = {"coredns_down": "coredns", "monitoring_down": "prometheus", "dns_error": "a.example"}
    target = Target(kinds.get(module, "deployment"), "", names.get(module, "w1"), "u")
    odd = _entry(
        kubeconfig,
        module=f"faultcast.experiments.faults.{module}",
        arguments=arguments[module],
        targets=(target,),
    )
    ledger.write(odd)
    ledger.write(_entry(kubeconfig))
    report = _heal(settings, shop)
    [told] = [line for line in report if line.startswith("left")]
    assert "does not say what has to be put back, so nothing was sent" in told
    assert f"faultcast heal --forget {odd.id}" in told
    assert "healed: reverted and checked" in report
    assert ledger.entries() == (odd,)


def test_an_entry_that_crashes_its_healing_is_told_with_where_the_details_are(
    ledger: Ledger, kubeconfig: Path, settings: Settings, shop: FakeKube, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = _entry(kubeconfig, arguments={"odd": True})
    ledger.write(odd)
    ledger.write(_entry(kubeconfig))

    def crash(access: Access, there: Ledger, entries: tuple[Entry, ...], wait: Wait) -> tuple[str, ...]:
        if entries == (odd,):
            raise KeyError("restore")
        return revert_entries(access, there, entries, wait)

    monkeypatch.setattr(heal_module, "revert_entries", crash)
    report = _heal(settings, shop)
    [told] = [line for line in report if line.startswith("left")]
    assert told.startswith("left: cannot be healed: KeyError: 'restore'; the details are in ")
    assert f"faultcast heal --forget {odd.id}" in told
    assert "healed: reverted and checked" in report
    assert len(list((settings.state_dir / "crashes").iterdir())) == 1
    assert ledger.entries() == (odd,)
