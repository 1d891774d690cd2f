"""Which pods may be chosen, which container is meant, and what is said of the others."""

from typing import Any

import pytest
from kubernetes import client

from faultcast.experiments.document.extension import BlastRadius
from faultcast.experiments.fault import Fault
from faultcast.experiments.faults import container_kill, disk_fill, dns_drop, network_loss, pod_delete
from faultcast.experiments.resources.containers import containers_of, main_container
from faultcast.experiments.resources.pods import candidates, why_unfit
from faultcast.experiments.safety.radius import refusals
from faultcast.infra.errors import NoTargetError
from tests.fakeapi import FakeApi
from tests.unit.experiments.planning import planned

HALF = {"namespace": "shop", "label_selector": "app=half"}
WIDE = BlastRadius(namespaces=("shop",), most="100%")


def state(**said: Any) -> list[dict[str, Any]]:
    """Status of the only container of `half`."""
    known = {"name": "half", "image": "half:1", "imageID": "half:1", "ready": False, "restartCount": 4}
    return [{**known, "state": said}]


BACK_OFF = state(waiting={"reason": "CrashLoopBackOff"})
UNFIT: dict[str, dict[str, Any]] = {
    "Pending": {
        "phase": "Pending",
        "containerStatuses": None,
        "conditions": [{"type": "PodScheduled", "status": "False"}],
    },
    "ContainerCreating": {
        "phase": "Pending",
        "containerStatuses": state(waiting={"reason": "ContainerCreating"}),
    },
    "CrashLoopBackOff": {"containerStatuses": BACK_OFF},
    "ImagePullBackOff": {
        "phase": "Pending",
        "containerStatuses": state(waiting={"reason": "ImagePullBackOff"}),
    },
    "Error": {"containerStatuses": state(terminated={"reason": "Error", "exitCode": 1})},
    "NotReady": {"conditions": [{"type": "Ready", "status": "False"}]},
    "Unknown": {"phase": "Unknown"},
    "Succeeded": {"phase": "Succeeded"},
    "Evicted": {"phase": "Failed", "reason": "Evicted"},
    "Failed": {"phase": "Failed"},
    "not started": {"containerStatuses": [{**state(running={})[0], "started": False}]},
}


@pytest.fixture
def half(api: FakeApi) -> list[str]:
    """Names of the three pods of a deployment."""
    api.deploy("half", 3)
    api.pass_time(3.0)
    return sorted(key.name for key, _ in api.store.items("pods", "shop", "app=half"))


@pytest.mark.parametrize(("why", "status"), UNFIT.items())
def test_a_pod_out_of_service_is_left_out_and_named(
    why: str, status: dict[str, Any], half: list[str], api: FakeApi
) -> None:
    api.spoil(half[1], **status)
    found = candidates(api.kube(), "shop", "app=half")
    assert sorted(pod.name for pod in found.fit) == [half[0], half[2]]
    assert found.others == f"{half[1]} {why}"
    plan = planned(api.access(), pod_delete.FAULT, {**HALF, "count": 2})
    assert sorted(target.name for target in plan.targets) == [half[0], half[2]]
    assert plan.bounds[0] == f"3 pods match app=half in shop, 1 is left out: {half[1]} {why}"
    out = why not in ("Succeeded", "Evicted", "Failed")
    assert (plan.candidates, len(plan.disturbed)) == ((3, 1) if out else (2, 0))


def test_a_pod_that_is_being_deleted_is_left_out_and_its_successor_counts(
    half: list[str], api: FakeApi
) -> None:
    api.kube().core.delete_namespaced_pod(half[0], "shop", grace_period_seconds=30)
    found = candidates(api.kube(), "shop", "app=half")
    assert f"{half[0]} Terminating" in found.others
    assert half[0] not in {pod.name for pod in (*found.fit, *found.disturbed)}


@pytest.mark.parametrize(
    "fault", [pod_delete.FAULT, container_kill.FAULT, dns_drop.FAULT, network_loss.FAULT]
)
@pytest.mark.parametrize("why", ["Pending", "CrashLoopBackOff", "NotReady", "Evicted"])
def test_when_none_is_in_service_that_is_the_reason(
    fault: Fault[Any], why: str, half: list[str], api: FakeApi
) -> None:
    api.spoil("half", **UNFIT[why])
    plan = planned(api.access(), fault, HALF)
    assert plan.targets == ()
    [refusal] = refusals(plan, WIDE)
    assert isinstance(refusal.error(), NoTargetError)
    assert f"no pod in service with app=half in namespace shop, only {half[0]} {why}" in refusal.text
    assert "describe" in refusal.remedy


def test_many_that_are_left_out_are_counted(api: FakeApi) -> None:
    api.deploy("many", 8)
    api.pass_time(3.0)
    api.spoil("many", **UNFIT["Pending"])
    text = candidates(api.kube(), "shop", "app=many").counted("app=many")
    assert text.startswith("8 pods match app=many, 8 are left out: ")
    assert text.endswith("and 3 more")


def test_more_than_there_are_in_service_are_refused_with_the_others(half: list[str], api: FakeApi) -> None:
    api.spoil(half[0], **UNFIT["Pending"])
    plan = planned(api.access(), pod_delete.FAULT, {**HALF, "count": 3})
    assert plan.too_few == f"3 pods are to be touched, but only 2 may be; left out: {half[0]} Pending"


def test_a_share_is_one_of_those_in_service(half: list[str], api: FakeApi) -> None:
    api.spoil(half[0], **UNFIT["Pending"])
    assert len(planned(api.access(), pod_delete.FAULT, {**HALF, "percent": 60}).targets) == 1
    assert len(planned(api.access(), pod_delete.FAULT, {**HALF, "percent": 100}).targets) == 2


def test_who_is_out_of_service_already_counts_as_touched(half: list[str], api: FakeApi) -> None:
    api.spoil(half[0], **UNFIT["Pending"])
    plan = planned(api.access(), pod_delete.FAULT, HALF)
    [refusal] = refusals(plan, BlastRadius(namespaces=("shop",), most=1))
    assert "with 1 more out of service already" in refusal.text


def test_a_peer_out_of_service_is_none(half: list[str], api: FakeApi) -> None:
    api.spoil("store", **UNFIT["Pending"])
    plan = planned(api.access(), dns_drop.FAULT, HALF, peer="app=store")
    assert plan.peers == ()
    [refusal] = refusals(plan, WIDE)
    assert refusal.rule == "evidence.peer"
    assert "evidence.peer matches only store-" in refusal.text
    assert "Pending" in refusal.text


def initial(state: client.V1ContainerState | None, *, always: bool = False) -> Any:
    """A pod with one init container in this state, whose main container has not begun."""
    first = client.V1Container(name="first", restart_policy="Always" if always else None)
    status = client.V1ContainerStatus(
        name="first", image="i", image_id="i", ready=False, restart_count=0, state=state
    )
    waiting = client.V1ContainerState(waiting=client.V1ContainerStateWaiting(reason="PodInitializing"))
    main = client.V1ContainerStatus(
        name="main", image="i", image_id="i", ready=False, restart_count=0, state=waiting
    )
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name="a", uid="a"),
        spec=client.V1PodSpec(init_containers=[first], containers=[client.V1Container(name="main")]),
        status=client.V1PodStatus(
            phase="Pending", init_container_statuses=[status], container_statuses=[main]
        ),
    )


RUNNING = client.V1ContainerState(running=client.V1ContainerStateRunning())


@pytest.mark.parametrize(
    ("state", "always", "why"),
    [
        (RUNNING, False, "Init:0/1"),
        (
            client.V1ContainerState(waiting=client.V1ContainerStateWaiting(reason="CrashLoopBackOff")),
            False,
            "Init:CrashLoopBackOff",
        ),
        (
            client.V1ContainerState(terminated=client.V1ContainerStateTerminated(exit_code=1)),
            False,
            "Init:0/1",
        ),
        (
            client.V1ContainerState(terminated=client.V1ContainerStateTerminated(exit_code=0)),
            False,
            "PodInitializing",
        ),
        (RUNNING, True, "PodInitializing"),
    ],
)
def test_an_init_container_is_told_and_never_taken_for_the_pod(
    state: client.V1ContainerState, always: bool, why: str
) -> None:
    pod = initial(state, always=always)
    assert why_unfit(pod, main_container(pod)) == why
    assert containers_of(pod) == (("main", "first") if always else ("main",))


def pod_with(*names: str, native: tuple[str, ...] = (), **annotations: str) -> Any:
    said = {key.replace("__", "/").replace("_", "."): value for key, value in annotations.items()}
    sidecars = [client.V1Container(name=name, restart_policy="Always") for name in native]
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name="a", annotations=said or None),
        spec=client.V1PodSpec(
            containers=[client.V1Container(name=name) for name in names], init_containers=sidecars
        ),
    )


@pytest.mark.parametrize(
    ("pod", "main"),
    [
        (pod_with("web"), "web"),
        (pod_with("web", "log"), "web"),
        (pod_with("istio-proxy", "web"), "web"),
        (pod_with("linkerd-proxy", "web", "log"), "web"),
        (pod_with("daprd", "vault-agent", "web"), "web"),
        (pod_with("envoy"), "envoy"),
        (pod_with("istio-proxy", "envoy"), "istio-proxy"),
        (pod_with("my-proxy", "web", sidecar_istio_io__status='{"containers":["my-proxy"]}'), "web"),
        (pod_with("my-proxy", "web", sidecar_istio_io__status="[broken"), "my-proxy"),
        (pod_with("my-proxy", "web", sidecar_istio_io__status='{"containers":7}'), "my-proxy"),
        (pod_with("web", native=("mesh",)), "web"),
        (pod_with(), ""),
    ],
)
def test_the_main_container_is_the_first_that_is_no_sidecar(pod: Any, main: str) -> None:
    assert main_container(pod) == main


@pytest.mark.parametrize(("said", "main"), [("log", "log"), ("gone", "web"), ("", "web")])
def test_an_annotation_says_which_container_is_the_main_one(said: str, main: str) -> None:
    pod = pod_with("istio-proxy", "web", "log")
    pod.metadata.annotations = {"kubectl.kubernetes.io/default-container": said}
    assert main_container(pod) == main


@pytest.fixture
def mesh(api: FakeApi) -> FakeApi:
    """A deployment whose pods have a sidecar first; each container has limits and a volume of its own."""
    api.deploy("mesh", 2)
    api.pass_time(3.0)
    for key, pod in api.store.items("pods", "shop", "app=mesh"):
        pod["spec"]["containers"] = [
            {
                "name": name,
                "image": f"{name}:1",
                "resources": {"limits": {"memory": memory}},
                "volumeMounts": [{"name": "data", "mountPath": folder}],
            }
            for name, memory, folder in (("istio-proxy", "1Gi", "/proxy"), ("main", "64Mi", "/data"))
        ]
        api.store.put("pods", pod)
        assert key.name
    api.settle()
    return api


MESH = {"namespace": "shop", "label_selector": "app=mesh"}


@pytest.mark.parametrize(
    ("wanted", "container", "memory"),
    [({}, "main", "64Mi"), ({"container": "istio-proxy"}, "istio-proxy", "1Gi")],
)
def test_a_target_is_the_container_that_is_meant_and_the_preview_names_it(
    wanted: dict[str, str], container: str, memory: str, mesh: FakeApi
) -> None:
    plan = planned(mesh.access(), container_kill.FAULT, {**MESH, **wanted})
    [target] = plan.targets
    assert (target.main, target.limits) == (container, {"memory": memory})
    assert plan.actions == (f"send SIGKILL to container {container} of {target}",)
    statuses = mesh.kube().core.read_namespaced_pod(target.name, "shop").status.container_statuses
    [known] = [one for one in statuses if one.name == container]
    assert known.container_id == f"containerd://{target.container}"
    assert plan.peers[0].main == container


def test_a_container_that_is_not_there_is_refused_with_those_that_are(mesh: FakeApi) -> None:
    plan = planned(mesh.access(), dns_drop.FAULT, {**MESH, "container": "nobody"})
    assert "has no container nobody that runs all the time: it has istio-proxy, main" in plan.objections[0]


def test_a_folder_is_one_of_the_container_that_is_meant(mesh: FakeApi) -> None:
    def objections(**more: Any) -> tuple[str, ...]:
        return planned(mesh.access(), disk_fill.FAULT, {**MESH, "path": "/data", **more}).objections

    assert objections() == ()
    assert any("own file system" in text for text in objections(container="istio-proxy"))
