"""A small Kubernetes API for unit tests: pods whose owners bring them back, consent, a count of writes.

It keeps the behaviour faults rely on; `tests/e2e/test_pod_delete.py` holds the same against a real cluster.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any, cast

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from faultcast.infra.kube.client import KubeClient

IDENTITY = "11111111-2222-3333-4444-555555555555"


class FakeClock:
    """Time that passes only when somebody sleeps; may do something at a moment."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self._agenda: list[tuple[float, Callable[[], None]]] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        due = [item for item in self._agenda if item[0] <= self.now]
        for item in due:
            self._agenda.remove(item)
            item[1]()

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something as soon as `seconds` from now have passed."""
        self._agenda.append((self.now + seconds, action))


class FakeKube:
    """The cluster behind the fake API."""

    def __init__(self, clock: FakeClock | None = None, *, consent: bool = True) -> None:
        self.clock = clock or FakeClock()
        self.identity = IDENTITY
        self.consent = consent
        self.writes: list[str] = []
        self.reads = 0
        self.pods: dict[tuple[str, str], Any] = {}
        self.deployments: dict[tuple[str, str], Any] = {}
        self.warm_up: dict[str, float] = {}
        self.ready_at: dict[str, float] = {}
        self.gone_at: dict[str, float] = {}
        self.refuse_deletion_of: Callable[[str], int | None] = lambda name: None
        self.deletions_do_nothing = False
        self.after_delete: Callable[[], None] = lambda: None
        self._numbers = count(1)

    def client(self) -> KubeClient:
        nothing = cast("Any", None)
        return KubeClient(
            api=nothing,
            core=cast("Any", _Core(self)),
            apps=cast("Any", _Apps(self)),
            rbac=nothing,
            policy=nothing,
            batch=nothing,
        )

    def deploy(self, name: str, replicas: int, *, namespace: str = "shop", warm_up: float = 0.0) -> None:
        """A deployment whose pods carry `app=<name>` and are spread over master and worker."""
        labels = {"app": name}
        self.warm_up[name] = warm_up
        self.deployments[namespace, name] = client.V1Deployment(
            metadata=client.V1ObjectMeta(name=name, namespace=namespace, generation=1),
            spec=client.V1DeploymentSpec(
                replicas=replicas,
                selector=client.V1LabelSelector(match_labels=labels),
                template=client.V1PodTemplateSpec(),
            ),
        )
        for _ in range(replicas):
            self.start_pod(namespace, name)

    def start_pod(self, namespace: str, app: str, *, owned: bool = True, ready: bool = True) -> Any:
        number = next(self._numbers)
        name = f"{app}-{number:04d}"
        owner = client.V1OwnerReference(
            api_version="apps/v1", kind="ReplicaSet", name=f"{app}-rs", uid=f"rs-{app}", controller=True
        )
        pod = client.V1Pod(
            metadata=client.V1ObjectMeta(
                name=name,
                namespace=namespace,
                uid=f"uid-{number}",
                labels={"app": app},
                owner_references=[owner] if owned else None,
            ),
            spec=client.V1PodSpec(
                containers=[client.V1Container(name=app)], node_name=("master", "worker")[number % 2]
            ),
            status=client.V1PodStatus(
                phase="Running",
                conditions=[client.V1PodCondition(type="Ready", status="True")],
                container_statuses=[
                    client.V1ContainerStatus(
                        name=app,
                        image="i",
                        image_id="i",
                        container_id=f"containerd://{number}",
                        ready=True,
                        restart_count=0,
                        state=client.V1ContainerState(running=client.V1ContainerStateRunning()),
                    )
                ],
            ),
        )
        self.pods[namespace, name] = pod
        if not ready:
            self.ready_at[pod.metadata.uid] = float("inf")
        return pod

    def names(self, app: str, namespace: str = "shop") -> set[str]:
        self.settle()
        return {n for (ns, n), p in self.pods.items() if ns == namespace and p.metadata.labels["app"] == app}

    def settle(self) -> None:
        """Let the controllers catch up with the clock."""
        for key, pod in list(self.pods.items()):
            uid = pod.metadata.uid
            if self.gone_at.get(uid, float("inf")) <= self.clock.now:
                del self.pods[key]
            ready = self.ready_at.get(uid, 0.0) <= self.clock.now
            pod.status.conditions[0].status = "True" if ready else "False"

    def delete(self, namespace: str, name: str, uid: str | None, grace: int | None) -> Any:
        self.settle()
        self.writes.append(f"delete pod {namespace}/{name}")
        status = self.refuse_deletion_of(name)
        if status:
            raise ApiException(status=status, reason="refused by the test")
        pod = self.pods.get((namespace, name))
        if pod is None:
            raise ApiException(status=404, reason="Not Found")
        if uid and pod.metadata.uid != uid:
            raise ApiException(status=409, reason="Conflict")
        if not self.deletions_do_nothing:
            if grace == 0:
                del self.pods[namespace, name]
            else:
                pod.metadata.deletion_timestamp = datetime.now(UTC)
                self.gone_at[pod.metadata.uid] = self.clock.now + (30 if grace is None else grace)
            app = pod.metadata.labels["app"]
            if (namespace, app) in self.deployments:
                fresh = self.start_pod(namespace, app)
                self.ready_at[fresh.metadata.uid] = self.clock.now + self.warm_up[app]
        self.after_delete()
        return pod


class _Core:
    def __init__(self, cluster: FakeKube) -> None:
        self._cluster = cluster

    def read_namespace(self, name: str, **_: Any) -> Any:
        self._cluster.reads += 1
        labels = {"faultcast.dev/consent": "true"} if self._cluster.consent else {}
        return client.V1Namespace(
            metadata=client.V1ObjectMeta(name=name, uid=self._cluster.identity, labels=labels)
        )

    def list_namespaced_pod(self, namespace: str, *, label_selector: str = "", **_: Any) -> Any:
        self._cluster.reads += 1
        self._cluster.settle()
        items = [
            pod
            for (space, _), pod in self._cluster.pods.items()
            if space == namespace and _matches(pod.metadata.labels, label_selector)
        ]
        return client.V1PodList(items=items)

    def read_namespaced_pod(self, name: str, namespace: str, **_: Any) -> Any:
        self._cluster.reads += 1
        self._cluster.settle()
        pod = self._cluster.pods.get((namespace, name))
        if pod is None:
            raise ApiException(status=404, reason="Not Found")
        return pod

    def delete_namespaced_pod(self, name: str, namespace: str, *, body: Any, **_: Any) -> Any:
        return self._cluster.delete(namespace, name, body.preconditions.uid, body.grace_period_seconds)


class _Apps:
    def __init__(self, cluster: FakeKube) -> None:
        self._cluster = cluster

    def read_namespaced_replica_set(self, name: str, namespace: str, **_: Any) -> Any:
        self._cluster.reads += 1
        app = name.removesuffix("-rs")
        owner = client.V1OwnerReference(
            api_version="apps/v1", kind="Deployment", name=app, uid=f"d-{app}", controller=True
        )
        return client.V1ReplicaSet(
            metadata=client.V1ObjectMeta(name=name, namespace=namespace, owner_references=[owner])
        )

    def read_namespaced_deployment(self, name: str, namespace: str, **_: Any) -> Any:
        self._cluster.reads += 1
        if (namespace, name) not in self._cluster.deployments:
            raise ApiException(status=404, reason="Not Found")
        return self._refreshed(namespace, name)

    def list_namespaced_deployment(self, namespace: str, **_: Any) -> Any:
        self._cluster.reads += 1
        keys = [key for key in self._cluster.deployments if key[0] == namespace]
        return client.V1DeploymentList(items=[self._refreshed(*key) for key in keys])

    read_namespaced_stateful_set = read_namespaced_deployment
    read_namespaced_daemon_set = read_namespaced_deployment

    def _refreshed(self, namespace: str, name: str) -> Any:
        self._cluster.settle()
        deployment = self._cluster.deployments[namespace, name]
        pods = [
            pod
            for (space, _), pod in self._cluster.pods.items()
            if space == namespace
            and pod.metadata.labels["app"] == name
            and not pod.metadata.deletion_timestamp
        ]
        ready = sum(pod.status.conditions[0].status == "True" for pod in pods)
        deployment.status = client.V1DeploymentStatus(
            observed_generation=1, updated_replicas=len(pods), available_replicas=ready
        )
        return deployment


def _matches(labels: dict[str, str], selector: str) -> bool:
    for term in re.split(r",(?![^(]*\))", selector):
        if among := re.fullmatch(r"\s*(\S+)\s+in\s*\(([^)]*)\)\s*", term):
            if labels.get(among[1]) not in [value.strip() for value in among[2].split(",")]:
                return False
        elif term:
            key, _, value = term.partition("=")
            if labels.get(key.strip()) != value.strip("= "):
                return False
    return True
