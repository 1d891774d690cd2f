"""Workloads of a namespace where little is as it should be, for the tests of what a fault may touch.

Their pods carry `app=<name>`: `half` has three replicas and room for two, `initing` never leaves its init
container, `crash` ends again and again, `ghost` fits on no node, `slow` is never ready, `exprs` and `slow`
are selected by expressions, `mesh` has a sidecar first, `native` has one as init container, `batch` and
`once` are Jobs, the latter without retries. `rolled` belongs to a replica set of a custom resource, `cloned`
to a custom resource with a scale, `lost` to one without.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from kubernetes import client

from faultcast.experiments.resources.objects import call
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Wait, wait_until

NAMESPACE = "oddities"
GROUP = "oddities.faultcast.dev"
STAY = "trap 'exit 0' TERM; while :; do sleep 1; done"
WORK = STAY.replace("exit 0", "exit 1")  # for a Job, which takes a pod that ends well for done
_CUSTOM = f"/apis/{GROUP}/v1/namespaces/{NAMESPACE}"
_EVERYTHING = {
    "exprs": 2, "half": 2, "mesh": 1, "native": 1, "batch": 2, "once": 1, "rolled": 2, "cloned": 1, "lost": 1,
}  # fmt: skip


@contextmanager
def furnished(kube: KubeClient, image: str) -> Iterator[None]:
    """The namespace and its workloads; gone at the end, also what they need outside of it."""
    _remove(kube)
    kube.core.create_namespace({"metadata": {"name": NAMESPACE}})
    try:
        for manifest in _deployments(image):
            kube.apps.create_namespaced_deployment(NAMESPACE, manifest)
        for name, more in {
            "batch": {"completions": 2, "parallelism": 2},
            "once": {"backoffLimit": 0},
        }.items():
            spec = {"template": _template(image, name, command=WORK, restartPolicy="Never"), **more}
            kube.batch.create_namespaced_job(NAMESPACE, {"metadata": {"name": name}, "spec": spec})
        _customs(kube, image)
        wait_until("all that can be ready is", lambda: _ready(kube) == _EVERYTHING, Wait(90, 0.5),
                   last_seen=lambda: str(_ready(kube)))  # fmt: skip
        wait_until("a container has crashed", lambda: _restarts(kube, "crash") > 0, Wait(60, 0.5))
        yield
    finally:
        _remove(kube)


def pods(kube: KubeClient, app: str) -> list[Any]:
    """The pods of a workload that are not on their way out."""
    found = kube.core.list_namespaced_pod(NAMESPACE, label_selector=f"app={app}").items
    return [pod for pod in found if not pod.metadata.deletion_timestamp]


def restarts(kube: KubeClient, app: str) -> dict[str, int]:
    """How often each container of a workload's pods was started again, the init containers' too."""
    return {
        f"{pod.metadata.name}/{one.name}": one.restart_count
        for pod in pods(kube, app)
        for one in (*(pod.status.container_statuses or ()), *(pod.status.init_container_statuses or ()))
    }


def _restarts(kube: KubeClient, app: str) -> int:
    return sum(restarts(kube, app).values())


def _ready(kube: KubeClient) -> dict[str, int]:
    found: dict[str, int] = {}
    for app in _EVERYTHING:
        conditions = [one for pod in pods(kube, app) for one in pod.status.conditions or ()]
        found[app] = sum(one.type == "Ready" and one.status == "True" for one in conditions)
    return found


def _template(image: str, app: str, *, command: str = STAY, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"labels": {"app": app}},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [container(image, "main", command)],
            **spec,
        },
    }


def container(image: str, name: str, command: str = STAY, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", command],
        "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}},
        **more,
    }


def _deployments(image: str) -> Iterator[dict[str, Any]]:
    apart = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "half"}}}
    alone = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]}}
    never = {"exec": {"command": ["/bin/false"]}, "periodSeconds": 1}
    plain: dict[str, Any] = {}
    unready: dict[str, Any] = {"readinessProbe": never}
    proxy = container(image, "istio-proxy")
    main = container(image, "main")
    yield _deployment("half", _template(image, "half", affinity=alone), replicas=3)
    yield _deployment("initing", _template(image, "initing", initContainers=[container(image, "waits")]))
    yield _deployment("crash", _template(image, "crash", command="exit 1"))
    yield _deployment("ghost", _template(image, "ghost", nodeSelector={"nowhere": "true"}))
    yield _deployment("mesh", _template(image, "mesh", containers=[proxy, main]))
    native = [container(image, "helps", restartPolicy="Always")]
    yield _deployment("native", _template(image, "native", initContainers=native))
    for name, replicas, more in (("exprs", 2, plain), ("slow", 1, unready)):
        term = {"key": "app", "operator": "In", "values": [name]}
        template = _template(image, name, containers=[container(image, "main", **more)])
        yield _deployment(name, template, replicas=replicas, selector={"matchExpressions": [term]})


def _deployment(
    name: str, template: dict[str, Any], *, replicas: int = 1, selector: dict[str, Any] | None = None
) -> dict[str, Any]:
    chosen = selector or {"matchLabels": {"app": name}}
    return {
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": chosen, "template": template},
    }


def _customs(kube: KubeClient, image: str) -> None:
    """Two custom resources, and what belongs to objects of theirs."""
    api = client.ApiextensionsV1Api(kube.api)
    for plural, kind in (("rollouts", "Rollout"), ("clones", "Clone"), ("blobs", "Blob")):
        api.create_custom_resource_definition(_definition(plural, kind, scale=kind == "Clone"))
        made = wait_until(f"a {kind} can be made", partial(_make, kube, plural, kind), Wait(30, 0.5))
        owner = {
            "apiVersion": f"{GROUP}/v1", "kind": kind, "name": kind.lower(), "uid": made, "controller": True,
        }  # fmt: skip
        if kind == "Rollout":
            body = _deployment("rolled", _template(image, "rolled"), replicas=2)
            body["metadata"]["ownerReferences"] = [owner]
            kube.apps.create_namespaced_replica_set(NAMESPACE, body)
            continue
        app = {"Clone": "cloned", "Blob": "lost"}[kind]
        pod = _template(image, app)
        pod["metadata"].update(name=app, ownerReferences=[owner])
        kube.core.create_namespaced_pod(NAMESPACE, pod)


def _make(kube: KubeClient, plural: str, kind: str) -> str | None:
    path, name = f"{_CUSTOM}/{plural}", kind.lower()
    body = {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": name}, "spec": {"replicas": 1}}
    try:
        uid = str(call(kube, "POST", path, body, "application/json")["metadata"]["uid"])
    except client.ApiException as error:
        if error.status != 404:  # not served yet
            raise
        return None
    if kind == "Clone":
        status = {"status": {"replicas": 1, "selector": "app=cloned"}}
        call(kube, "PATCH", f"{path}/{name}/status", status)
    return uid


def _definition(plural: str, kind: str, *, scale: bool) -> dict[str, Any]:
    paths = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    number, text = {"type": "integer"}, {"type": "string"}
    status = {"type": "object", "properties": {"replicas": number, "selector": text}}
    spec = {"type": "object", "properties": {"replicas": number}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": status}}},
        "subresources": {"status": {}, **({"scale": paths} if scale else {})},
    }
    return {
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [version],
        },
    }


def _remove(kube: KubeClient) -> None:
    api = client.ApiextensionsV1Api(kube.api)
    spaces = {one.metadata.name for one in kube.core.list_namespace().items}
    if NAMESPACE in spaces:
        kube.core.delete_namespace(NAMESPACE)
    for one in api.list_custom_resource_definition().items:
        if one.spec.group == GROUP:
            api.delete_custom_resource_definition(one.metadata.name)

    def gone() -> bool:
        left = [one for one in api.list_custom_resource_definition().items if one.spec.group == GROUP]
        return not left and NAMESPACE not in {one.metadata.name for one in kube.core.list_namespace().items}

    wait_until("the oddities are gone", gone, Wait(90, 0.5))
