"""Applying, waiting for readiness, and the text when it does not come."""

from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from faultcast.infra.errors import ClusterError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.stack.apply import apply, path_of
from faultcast.infra.stack.ready import explain, is_ready, wait_ready
from faultcast.infra.waiting import Wait


def deployment(*, generation: int = 1, observed: int = 1, ready: int | None = 2, updated: int = 2) -> Any:
    return SimpleNamespace(
        metadata=SimpleNamespace(name="web", namespace="shop", generation=generation),
        spec=SimpleNamespace(replicas=2),
        status=SimpleNamespace(
            observed_generation=observed, ready_replicas=ready, updated_replicas=updated, replicas=2
        ),
    )


def daemon_set(wanted: int, ready: int, updated: int) -> Any:
    return SimpleNamespace(
        metadata=SimpleNamespace(name="agent", namespace="shop", generation=1),
        status=SimpleNamespace(
            observed_generation=1,
            desired_number_scheduled=wanted,
            number_ready=ready,
            updated_number_scheduled=updated,
        ),
    )


@pytest.mark.parametrize(
    ("workload", "ready"),
    [
        (deployment(), True),
        (deployment(ready=None), False),
        (deployment(ready=1), False),
        (deployment(updated=1), False),
        (deployment(generation=2), False),
        (daemon_set(2, 2, 2), True),
        (daemon_set(2, 1, 2), False),
        (daemon_set(0, 0, 0), False),
    ],
)
def test_ready_means_all_pods_in_their_newest_form(workload: Any, *, ready: bool) -> None:
    assert is_ready(workload) is ready


def pod(*, reason: str = "CrashLoopBackOff") -> Any:
    state = SimpleNamespace(
        name="main",
        ready=False,
        state=SimpleNamespace(
            waiting=SimpleNamespace(reason=reason, message="back-off"), terminated=None, running=None
        ),
        last_state=SimpleNamespace(terminated=SimpleNamespace(reason="Error", message=None)),
    )
    return SimpleNamespace(
        metadata=SimpleNamespace(namespace="shop", name="web-1"),
        spec=SimpleNamespace(node_name="worker"),
        status=SimpleNamespace(
            phase="Running", conditions=[], init_container_statuses=None, container_statuses=[state]
        ),
    )


class Cluster:
    """One deployment and the pods of a cluster."""

    def __init__(self, workload: Any, *pods: Any) -> None:
        self.workload = workload
        self.pods = pods

    def list_deployment_for_all_namespaces(self, **_options: Any) -> Any:
        return SimpleNamespace(items=[self.workload])

    def list_stateful_set_for_all_namespaces(self, **_options: Any) -> Any:
        return SimpleNamespace(items=[])

    def list_daemon_set_for_all_namespaces(self, **_options: Any) -> Any:
        return SimpleNamespace(items=[])

    def list_pod_for_all_namespaces(self, **_options: Any) -> Any:
        return SimpleNamespace(items=list(self.pods))

    def list_namespaced_event(self, _namespace: str, **_options: Any) -> Any:
        return SimpleNamespace(items=[SimpleNamespace(reason="BackOff", message="restarting")])

    def read_namespaced_pod_log(self, *_names: str, **_options: Any) -> str:
        return "no such file\n"

    @property
    def kube(self) -> KubeClient:
        return KubeClient(api=None, core=self, apps=self, rbac=None, policy=None, batch=None)


WANTED = [{"kind": "Deployment", "metadata": {"namespace": "shop", "name": "web"}}]


def test_what_is_ready_is_said_once() -> None:
    said: list[str] = []
    wait_ready(Cluster(deployment()).kube, WANTED, said.append, Wait(0.0, 0.0))
    assert said == ["1 of 1 parts ready"]


def test_a_pod_that_does_not_become_ready_is_explained() -> None:
    cluster = Cluster(deployment(ready=1), pod())
    with pytest.raises(ClusterError, match="Deployment shop/web") as caught:
        wait_ready(cluster.kube, WANTED, lambda _line: None, Wait(0.0, 0.1))
    for fact in ("pod shop/web-1 on worker", "CrashLoopBackOff", "BackOff: restarting", "no such file"):
        assert fact in str(caught.value)


def test_a_pod_without_image_is_not_waited_for() -> None:
    cluster = Cluster(deployment(ready=1), pod(reason="ErrImageNeverPull"))
    with pytest.raises(ClusterError, match="can never run"):
        wait_ready(cluster.kube, WANTED, lambda _line: None, Wait(60.0, 60.0))


def test_somebodys_own_pod_that_cannot_run_is_no_business_of_the_stack() -> None:
    own = pod(reason="ErrImageNeverPull")
    own.metadata.namespace = "theirs"
    said: list[str] = []
    wait_ready(Cluster(deployment(), own).kube, WANTED, said.append, Wait(0.0, 0.0))
    assert said == ["1 of 1 parts ready"]
    with pytest.raises(ClusterError, match="Deployment shop/web") as caught:
        wait_ready(Cluster(deployment(ready=1), own).kube, WANTED, said.append, Wait(0.0, 0.1))
    assert "theirs" not in str(caught.value)


def test_a_secret_that_the_kubelet_has_not_seen_yet_is_waited_for() -> None:
    late = pod(reason="CreateContainerConfigError")
    late.status.container_statuses[0].state.waiting.message = "failed to sync secret cache: timed out"
    with pytest.raises(ClusterError, match="not ready after"):
        wait_ready(Cluster(deployment(ready=1), late).kube, WANTED, lambda _line: None, Wait(0.0, 0.1))


def test_nothing_is_explained_when_every_pod_is_ready() -> None:
    good = pod()
    good.status.conditions = [SimpleNamespace(type="Ready", status="True")]
    assert explain(Cluster(deployment(), good).kube, {"shop"}) == ""


class Api:
    """Takes patches, and refuses as it was told."""

    def __init__(self, *refusals: ApiException) -> None:
        self.paths: list[str] = []
        self.refusals = list(refusals)

    def call_api(self, path: str, _method: str, **_options: Any) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.paths.append(path)

    @property
    def kube(self) -> KubeClient:
        return KubeClient(api=self, core=None, apps=None, rbac=None, policy=None, batch=None)


def thing(kind: str, version: str = "v1", namespace: str | None = "shop") -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "a", "namespace": namespace}}


def test_namespaces_are_applied_first_and_pods_last() -> None:
    api = Api()
    pods = thing("Deployment", "apps/v1")
    claim, namespace = thing("PersistentVolumeClaim"), thing("Namespace", namespace=None)
    apply(api.kube, [pods, claim, namespace])
    assert api.paths == [path_of(namespace), path_of(claim), path_of(pods)]


def test_a_port_that_is_not_free_yet_is_asked_for_again() -> None:
    refusal = ApiException(status=422)
    refusal.body = b"provided port is already allocated"
    api = Api(refusal)
    apply(api.kube, [thing("Service")])
    assert api.paths == ["/api/v1/namespaces/shop/services/a"]


def test_a_refusal_names_the_object_and_the_reason() -> None:
    refusal = ApiException(status=422)
    refusal.body = b"field is immutable"
    with pytest.raises(ClusterError, match="Service shop/a: 422 field is immutable"):
        apply(Api(refusal).kube, [thing("Service")])
