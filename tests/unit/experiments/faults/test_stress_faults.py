"""Faults that use up CPU, memory and disks: how much they take, what proves them, and what is refused."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from kubernetes import client
from pydantic import ValidationError

from faultcast.experiments.bases.node import node_targets
from faultcast.experiments.bases.stress import MIB, rising, unmeasured, usage_of
from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import Fault, Plan
from faultcast.experiments.faults import (
    crash_loop,
    disk_fill,
    io_stress,
    node_cpu,
    node_memory,
    pod_cpu,
    pod_memory,
)
from faultcast.experiments.resources.access import Access, NoMeter, Reading
from faultcast.experiments.resources.objects import amount
from faultcast.experiments.resources.restarts import crashes
from faultcast.experiments.resources.targets import Target
from faultcast.experiments.resources.volumes import FolderStorage, location_of, unfit_folder
from tests.fakeapi import FakeApi
from tests.fakekube import FakeClock

POD = {"namespace": "shop", "label_selector": "app=gateway"}
GATEWAY = Target("pod", "shop", "gateway-1", "u1", node="worker", main="gateway", limits={"cpu": "200m"})
WORKER = Target("node", "", "worker", "u2", node="worker")
EFFECT = Effect("e1", (GATEWAY,))
GIB = 1 << 30


class Says:
    """A meter that gives the same answer to everything `but` one name, and keeps what it was asked."""

    def __init__(self, answer: float | None, but: str = "") -> None:
        self.answer = answer
        self.but = but
        self.asked: list[str] = []

    def value(self, query: str) -> float | None:
        self.asked.append(query)
        return None if self.but and self.but in query else self.answer

    def read(self, query: str) -> Reading:
        return Reading(self.value(query))


def planned(access: Access, fault: Fault[Any], **arguments: Any) -> Plan:
    return fault.plan(access, fault.arguments(**arguments), Random(1), "")  # noqa: S311 - reproducible on purpose


def orders(access: Access, fault: Any, **arguments: Any) -> Any:
    plan = planned(access, fault, **arguments)
    effect = Effect("e1", plan.targets, plan.peers, plan.state, 2_000_000_000.0)
    return fault.orders(fault.arguments(**arguments), effect)


def status(**more: Any) -> Any:
    """The state of a container, as the client gives it."""
    ended = client.V1ContainerStateTerminated(exit_code=137, reason=more.get("reason", "Error"))
    states = {
        "running": client.V1ContainerState(running=client.V1ContainerStateRunning()),
        "waiting": client.V1ContainerState(
            waiting=client.V1ContainerStateWaiting(reason=more.get("waits", "CrashLoopBackOff"))
        ),
        "terminated": client.V1ContainerState(terminated=ended),
    }
    return client.V1ContainerStatus(
        name="gateway",
        image="gateway:1",
        image_id="gateway:1",
        ready=False,
        restart_count=more.get("restarts", 0),
        state=states[more.get("state", "running")],
        last_state=client.V1ContainerState(terminated=ended if more.get("ended") else None),
    )


@pytest.mark.parametrize(
    ("quantity", "value"),
    [("200m", 0.2), ("2", 2.0), ("96Mi", 96 * MIB), ("1G", 1e9), ("24581692Ki", 24581692 * 1024), ("", 0)],
)
def test_quantities_are_read_as_kubernetes_writes_them(quantity: str, value: float) -> None:
    assert amount(quantity) == pytest.approx(value)


def test_only_the_first_container_of_a_pod_is_asked_for_and_all_pods_of_a_node() -> None:
    meter = Says(1.5)
    access = Access(kube=None, meter=meter)  # type: ignore[arg-type]
    assert usage_of(access, GATEWAY, "memory") == 1.5
    usage_of(access, WORKER, "cpu")
    assert meter.asked == [
        'sum(container_memory_working_set_bytes{namespace="shop",pod="gateway-1",container="gateway"})',
        'sum(irate(container_cpu_usage_seconds_total{node="worker",container!=""}[10s]))',
    ]


def test_a_rise_counts_from_the_least_on_and_in_its_unit() -> None:
    access = Access(kube=None, meter=Says(48.0 * MIB))  # type: ignore[arg-type]
    evidence = rising(access, EFFECT, "memory", 30.0, what="memory", unit="MiB", size=MIB)
    assert evidence.read(GATEWAY) == 48.0
    assert evidence.landed(10.0, 40.0)
    assert not evidence.landed(10.0, 39.0)


def test_without_figures_nothing_could_be_proved() -> None:
    blind = Access(kube=None)  # type: ignore[arg-type]
    assert isinstance(blind.meter, NoMeter)
    assert "no Prometheus" in unmeasured(blind, GATEWAY, "cpu")[0]
    silent = Access(kube=None, meter=Says(None))  # type: ignore[arg-type]
    assert "no recent cpu use of any container" in unmeasured(silent, GATEWAY, "cpu")[0]
    partial = Access(kube=None, meter=Says(1.0, but="gateway-1"))  # type: ignore[arg-type]
    assert "no cpu use of pod shop/gateway-1" in unmeasured(partial, GATEWAY, "cpu")[0]
    assert unmeasured(Access(kube=None, meter=Says(0.0)), GATEWAY, "cpu") == ()  # type: ignore[arg-type]


def test_a_container_that_has_just_started_is_waited_for() -> None:
    meter = Says(None)
    access = Access(kube=None, meter=meter)  # type: ignore[arg-type]
    asleep = replace(GATEWAY, name="gateway-2", uid="u3", ready=False)
    evidence = rising(access, Effect("e1", (GATEWAY,), (asleep,)), "cpu", 0.1, what="CPU", unit="cores")
    assert not evidence.ready()
    meter.answer, meter.but = 0.0, "gateway-2"
    assert evidence.ready()


@pytest.mark.parametrize(
    ("fault", "arguments"),
    [
        (pod_cpu.FAULT, POD),
        (pod_memory.FAULT, POD),
        (node_cpu.FAULT, {"node": "worker"}),
        (node_memory.FAULT, {"node": "worker"}),
    ],
)
def test_what_prometheus_has_to_prove_is_refused_without_it(
    api: FakeApi, fault: Fault[Any], arguments: dict[str, Any]
) -> None:
    assert planned(api.access(), fault, **arguments).objections == ()
    blind = replace(api.access(), meter=NoMeter())
    assert any("no Prometheus" in text for text in planned(blind, fault, **arguments).objections)


def test_cpu_is_a_share_of_the_limit_and_half_of_it_has_to_show(api: FakeApi) -> None:
    plan = planned(replace(api.access(), meter=Says(0.0)), pod_cpu.FAULT, **POD, intensity=80)
    assert list(plan.state["cores"].values()) == pytest.approx([0.4])
    assert plan.state["least"] == pytest.approx(0.2)


def test_a_limit_above_the_node_cannot_be_reached(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    small = tuple(replace(node, limits={"cpu": "250m"}) for node in node_targets(api.access().kube))
    monkeypatch.setattr(pod_cpu, "node_targets", lambda _kube: small)
    plan = planned(replace(api.access(), meter=Says(0.0)), pod_cpu.FAULT, **POD)
    assert list(plan.state["cores"].values()) == pytest.approx([0.25])
    assert plan.state["least"] == pytest.approx(0.125)


def test_a_busy_container_can_rise_to_its_limit_only(api: FakeApi) -> None:
    plan = planned(replace(api.access(), meter=Says(0.3)), pod_cpu.FAULT, **POD)
    assert plan.state["least"] == pytest.approx(0.1)
    full = planned(replace(api.access(), meter=Says(0.49)), pod_cpu.FAULT, **POD)
    assert "uses 0.49 cores of the 0.5 it may" in full.objections[0]


def test_as_many_workers_as_cores(api: FakeApi) -> None:
    (order,) = orders(api.access(), node_cpu.FAULT, node="worker", intensity=60)
    assert (order.parameters["workers"], order.parameters["cores"]) == (2, pytest.approx(1.2))
    assert not order.privileged
    assert order.node == "worker"


def test_memory_fills_up_to_the_share_and_never_the_last_twentieth(api: FakeApi) -> None:
    access = replace(api.access(), meter=Says(6.0 * MIB))
    limit = amount(planned(access, pod_memory.FAULT, **POD).targets[0].limits["memory"])
    for intensity, share in ((50, 0.5), (100, 0.95)):
        (size,) = planned(access, pod_memory.FAULT, **POD, intensity=intensity).state["bytes"].values()
        assert size == int(limit * share - 6 * MIB)
    (size,) = planned(access, pod_memory.FAULT, **POD, intensity=150).state["bytes"].values()
    assert size == int(limit * 1.5)


def test_a_share_that_is_in_use_already_is_refused(api: FakeApi) -> None:
    access = replace(api.access(), meter=Says(1.0 * GIB))
    assert "is within 8 MiB of 80 %" in planned(access, pod_memory.FAULT, **POD).objections[0]


def test_without_a_memory_limit_there_is_no_share_of_it(api: FakeApi) -> None:
    for _, pod in api.store.items("pods"):
        pod["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "500m"}}
        api.store.put("pods", pod)
    (refused,) = planned(api.access(), pod_memory.FAULT, **POD).objections
    assert "has no memory limit" in refused


def test_only_beyond_the_limit_a_pod_may_be_deleted(api: FakeApi) -> None:
    rights = [permission.verbs for permission in planned(api.access(), pod_memory.FAULT, **POD).permissions]
    assert not any("delete" in verbs for verbs in rights)
    plan = planned(api.access(), pod_memory.FAULT, **POD, intensity=120)
    assert any("delete" in permission.verbs for permission in plan.permissions)
    (order,) = orders(api.access(), pod_memory.FAULT, **POD, intensity=120)
    assert order.parameters["relaunch"]
    assert order.talks
    assert order.stateful


@pytest.mark.parametrize(("size", "number"), [(MIB, 1), (32 * MIB, 1), (100 * MIB, 4), (4 * GIB, 8)])
def test_no_process_that_holds_memory_is_large(size: int, number: int) -> None:
    assert pod_memory.processes(size) == number


@pytest.mark.parametrize(
    ("found", "ends"),
    [
        (status(), 0),
        (status(restarts=3, ended=True), 0),
        (status(restarts=3, ended=True, reason="OOMKilled"), 3),
        (status(restarts=3, state="terminated", reason="OOMKilled"), 4),
        (status(restarts=3, state="waiting", ended=True, reason="OOMKilled"), 4),
    ],
)
def test_ends_for_want_of_memory_are_told_from_others(found: Any, ends: int) -> None:
    assert pod_memory.ends_for_memory(found) == ends


@pytest.mark.parametrize(
    ("found", "count"),
    [
        (status(restarts=1), 1),
        (status(restarts=1, state="terminated"), 2),
        (status(restarts=1, state="waiting"), 3),
        (status(restarts=1, state="waiting", waits="ContainerCreating"), 1),
    ],
)
def test_a_back_off_is_a_crash_loop(found: Any, count: int) -> None:
    assert crashes(found) == count


def test_a_container_that_is_not_started_again_soon_is_in_its_back_off() -> None:
    clock = FakeClock()
    watch = crash_loop.CrashWatch(Access(kube=None, clock=clock))  # type: ignore[arg-type]
    ended = status(restarts=1, state="terminated")
    assert watch.count(ended) == 2
    clock.now += 3.0
    assert watch.count(ended) == 2
    clock.now += 1.0
    assert watch.count(ended) == 3
    assert watch.count(status(restarts=2)) == 2


def test_a_node_keeps_its_floor_and_holds_what_it_asked_for(api: FakeApi) -> None:
    access = replace(api.access(), meter=Says(2.5 * GIB))  # of 4 GiB
    plan = planned(access, node_memory.FAULT, node="worker", intensity=90, floor=1024)
    (size,) = plan.state["bytes"].values()
    assert size == GIB // 2
    (order,) = orders(access, node_memory.FAULT, node="worker", intensity=90, floor=1024)
    assert order.memory == size + 64 * MIB
    full = planned(replace(access, meter=Says(3.0 * GIB)), node_memory.FAULT, node="worker", floor=1024)
    assert "too little" in full.objections[0]


def test_a_node_whose_memory_is_promised_lets_no_pod_in(api: FakeApi) -> None:
    for _, pod in api.store.items("pods"):
        if pod["spec"].get("nodeName") == "worker":
            pod["spec"]["containers"][0]["resources"] = {"requests": {"memory": "4Gi"}}
            api.store.put("pods", pod)
            break
    refused = planned(replace(api.access(), meter=Says(0.0)), node_memory.FAULT, node="worker")
    assert any("would not be let in" in text for text in refused.objections)


def pod_of(mounts: dict[str, str], *volumes: client.V1Volume, read_only: str = "") -> client.V1Pod:
    container = client.V1Container(
        name="gateway",
        volume_mounts=[
            client.V1VolumeMount(name=name, mount_path=path, read_only=name == read_only)
            for path, name in mounts.items()
        ],
    )
    return client.V1Pod(spec=client.V1PodSpec(containers=[container], volumes=list(volumes)))


MEMORY = client.V1Volume(
    name="fast", empty_dir=client.V1EmptyDirVolumeSource(medium="Memory", size_limit="32Mi")
)
SCRATCH = client.V1Volume(name="scratch", empty_dir=client.V1EmptyDirVolumeSource(size_limit="1Gi"))
CONFIG = client.V1Volume(name="config", config_map=client.V1ConfigMapVolumeSource(name="config"))
HOST = client.V1Volume(name="host", host_path=client.V1HostPathVolumeSource(path="/srv"))
CLAIM = client.V1Volume(
    name="claim", persistent_volume_claim=client.V1PersistentVolumeClaimVolumeSource(claim_name="claim")
)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/data", FolderStorage("volume scratch", node=True, size=GIB)),
        ("/data/", FolderStorage("volume scratch", node=True, size=GIB)),
        ("/data/fast/deep", FolderStorage("volume fast", size=32 * MIB)),
        ("/data/faster", FolderStorage("volume scratch", node=True, size=GIB)),
        ("/database", FolderStorage("the container's own file system", node=True)),
        ("/etc/app", FolderStorage("volume config", fixed=True)),
        ("/srv", FolderStorage("volume host", node=True)),
        ("/claim", FolderStorage("volume claim")),
        ("/locked", FolderStorage("volume locked", fixed=True)),
    ],
)
def test_the_innermost_mount_says_where_a_folder_lies(path: str, place: FolderStorage) -> None:
    locked = client.V1Volume(name="locked", empty_dir=client.V1EmptyDirVolumeSource())
    pod = pod_of(
        {
            "/data": "scratch",
            "/data/fast": "fast",
            "/etc/app": "config",
            "/srv": "host",
            "/claim": "claim",
            "/locked": "locked",
        },
        MEMORY,
        SCRATCH,
        CONFIG,
        HOST,
        CLAIM,
        locked,
        read_only="locked",
    )
    assert location_of(pod, pod.spec.containers[0].name, path) == place


@pytest.mark.parametrize(
    ("place", "more", "text"),
    [
        (FolderStorage("claim"), {}, ""),
        (FolderStorage("memory", size=512 * MIB), {}, ""),
        (FolderStorage("memory", size=32 * MIB), {}, "cannot be filled to 90 %"),
        (FolderStorage("memory", size=32 * MIB), {"floor": 1}, ""),
        (FolderStorage("memory", size=4 * GIB), {}, "cannot be filled to 90 %"),
        (FolderStorage("root", node=True), {}, "which all its pods share"),
        (FolderStorage("root", node=True), {"most": 200_000}, ""),
        (FolderStorage("root", node=True, size=GIB), {"most": 200_000}, "the kubelet evicts the pod"),
    ],
)
def test_a_disk_that_others_need_is_not_filled(place: FolderStorage, more: dict[str, Any], text: str) -> None:
    arguments = disk_fill.DiskFillArguments(**POD, path="/data", **more)
    found = disk_fill.unfit(place, arguments, 100.0 * GIB)
    assert text in found
    assert bool(found) == bool(text)


def test_a_disk_of_unknown_size_is_not_filled() -> None:
    arguments = disk_fill.DiskFillArguments(**POD, path="/data")
    assert "unknown size" in disk_fill.unfit(FolderStorage("root", node=True), arguments, 0.0)


@pytest.mark.parametrize(
    ("place", "more", "text"),
    [
        (FolderStorage("claim"), {}, ""),
        (FolderStorage("root", node=True), {}, ""),
        (FolderStorage("root", node=True), {"workers": 3, "size": 1024}, "to a node's disk at most"),
        (FolderStorage("memory", size=32 * MIB), {"workers": 3}, "do not fit into its 32 MiB"),
    ],
)
def test_files_that_do_not_fit_are_not_written(place: FolderStorage, more: dict[str, Any], text: str) -> None:
    found = io_stress.unfit(place, io_stress.IoStressArguments(**POD, path="/data", **more))
    assert text in found
    assert bool(found) == bool(text)


def test_what_cannot_be_written_to_is_not_looked_at_any_further(api: FakeApi) -> None:
    access = api.access()
    (pod,) = planned(access, disk_fill.FAULT, **POD, path="/data").targets
    found = api.store.get("pods", "shop", pod.name)
    assert found
    found["spec"]["containers"][0]["volumeMounts"][0]["readOnly"] = True
    (text,) = unfit_folder(access.kube, pod, "/data", lambda _: "unfit")
    assert "nothing can be written there" in text


def test_the_folder_of_each_target_is_looked_at(api: FakeApi) -> None:
    assert planned(api.access(), disk_fill.FAULT, **POD, path="/data").objections == ()
    assert "the container's own file system" in str(
        planned(api.access(), disk_fill.FAULT, **POD, path="/var").objections
    )


@pytest.mark.parametrize(
    ("fault", "arguments"),
    [
        (pod_memory.FAULT, {**POD, "intensity": 201}),
        (pod_cpu.FAULT, {**POD, "intensity": 101}),
        (disk_fill.FAULT, {**POD, "path": "data"}),
        (io_stress.FAULT, {**POD, "path": "/data", "workers": 0}),
        (crash_loop.FAULT, {**POD, "every": 0}),
        (node_memory.FAULT, {"node": "worker", "floor": 10}),
    ],
)
def test_arguments_out_of_bounds_are_refused(fault: Fault[Any], arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        fault.arguments(**arguments)
