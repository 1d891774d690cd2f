"""Answers of a Kubernetes API that lack what they should have, or are odd: only our own errors come out."""

import socket
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from kubernetes import client

from faultcast.experiments.document.extension import BlastRadius
from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import Fault, Plan, faults
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.network import other_side
from faultcast.experiments.resources.pods import candidates
from faultcast.experiments.resources.readiness import readiness
from faultcast.experiments.resources.targets import Owner
from faultcast.experiments.resources.workloads import deployments_ready, everything_lacking, owners_missing
from faultcast.experiments.safety.radius import refusals
from faultcast.infra.errors import FaultcastError
from faultcast.infra.kube.client import client_of
from tests.contract.samples import SAMPLES
from tests.fakeapi.cluster import HOST
from tests.fakeapi.nodes import Nodes
from tests.fakeapi.objects import COREFILE
from tests.fakeapi.transport import install
from tests.fuzz.budget import fuzz

KINDS = {fault.kind: fault for fault in faults()}
ODD = st.sampled_from(
    [None, "", "x", "1e999", "10.1.0.1", "fd00::1", "Pending", "Failed", "CrashLoopBackOff", "Node",
     "Rollout", "argoproj.io/v1alpha1", "apps.kruise.io/v1alpha1", "/", "{", '{"containers": {}}',
     True, False, -1, 0, 7, 1.5, [], {}, [None], {"a": None}, ["a"]]
)  # fmt: skip
"""What a field may hold instead of what it should: nothing, another type, or another meaning."""


def reference(kind: str, name: str, version: str = "apps/v1") -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "name": name, "uid": name, "controller": True}


def container(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "image": "a:1",
        "resources": {"limits": {"cpu": "100m", "memory": "64Mi"}, "requests": {"memory": "1Mi"}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        **more,
    }


def status(name: str, **state: Any) -> dict[str, Any]:
    known = {"name": name, "image": "a:1", "imageID": "a", "ready": True, "restartCount": 1, "started": True}
    return {**known, "containerID": f"containerd://{name}", "state": state, "lastState": {}}


def pod(number: int, app: str) -> dict[str, Any]:
    return {
        "metadata": {
            "name": f"{app}-{number}",
            "namespace": "shop",
            "uid": f"{app}-{number}",
            "labels": {"app": app, "k8s-app": "kube-dns"},
            "annotations": {"sidecar.istio.io/status": '{"containers": ["proxy"]}'},
            "ownerReferences": [reference("ReplicaSet", "set")],
        },
        "spec": {
            "nodeName": "worker",
            "restartPolicy": "Always",
            "initContainers": [container("first"), container("native", restartPolicy="Always")],
            "containers": [container("proxy"), container("main")],
            "volumes": [{"name": "data", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}],
        },
        "status": {
            "phase": "Running",
            "podIP": f"10.1.0.{number}",
            "conditions": [{"type": "Ready", "status": "True"}],
            "initContainerStatuses": [
                status("first", terminated={"exitCode": 0, "reason": "Completed"}),
                status("native", running={}),
            ],
            "containerStatuses": [status("proxy", running={}), status("main", running={})],
        },
    }


def workload(kind: str, name: str, above: dict[str, Any] | None) -> dict[str, Any]:
    terms = [
        {"key": "app", "operator": "In", "values": ["gateway"]},
        {"key": "x", "operator": "DoesNotExist"},
    ]
    return {
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": name,
            "generation": 1,
            "labels": {"a": "b"},
            "ownerReferences": [above] if above else [],
        },
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "gateway"}, "matchExpressions": terms},
            "template": {"metadata": {}, "spec": {"containers": [container("main")]}},
            "completions": 3,
            "parallelism": 2,
            "backoffLimit": 1,
            "backoffLimitPerIndex": 1,
        },
        "status": {
            "observedGeneration": 1,
            "replicas": 2,
            "selector": "app=gateway",
            "desiredNumberScheduled": 2,
            "currentNumberScheduled": 2,
            "numberMisscheduled": 0,
            "numberReady": 2,
            "failed": 1,
            "conditions": [{"type": "Suspended", "status": "False"}],
        },
    }


WORLD: dict[str, Any] = {
    "pods": [pod(1, "gateway"), pod(2, "gateway"), pod(3, "gateway")],
    "replicaset": workload("ReplicaSet", "set", reference("Deployment", "gateway")),
    "workload": workload("Deployment", "gateway", None),
    "custom": workload("Rollout", "rolled", reference("Rollout", "set", "argoproj.io/v1alpha1")),
    "resources": {
        "resources": [{"name": "rollouts", "kind": "Rollout"}, {"name": "rollouts/scale", "kind": "Scale"}]
    },
    "nodes": [
        {
            "metadata": {"name": name, "uid": name, "labels": {"a": "b"}},
            "spec": {"podCIDR": "10.1.0.0/24", "taints": [{"key": "a", "effect": "NoSchedule"}]},
            "status": {
                "addresses": [{"type": "InternalIP", "address": "192.0.2.1"}],
                "allocatable": {"cpu": "2", "memory": "4Gi", "ephemeral-storage": "9Gi"},
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }
        for name in ("master", "worker")
    ],
    "services": [
        {
            "metadata": {"name": "kube-dns", "labels": {"k8s-app": "kube-dns"}},
            "spec": {
                "clusterIP": "10.2.0.10",
                "selector": {"app": "gateway"},
                "ports": [{"port": 53, "protocol": "TCP"}],
            },
        }
    ],
    "configmap": {"metadata": {"name": "coredns"}, "data": {"Corefile": COREFILE}},
    "lease": {"metadata": {"name": "worker"}, "spec": {"renewTime": "2026-11-30T10:00:00.000000Z"}},
    "refused": 0,
}
"""A cluster in good order."""


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something can be put in the place of what is there."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(one for key, part in inside for one in places(part, (*path, key)))]


OWNERS = ["ReplicaSet", "Rollout", "StatefulSet", "Job", "ReplicationController", "Node", "DaemonSet"]
CUSTOM = Owner("Rollout", "a", group="argoproj.io", version="v1alpha1", plural="rollouts", uid="u")
PLACES = st.sampled_from(places(WORLD))
WORLDS = st.tuples(
    st.sampled_from(list(KINDS)),
    st.lists(st.tuples(PLACES, ODD), max_size=6),
    st.sampled_from(OWNERS),
    st.sampled_from([200] * 8 + [401, 403, 404, 500]),
)


def damaged(damages: list[tuple[tuple[Any, ...], Any]], owner: str) -> dict[str, Any]:
    """The cluster, with odd things in it."""
    world = deepcopy(WORLD)
    version = {"Rollout": "argoproj.io/v1alpha1", "Job": "batch/v1"}.get(owner, "apps/v1")
    for one in world["pods"]:
        if owner in ("Node", "ReplicationController"):
            version = "v1"
        one["metadata"]["ownerReferences"] = [reference(owner, "set", version)]
    for path, value in damages:
        found: Any = world
        with suppress(KeyError, IndexError, TypeError):  # it was in what is gone already
            for key in path[:-1]:
                found = found[key]
            found[path[-1]] = deepcopy(value)
    return world


class Odd:
    """An API server that answers from a damaged world."""

    world: dict[str, Any]
    code = 200

    def answer(
        self, method: str, path: str, _query: Any, _body: Any, _content: str, _account: str
    ) -> tuple[int, Any]:
        assert method == "GET", f"a plan writes: {method} {path}"
        parts = path.strip("/").split("/")
        if len(parts) == 3 and parts[0] == "apis":
            return self.code, self.world["resources"]
        for name in ("pods", "nodes", "services"):
            if parts[-1] == name:
                return 200, {"items": self.world[name]}
            if parts[-2] == name:
                return self.code, self.world[name][0] if isinstance(self.world[name], list) else None
        for part, name in (("configmaps", "configmap"), ("leases", "lease"), ("replicasets", "replicaset")):
            if part in parts:
                found = self.world[name]
                return self.code, {"items": [found]} if parts[-1] == part else found
        if "argoproj.io" in parts:
            return self.code, self.world["custom"]
        found = self.world["workload"]
        return self.code, {"items": [found]} if parts[-1].endswith("s") else found


def calls(access: Access, fault: Fault[Any]) -> list[Callable[[], Any]]:
    """What asks the API of this, one after the other."""
    kube, arguments, plans = access.kube, fault.arguments.model_validate(SAMPLES[fault.kind]), list[Plan]()

    def missing() -> None:
        for plan in plans:
            effect = Effect("0" * 12, plan.targets, plan.peers, plan.state, 1e12)
            owners_missing(kube, plan.targets)
            fault.whole(access, arguments, effect).missing()

    return [
        lambda: everything_lacking(kube),
        lambda: deployments_ready(kube, "shop"),
        lambda: other_side(kube, "shop", "app=web", ()),
        lambda: readiness(kube, "shop", Owner("Job", "a")),
        lambda: readiness(kube, "shop", Owner("DaemonSet", "a")),
        lambda: readiness(
            kube, "shop", Owner("Rollout", "a", None, "argoproj.io", "v1alpha1", "rollouts", "u")
        ),
        lambda: plans.append(fault.plan(access, arguments, Random(1), "")),  # noqa: S311
        lambda: [refusals(plan, BlastRadius(namespaces=("shop",))) for plan in plans],
        missing,
    ]


def within(found: dict[str, Any], part: str) -> dict[str, Any]:
    """A part of a damaged object, where it still is one."""
    inner = found.get(part)
    return inner if isinstance(inner, dict) else {}


def running(pods: Any, uid: str, name: str) -> bool:
    """Whether a container of a pod runs by what was sent, and is none that only prepares the pod."""
    return any(
        one["name"] == name and one["name"] != "first" and one["state"]["running"] is not None
        for found in pods
        if isinstance(found, dict) and str(within(found, "metadata").get("uid") or "") == uid
        for one in (*(within(found, "status").get("containerStatuses") or ()),)
        if isinstance(one, dict) and isinstance(one.get("state"), dict) and "running" in one["state"]
    )


def test_only_our_own_errors_come_out_and_nothing_is_chosen_that_does_not_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, nodes = Odd(), Nodes(lambda: 0.0)
    install(monkeypatch, {HOST: server})
    monkeypatch.setattr(socket, "create_connection", nodes.dial)
    configuration = client.Configuration()
    configuration.host = HOST
    access = Access(kube=client_of(client.ApiClient(configuration)), nodes=nodes, helper_image="helper:1")

    def check(said: tuple[str, list[Any], str, int]) -> None:
        kind, damages, owner, code = said
        server.world, server.code = damaged(damages, owner), code
        with suppress(FaultcastError):
            for one in candidates(access.kube, "shop", "app=web").fit:
                assert one.ready
                assert running(server.world["pods"], one.uid, one.main), one
        for call in calls(access, KINDS[kind]):
            with suppress(FaultcastError):
                call()

    fuzz(WORLDS, check)
