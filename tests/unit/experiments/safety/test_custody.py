"""What stands for an effect in the cluster: rights, keeper, copy of the entry, and healing from that copy."""

import platform
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from faultcast.experiments.fault import Plan, Restoration
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.permissions import Permission, helper_rights
from faultcast.experiments.resources.targets import Target
from faultcast.experiments.safety.accounts import ensure_account, remove_accounts
from faultcast.experiments.safety.custody import ClusterCustody, copies, give_back
from faultcast.experiments.safety.heal import heal
from faultcast.experiments.safety.ledger import Entry, Ledger, entry_text
from faultcast.infra.errors import ClusterError, InjectionError
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.processes import ProcessId
from faultcast.infra.settings import Settings
from faultcast.infra.waiting import Wait
from tests.fakeapi import FakeApi
from tests.fakekube import IDENTITY

DEAD = ProcessId(2**22 - 3, 1.0)
CORDON = "faultcast.experiments.faults.node_cordon"
WORKER = "/api/v1/nodes/worker"
OPEN = Restoration(WORKER, {"spec": {"unschedulable": None}}, {"spec.unschedulable": True})
RIGHTS = (*helper_rights(), Permission(("get", "list", "patch"), "nodes"))


@pytest.fixture
def acting(api: FakeApi) -> Access:
    """Access with the rights of node-cordon."""
    return ClusterCustody().admit(api.access(), "node-cordon", RIGHTS, 60.0)


def _entry(api: FakeApi, folder: Path, **changes: Any) -> Entry:
    [worker] = [item for _, item in api.store.items("nodes") if item["metadata"]["name"] == "worker"]
    now = datetime.fromtimestamp(api.epoch(), UTC)
    step = {"path": WORKER, "body": OPEN.body, "only_if": OPEN.only_if, "content": OPEN.content}
    values: dict[str, Any] = {
        "cluster": IDENTITY,
        "kubeconfig": folder / "kubeconfig",
        "context": "it",
        "run": "r",
        "trial": "t",
        "runner": DEAD,
        "module": CORDON,
        "arguments": {"node": "worker", "duration": 20.0},
        "targets": (Target("node", "", "worker", worker["metadata"]["uid"], node="worker"),),
        "state": {"restore": [step], "spread": {}, "lacking": []},
        "written": now,
        "expiry": now + timedelta(seconds=30),
    }
    return Entry(**{**values, **changes})


def _cordon(api: FakeApi) -> None:
    api.kube().core.patch_node("worker", {"spec": {"unschedulable": True}})


def _cordoned(api: FakeApi) -> bool:
    return bool(api.kube().core.read_node("worker").spec.unschedulable)


def test_the_account_has_the_rights_it_was_given_and_no_others(api: FakeApi, acting: Access) -> None:
    assert acting.account == "fault-node-cordon"
    acting.kube.core.patch_node("worker", {"metadata": {"labels": {"seen": "true"}}})
    core: Any = acting.kube.core
    for forbidden, name in (
        (core.delete_node, "worker"),
        (core.list_namespaced_pod, "shop"),
        (core.list_namespaced_secret, "faultcast"),
    ):
        with pytest.raises(ApiException) as caught:
            forbidden(name)
        assert caught.value.status == 403


def test_what_is_in_place_is_not_written_again(api: FakeApi, acting: Access) -> None:
    before = len(api.writes)
    ensure_account(api.kube(), "node-cordon", RIGHTS)
    assert len(api.writes) == before
    ensure_account(api.kube(), "node-cordon", (*RIGHTS, Permission(("get",), "leases", "", "x.io")))
    assert [write.partition(" ")[0] for write in api.writes[before:]] == ["PUT"]


def test_whoever_may_not_give_rights_is_told_who_can(api: FakeApi) -> None:
    nobody = api.kube("default/nobody")
    with pytest.raises(ClusterError) as refused:
        ensure_account(nobody, "node-cordon", RIGHTS)
    assert refused.value.remedy == "have an administrator run: faultcast roles --apply"


def test_accounts_and_roles_are_taken_away(api: FakeApi, acting: Access) -> None:
    removed = remove_accounts(api.kube())
    assert "service account fault-node-cordon in faultcast" in removed
    kinds = ("serviceaccounts", "roles", "rolebindings", "clusterroles", "clusterrolebindings")
    assert [key for kind in kinds for key, _ in api.store.items(kind)] == []
    assert remove_accounts(api.kube()) == ()


def test_the_keeper_is_on_another_node_and_owns_the_copy(
    api: FakeApi, acting: Access, tmp_path: Path
) -> None:
    entry = _entry(api, tmp_path)
    effect = ClusterCustody().take(acting, entry, Plan("node-cordon", targets=entry.targets, restore=(OPEN,)))
    api.pass_time(1.0)
    [keeper] = [item for _, item in api.store.items("pods", "faultcast")]
    assert keeper["spec"]["nodeName"] == "master"
    [copy] = [item for _, item in api.store.items("configmaps", "faultcast")]
    assert [owner["uid"] for owner in copy["metadata"]["ownerReferences"]] == [effect.owner]
    assert copies(api.access()) == (entry,)
    give_back(acting, entry.id)
    api.pass_time(1.0)
    assert [key for key, _ in api.store.everything() if key.resource in ("jobs", "configmaps")] == [
        ("configmaps", "kube-system", "coredns")
    ]
    give_back(acting, entry.id)


def test_an_effect_that_cannot_be_noted_is_not_begun(api: FakeApi, acting: Access, tmp_path: Path) -> None:
    api.server.refuse = lambda method, path: 500 if method == "POST" and "configmaps" in path else None
    with pytest.raises(InjectionError, match="cannot note the effect in the cluster"):
        ClusterCustody().take(acting, _entry(api, tmp_path), Plan("node-cordon"))


@pytest.mark.parametrize("changed", [False, True], ids=["as-it-was-left", "changed-by-somebody"])
def test_the_keeper_puts_back_only_what_still_shows_the_effect(
    api: FakeApi, acting: Access, tmp_path: Path, changed: bool
) -> None:
    entry = _entry(api, tmp_path)
    only_mine = replace(OPEN, only_if={"spec.unschedulable": True, "metadata.labels.owner": None})
    ClusterCustody().take(acting, entry, Plan("node-cordon", targets=entry.targets, restore=(only_mine,)))
    _cordon(api)
    if changed:
        api.kube().core.patch_node("worker", {"metadata": {"labels": {"owner": "somebody"}}})
    api.pass_time(29.0)
    assert _cordoned(api)
    api.pass_time(3.0)
    assert _cordoned(api) is changed
    api.pass_time(10.0)
    assert api.store.items("jobs") == []
    assert copies(api.access()) == ()


def _heal(api: FakeApi, settings: Settings, kubeconfig: Path) -> list[tuple[bool, str]]:
    done = heal(
        settings,
        context=KubeContext(kubeconfig, "it"),
        opener=lambda *_: (api.access(), IDENTITY),
        wait=Wait(20.0, 0.5),
    )
    return [(one.healed, one.text) for one in done]


@pytest.mark.parametrize(
    ("host", "seconds", "healed"),
    [
        pytest.param("elsewhere", -31, True, id="overdue"),
        pytest.param("elsewhere", -29, False, id="hardly-overdue"),
        pytest.param("elsewhere", 30, False, id="of-a-runner-elsewhere"),
        pytest.param(platform.node(), 30, True, id="of-a-dead-runner-here"),
    ],
)
def test_what_others_noted_in_the_cluster_is_healed_when_nobody_else_will(
    api: FakeApi,
    acting: Access,
    settings: Settings,
    tmp_path: Path,
    host: str,
    seconds: float,
    healed: bool,
) -> None:
    entry = _entry(api, tmp_path, host=host, expiry=datetime.now(UTC) + timedelta(seconds=seconds))
    ClusterCustody().take(acting, entry, Plan("node-cordon", targets=entry.targets))
    _cordon(api)
    report = _heal(api, settings, tmp_path / "kubeconfig")
    text = f"reverted and checked; it was begun on {host}"
    assert report == ([(True, text)] if healed else [])
    assert _cordoned(api) is not healed
    assert len(copies(api.access())) == (0 if healed else 1)


def test_an_effect_in_both_ledgers_is_healed_once(
    api: FakeApi, acting: Access, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "kubeconfig").write_text("{}\n")
    entry = _entry(api, tmp_path)
    Ledger(settings.state_dir / "ledger").write(entry)
    ClusterCustody().take(acting, entry, Plan("node-cordon", targets=entry.targets))
    _cordon(api)
    assert _heal(api, settings, tmp_path / "kubeconfig") == [(True, "reverted and checked")]
    assert not _cordoned(api)
    assert copies(api.access()) == ()
    assert _heal(api, settings, tmp_path / "kubeconfig") == []


def test_a_copy_that_nobody_can_read_is_told_and_left_alone(
    api: FakeApi, settings: Settings, tmp_path: Path
) -> None:
    api.apply("namespaces", {"metadata": {"name": "faultcast"}})
    meta = {"name": "ledger-x", "namespace": "faultcast", "labels": {"faultcast.dev/role": "ledger"}}
    api.apply("configmaps", {"metadata": meta, "data": {"entry.json": "{}"}})
    assert copies(api.access()) == ()
    done = heal(
        settings,
        context=KubeContext(tmp_path / "kubeconfig", "it"),
        opener=lambda *_: (api.access(), IDENTITY),
    )
    [told] = done
    assert not told.healed
    assert str(told).startswith("config map ledger-x in faultcast: cannot be read as an entry of the ledger")
    assert api.writes == []


@pytest.mark.parametrize(
    "step",
    [
        {"path": "/api/v1/namespaces/kube-system", "body": {"metadata": {"labels": {"a": "b"}}}},
        {"path": "/api/v1/nodes/master", "body": OPEN.body, "only_if": OPEN.only_if},
        {"path": WORKER, "body": {"metadata": {"labels": {"a": "b"}}}},
        {"x": 1},
    ],
)
def test_whoever_may_write_copies_gets_nothing_else_written(
    api: FakeApi, acting: Access, settings: Settings, tmp_path: Path, step: dict[str, Any]
) -> None:
    past = datetime.now(UTC) - timedelta(seconds=60)
    entry = _entry(api, tmp_path, state={"restore": [step]}, host="elsewhere", expiry=past)
    ClusterCustody().take(acting, entry, Plan("node-cordon", targets=entry.targets))
    _cordon(api)
    before = len(api.writes)
    [(healed, text)] = _heal(api, settings, tmp_path / "kubeconfig")
    assert not healed
    assert "so nothing was sent" in text
    assert f"kubectl -n faultcast delete configmap ledger-{entry.id}" in text
    assert len(api.writes) == before
    assert _cordoned(api)
    assert copies(api.access()) == (entry,)


def test_a_copy_under_the_name_of_another_is_told_and_left_alone(
    api: FakeApi, settings: Settings, tmp_path: Path
) -> None:
    api.apply("namespaces", {"metadata": {"name": "faultcast"}})
    meta = {"name": "ledger-x", "namespace": "faultcast", "labels": {"faultcast.dev/role": "ledger"}}
    api.apply("configmaps", {"metadata": meta, "data": {"entry.json": entry_text(_entry(api, tmp_path))}})
    assert [healed for healed, _ in _heal(api, settings, tmp_path / "kubeconfig")] == [False]
    assert api.writes == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": {}}, "does not say what has to be put back"),
        ({"state": {"restore": [{"x": 1}]}}, "does not say what has to be put back"),
        ({"expiry": datetime(9999, 12, 31, 23, 59, 50, tzinfo=UTC)}, ""),
    ],
)
def test_an_odd_copy_keeps_no_other_from_being_healed(
    api: FakeApi, acting: Access, settings: Settings, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    past = datetime.now(UTC) - timedelta(seconds=60)
    for one in (changes, {}):
        entry = _entry(api, tmp_path, **{"host": "elsewhere", "expiry": past, **one})
        ClusterCustody().take(acting, entry, Plan("node-cordon", targets=entry.targets))
    _cordon(api)
    report = _heal(api, settings, tmp_path / "kubeconfig")
    fine = (True, "reverted and checked; it was begun on elsewhere")
    assert fine in report
    assert not _cordoned(api)
    assert [said in text for healed, text in report if not healed] == ([True] if said else [])
