"""Who brings a pod back: found before anything is touched, or refused before anything is touched."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from kubernetes import client

from faultcast.experiments.document.extension import EvidenceSpec
from faultcast.experiments.faults import container_kill, crash_loop, dns_drop, pod_delete
from faultcast.experiments.faults.pod_delete import FAULT as DELETE
from faultcast.experiments.resources.owners import Owners
from faultcast.experiments.resources.targets import Owner
from faultcast.experiments.resources.workloads import everything_lacking, owners_missing, what_is_missing
from faultcast.experiments.safety.radius import refusals
from faultcast.infra.errors import ClusterError, InjectionError, RefusedError, RevertError
from tests.contract.stage import Stage
from tests.fakeapi import FakeApi
from tests.fakeapi.objects import template, workload
from tests.fakeapi.pods import reference
from tests.fakeapi.store import Object
from tests.unit.experiments.planning import planned
from tests.unit.experiments.resources.test_candidates import WIDE


def custom(api: FakeApi, resource: str, name: str, *, owner: Object | None = None, pods: int = 2) -> Object:
    """An object of a custom resource that makes pods as a replica set does."""
    made = workload("shop", name, pods)
    made["metadata"]["ownerReferences"] = [reference(owner)] if owner else []
    return api.apply(resource, made)


def rolled(api: FakeApi) -> None:
    """Pods of a replica set of a Rollout."""
    above = api.apply("rollouts", {"metadata": {"name": "rolled", "namespace": "shop"}, "spec": {}})
    custom(api, "replicasets", "rolled", owner=above)


def cloned(api: FakeApi) -> None:
    """Pods of a CloneSet, which has a scale."""
    custom(api, "clonesets", "cloned")


def pooled(api: FakeApi) -> None:
    """Pods of a set without a scale, which a pool with one owns."""
    above = custom(api, "pools", "pooled", pods=2)
    above["status"] = {"replicas": 2}
    api.apply("pools", above)
    custom(api, "podsets", "pooled", owner=above)


def lost(api: FakeApi) -> None:
    """Pods of a set without a scale, which nobody owns."""
    custom(api, "podsets", "lost")


def job(api: FakeApi, name: str = "batch", **spec: Any) -> Object:
    """A Job of one pod, made by a CronJob."""
    above = api.apply("cronjobs", {"metadata": {"name": name, "namespace": "shop"}, "spec": {}})
    made: Object = {
        "metadata": {"name": name, "namespace": "shop", "ownerReferences": [reference(above)]},
        "spec": {
            "completions": 1,
            "parallelism": 1,
            "selector": {"matchLabels": {"job-name": name}},
            "template": template(name, {"app": name}),
            **spec,
        },
    }
    return api.apply("jobs", made)


def ready(api: FakeApi, make: Callable[[FakeApi], Any]) -> FakeApi:
    make(api)
    api.settle()
    api.pass_time(3.0)
    return api


def of(app: str, **more: Any) -> dict[str, Any]:
    return {"namespace": "shop", "label_selector": f"app={app}", "duration": 12, **more}


@pytest.mark.parametrize(
    ("make", "app", "owner"),
    [
        (rolled, "rolled", Owner("ReplicaSet", "rolled")),
        (job, "batch", Owner("Job", "batch")),
        (
            cloned,
            "cloned",
            Owner(
                "CloneSet", "cloned", group="apps.kruise.io", version="v1alpha1", plural="clonesets", uid="?"
            ),
        ),
        (
            pooled,
            "pooled",
            Owner("Pool", "pooled", group="kafka.strimzi.io", version="v1beta2", plural="pools", uid="?"),
        ),
    ],
)
def test_it_is_the_nearest_whose_wholeness_can_be_told(
    make: Callable[[FakeApi], Any], app: str, owner: Owner, api: FakeApi
) -> None:
    ready(api, make)
    [target] = planned(api.access(), DELETE, of(app), peer="app=gateway").targets
    assert target.owner is not None
    assert str(target.owner) == str(owner)
    assert (target.owner.group, target.owner.plural) == (owner.group, owner.plural)
    assert owners_missing(api.kube(), [target]) == ()
    for key, pod in api.store.items("pods", "shop", f"app={app}"):
        api.pods.spoiled[pod["metadata"]["uid"]] = {"conditions": [{"type": "Ready", "status": "False"}]}
        api.store.put("pods", pod)
        assert key.name
    [missing] = owners_missing(api.kube(), [target])
    assert missing.startswith(f"{owner} in shop has 0 of ")


@pytest.mark.parametrize(("make", "app"), [(rolled, "rolled"), (cloned, "cloned"), (pooled, "pooled")])
@pytest.mark.parametrize("fault", [pod_delete.FAULT, container_kill.FAULT, crash_loop.FAULT, dns_drop.FAULT])
def test_a_fault_of_its_pods_is_carried_out_with_the_rights_of_its_role_alone(
    make: Callable[[FakeApi], Any], app: str, fault: Any, stage: Callable[..., Stage]
) -> None:
    on = stage(fault, of(app))
    ready(on.api, make)
    with on.unchanged():
        assert on.perform()["left"] == []
    assert on.proof.proved
    assert on.api.server.denied == []
    assert on.context.ledger.entries() == ()


@pytest.mark.parametrize("fault", [pod_delete.FAULT, container_kill.FAULT, dns_drop.FAULT])
def test_where_nobody_could_tell_nothing_is_touched(fault: Any, stage: Callable[..., Stage]) -> None:
    on = stage(fault, of("lost"))
    ready(on.api, lost)
    _, reasons = on.plan()
    [reason] = reasons
    assert "a PodSet (core.strimzi.io/v1beta2) owns it, and nobody could tell" in reason.text
    with pytest.raises(RefusedError, match="nobody could tell"):
        on.perform()
    assert on.api.writes == []


@pytest.mark.parametrize("resource", ["clonesets", "statefulsets"])
def test_a_workload_whose_selector_misses_its_own_pods_tells_nothing(resource: str, api: FakeApi) -> None:
    made = custom(api, resource, "astray")
    made["spec"]["selector"] = {"matchLabels": {"app": "others"}}
    ready(api, lambda _: None)
    plan = planned(api.access(), DELETE, of("astray"))
    assert any("does not count the pods that are its own" in text for text in plan.objections)


def test_a_scale_that_may_not_be_read_is_told_before_anything_is_touched(api: FakeApi) -> None:
    ready(api, cloned)
    api.server.refuse = lambda _method, path: 403 if path.endswith("/scale") else None
    with pytest.raises(ClusterError, match=r"cannot read the scale of cloneset cloned in shop: .* 403"):
        planned(api.access(), DELETE, of("cloned"))


def test_a_replica_set_that_may_not_be_read_is_what_the_error_names(api: FakeApi) -> None:
    api.server.refuse = lambda _method, path: 403 if "/replicasets" in path else None
    with pytest.raises(ClusterError, match="cannot read replicaset gateway-rs in shop"):
        planned(api.access(), DELETE, of("gateway"))


def owners(*references: Mapping[str, Any]) -> Any:
    found = [client.V1OwnerReference(controller=True, **one) for one in references]
    return client.V1Pod(metadata=client.V1ObjectMeta(name="a", namespace="shop", owner_references=found))


KRUISE = {"api_version": "apps.kruise.io/v1alpha1", "name": "x", "uid": "u"}


def test_a_kind_of_the_same_name_in_another_group_is_another_kind(api: FakeApi) -> None:
    found = Owners(api.kube()).of(owners({**KRUISE, "kind": "StatefulSet"}))
    assert found.owner is None
    assert "a StatefulSet (apps.kruise.io/v1alpha1) owns it" in found.why_not


def test_owners_that_own_each_other_come_to_an_end(api: FakeApi) -> None:
    first = api.apply(
        "podsets", {"metadata": {"name": "a", "namespace": "shop"}, "spec": workload("shop", "a", 0)["spec"]}
    )
    second = api.apply("rollouts", {"metadata": {"name": "b", "namespace": "shop"}, "spec": {}})
    first["metadata"]["ownerReferences"] = [reference(second)]
    second["metadata"]["ownerReferences"] = [reference(first)]
    one = reference(first)
    pod = owners(
        {"api_version": one["apiVersion"], "kind": one["kind"], "name": one["name"], "uid": one["uid"]}
    )
    assert Owners(api.kube()).of(pod).owner is None


def test_a_static_pod_is_nobodys_and_cannot_be_deleted(api: FakeApi) -> None:
    pod = owners({"api_version": "v1", "kind": "Node", "name": "master", "uid": "n"})
    found = Owners(api.kube()).of(pod)
    assert (found.owner, found.why_not) == (None, "")


def test_an_owner_that_is_gone_brings_nothing_back(api: FakeApi) -> None:
    one = {"api_version": "apps/v1", "kind": "ReplicaSet", "name": "gone", "uid": "g"}
    assert "replicaset gone, is gone" in Owners(api.kube()).of(owners(one)).why_not


def test_a_workload_of_which_nobody_can_tell_is_no_surprise_for_an_old_ledger(api: FakeApi) -> None:
    with pytest.raises(ClusterError, match="cannot tell whether rollout old in shop is whole"):
        what_is_missing(api.kube(), "shop", Owner("Rollout", "old"))


def test_a_replica_set_of_an_unknown_kind_counts_among_the_workloads_of_the_cluster(api: FakeApi) -> None:
    ready(api, rolled)
    assert everything_lacking(api.kube()) == {}
    api.spoil("rolled", conditions=[{"type": "Ready", "status": "False"}])
    assert {name: str(one) for name, one in everything_lacking(api.kube()).items()} == {
        "replicaset rolled in shop": "has 0 of 2 replicas ready"
    }


class TestJobs:
    """Pods of Jobs."""

    def test_a_pod_that_is_deleted_is_made_anew(self, stage: Callable[..., Stage]) -> None:
        on = with_peer(stage(DELETE, of("batch", grace_period=0)), "app=gateway")
        ready(on.api, job)
        with on.unchanged():
            assert on.perform()["left"] == []
        assert on.api.server.denied == []

    @pytest.mark.parametrize(
        ("spec", "failed", "fine"),
        [
            ({}, 0, True),
            ({"backoffLimit": 0}, 0, False),
            ({"backoffLimit": 1}, 1, False),
            ({"backoffLimit": 2}, 1, True),
            ({"backoffLimit": 6, "backoffLimitPerIndex": 0}, 0, False),
            ({"backoffLimit": 6, "backoffLimitPerIndex": 1}, 0, True),
        ],
    )
    def test_one_without_retries_is_spared(
        self, spec: dict[str, Any], failed: int, fine: bool, api: FakeApi
    ) -> None:
        made = job(api, **spec)
        ready(api, lambda _: None)
        made["status"] = {"active": 1, "failed": failed}
        ends = planned(api.access(), container_kill.FAULT, of("batch"), peer="app=gateway")
        assert any("would fail for good" in text for text in ends.objections) != fine
        keeps = planned(api.access(), dns_drop.FAULT, of("batch"), peer="app=gateway")
        assert keeps.objections == ()

    def test_a_crash_loop_takes_more_retries_than_there_are(self, api: FakeApi) -> None:
        ready(api, job)
        plan = planned(api.access(), crash_loop.FAULT, of("batch", every=1), peer="app=gateway")
        assert any("this takes 13" in text for text in plan.objections)

    @pytest.mark.parametrize(
        ("status", "spec", "missing"),
        [
            ({"conditions": [{"type": "Complete", "status": "True"}], "succeeded": 1}, {}, ""),
            ({"succeeded": 1}, {}, ""),
            ({}, {"suspend": True}, ""),
            ({"succeeded": 2}, {"completions": None, "parallelism": 2}, ""),
            (
                {"succeeded": 1},
                {"completions": 3, "parallelism": 4},
                "job batch in shop has 0 of 2 replicas ready",
            ),
            ({"active": 1}, {}, "job batch in shop has 0 of 1 replicas ready"),
        ],
    )
    def test_it_is_whole_when_it_is_complete_or_has_its_pods(
        self, status: dict[str, Any], spec: dict[str, Any], missing: str, api: FakeApi
    ) -> None:
        made = job(api, selector={"matchLabels": {"job-name": "nobody"}}, **spec)
        api.controllers.settle = lambda: None  # type: ignore[method-assign]
        made["status"] = status
        assert what_is_missing(api.kube(), "shop", Owner("Job", "batch")) == missing

    def test_one_that_has_failed_is_told_and_not_waited_for(self, api: FakeApi) -> None:
        made = job(api)
        api.controllers.settle = lambda: None  # type: ignore[method-assign]
        failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
        made["status"] = {"conditions": [failed]}
        with pytest.raises(RevertError, match="job batch in shop has failed for good: BackoffLimitExceeded"):
            what_is_missing(api.kube(), "shop", Owner("Job", "batch"))

    def test_one_that_is_gone_is_not_waited_for(self, api: FakeApi) -> None:
        assert what_is_missing(api.kube(), "shop", Owner("Job", "gone")) == ""


class TestAlone:
    """Pods without an owner."""

    @pytest.fixture
    def alone(self, api: FakeApi) -> FakeApi:
        for name in ("alone-1", "alone-2"):
            made = template("alone", {"app": "alone"})
            made["metadata"].update(name=name, namespace="shop")
            api.apply("pods", made)
        api.pass_time(3.0)
        return api

    def test_they_only_have_faults_that_they_survive(self, alone: FakeApi) -> None:
        assert "nothing would bring" in planned(alone.access(), DELETE, of("alone")).objections[0]
        assert planned(alone.access(), dns_drop.FAULT, of("alone")).objections == ()
        assert planned(alone.access(), container_kill.FAULT, of("alone")).objections == ()

    def test_one_that_would_not_be_started_again_is_spared(self, alone: FakeApi) -> None:
        for _, pod in alone.store.items("pods", "shop", "app=alone"):
            pod["spec"]["restartPolicy"] = "Never"
        plan = planned(alone.access(), container_kill.FAULT, of("alone"))
        assert "its restart policy is Never" in plan.objections[0]
        assert planned(alone.access(), dns_drop.FAULT, of("alone")).objections == ()

    def test_each_has_to_be_ready_again_itself(self, alone: FakeApi) -> None:
        [target] = planned(alone.access(), dns_drop.FAULT, of("alone")).targets
        assert owners_missing(alone.kube(), [target]) == ()
        alone.spoil(target.name, conditions=[{"type": "Ready", "status": "False"}])
        assert owners_missing(alone.kube(), [target]) == (f"{target} is not ready",)
        alone.store.remove(next(key for key, _ in alone.store.items("pods") if key.name == target.name))
        assert owners_missing(alone.kube(), [target]) == ()


class TestBefore:
    """Workloads that were not whole before a fault."""

    @pytest.fixture
    def half(self, stage: Callable[..., Stage]) -> Callable[..., Stage]:
        def make(fault: Any) -> Stage:
            on = stage(fault, of("half"))
            on.api.deploy("half", 3)
            on.api.pass_time(3.0)
            unlucky = min(key.name for key, _ in on.api.store.items("pods", "shop", "app=half"))
            on.api.spoil(unlucky, phase="Pending", conditions=[{"type": "Ready", "status": "False"}])
            return on

        return make

    @pytest.mark.parametrize("fault", [pod_delete.FAULT, container_kill.FAULT, dns_drop.FAULT])
    def test_they_are_whole_again_with_as_much(self, fault: Any, half: Callable[..., Stage]) -> None:
        on = half(fault)
        plan, reasons = on.plan()
        assert reasons == ()
        words = "deployment half has 2 of 3 replicas ready already, and counts as whole again with as many"
        assert words in plan.bounds
        start = on.api.clock.now
        assert on.perform()["left"] == []
        assert on.api.clock.now - start < 60.0
        assert on.kinds[-1] == "reverted"
        assert on.context.ledger.entries() == ()

    def test_less_than_before_is_missing(self, half: Callable[..., Stage]) -> None:
        on = half(dns_drop.FAULT)
        [target] = on.plan()[0].targets
        on.api.spoil(target.name, conditions=[{"type": "Ready", "status": "False"}])
        assert owners_missing(on.api.kube(), [target]) == (
            "deployment half in shop has 1 of 3 replicas ready",
        )


def test_a_later_turn_that_finds_too_few_in_service_is_left_out(stage: Callable[..., Stage]) -> None:
    on = with_peer(stage(DELETE, of("slow", count=2, every=4, grace_period=0)), "app=gateway")
    on.api.deploy("slow", 3, warm_up=10.0)
    on.api.pass_time(3.0)
    assert on.perform()["left"] == []
    skipped = [event.text for event in on.recorder.events if event.kind == "skipped"]
    assert any("2 pods are to be touched, but only 1 may be; left out: slow-" in text for text in skipped)


def with_peer(on: Stage, peer: str) -> Stage:
    extension = on.context.extension.model_copy(update={"evidence": EvidenceSpec(peer=peer)})
    on.context = replace(on.context, extension=extension)
    return on


def test_a_peer_whose_value_cannot_be_read_is_no_peer(stage: Callable[..., Stage]) -> None:
    on = with_peer(stage(dns_drop.FAULT, of("gateway")), "app=store")
    measure = on.api.measure
    [(_, store)] = on.api.store.items("pods", "shop", "app=store")

    def some(subject: str, probe: dict[str, Any]) -> float | None:
        return None if subject == store["metadata"]["uid"] else measure(subject, probe)

    on.api.measure = some  # type: ignore[method-assign]
    with (
        on.unchanged(),
        pytest.raises(InjectionError, match=r"answered of pod shop/store-\d+ cannot be read"),
    ):
        on.perform()
    assert not on.recorder.injections
    assert refusals(on.plan()[0], WIDE) == ()
