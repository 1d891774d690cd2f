"""From the API's JSON values to the facts; total: what is missing or odd is left out."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from faultcast.experiments.manifests.facts import Autoscaler, Budget, Claim, ClusterNode, ServiceFacts
from faultcast.experiments.manifests.plain import flag, items, moment, number, part, text, texts
from faultcast.experiments.manifests.workloads import Container, Ending, Pod, ProbeSettings, SpreadRule, Workload

__all__ = ["autoscaler_of", "budget_of", "claim_of", "machine_of", "service_of", "workload_of"]

_ZONE = "topology.kubernetes.io/zone"
_AGAINST = ("NoSchedule", "NoExecute")
_HOST = "kubernetes.io/hostname"

type Object = Mapping[str, Any]


def workload_of(kind: str, found: Object, pods: Sequence[Object], services: Sequence[ServiceFacts]) -> Workload:
    """A workload with those of the pods that it controls.

    Args:
        kind: Its kind; lists leave it out of their items.
        found: The object.
        pods: All pods that were read.
        services: All services that were read: what an environment may name.
    """
    spec = part(found, "spec", "template", "spec")
    namespace, name = text(found, "metadata", "namespace"), text(found, "metadata", "name")
    own = [pod for pod in pods if _controls(kind, namespace, name, pod)]
    default = 1 if kind != "DaemonSet" else number(found, "status", "desiredNumberScheduled")
    return Workload(
        kind=kind,
        namespace=namespace,
        name=name,
        replicas=number(found, "spec", "replicas", default=default),
        selector=texts(found, "spec", "selector", "matchLabels"),
        labels=texts(found, "spec", "template", "metadata", "labels"),
        node_selector=texts(spec, "nodeSelector"),
        spread=tuple(_spread(spec)),
        claims=tuple(_claims(found, spec)),
        containers=tuple(_container(one, namespace, services) for one in items(spec, "containers")),
        pods=tuple(_pod(pod) for pod in own),
    )


def _controls(kind: str, namespace: str, name: str, pod: Object) -> bool:
    if text(pod, "metadata", "namespace") != namespace:
        return False
    above = next((one for one in items(pod, "metadata", "ownerReferences") if flag(one, "controller")), {})
    if kind == "Deployment" and text(above, "kind") == "ReplicaSet":
        return text(above, "name").rpartition("-")[0] == name
    return (text(above, "kind"), text(above, "name")) == (kind, name)


def _spread(spec: Object) -> list[SpreadRule]:
    found = [
        SpreadRule(text(one, "topologyKey"), text(one, "whenUnsatisfiable") != "ScheduleAnyway")
        for one in items(spec, "topologySpreadConstraints")
    ]
    apart = part(spec, "affinity", "podAntiAffinity")
    found += [
        SpreadRule(text(one, "topologyKey"), hard=True, anti_affinity=True)
        for one in items(apart, "requiredDuringSchedulingIgnoredDuringExecution")
    ]
    found += [
        SpreadRule(text(one, "podAffinityTerm", "topologyKey"), hard=False, anti_affinity=True)
        for one in items(apart, "preferredDuringSchedulingIgnoredDuringExecution")
    ]
    return [one for one in found if one.key]


def _claims(found: Object, spec: Object) -> list[str]:
    named = [text(one, "persistentVolumeClaim", "claimName") for one in items(spec, "volumes")]
    named += [text(one, "metadata", "name") for one in items(found, "spec", "volumeClaimTemplates")]
    return [one for one in named if one]


def _container(found: Object, namespace: str, services: Sequence[ServiceFacts]) -> Container:
    ports = items(found, "ports")
    return Container(
        name=text(found, "name"),
        requests=texts(found, "resources", "requests"),
        limits=texts(found, "resources", "limits"),
        readiness=_probe(part(found, "readinessProbe")),
        liveness=_probe(part(found, "livenessProbe")),
        port=(text(ports[0], "name") or text(ports[0], "containerPort")) if ports else "",
        pre_stop=bool(part(found, "lifecycle", "preStop")),
        calls=tuple(_calls(found, namespace, services)),
    )


def _calls(found: Object, namespace: str, services: Sequence[ServiceFacts]) -> list[tuple[str, str]]:
    """The services that literal values of the environment name; of a value itself nothing is kept."""
    calls = []
    for one in items(found, "env"):
        host = re.sub(r"^[a-z+]+://", "", text(one, "value")).partition("/")[0].partition(":")[0].rstrip(".")
        first, _, rest = host.partition(".")
        space = rest.removesuffix(".cluster.local").removesuffix(".svc") or namespace
        if any((service.name, service.namespace) == (first, space) for service in services):
            calls.append((text(one, "name"), f"{space}/{first}"))
    return calls


def _probe(found: Object) -> ProbeSettings | None:
    if not found:
        return None
    return ProbeSettings(
        float(number(found, "periodSeconds", default=10)),
        float(number(found, "timeoutSeconds", default=1)),
        number(found, "failureThreshold", default=3),
    )


def _pod(found: Object) -> Pod:
    conditions = {text(one, "type"): one for one in items(found, "status", "conditions")}
    placed, statuses = conditions.get("PodScheduled", {}), items(found, "status", "containerStatuses")
    return Pod(
        name=text(found, "metadata", "name"),
        node=text(found, "spec", "nodeName"),
        ready=text(conditions.get("Ready", {}), "status") == "True",
        waits=text(placed, "message") if text(placed, "status") == "False" else "",
        restarts=sum(number(one, "restartCount") for one in statuses),
        endings=tuple(
            Ending(text(one, "name"), text(state, "reason"), moment(state, "finishedAt"))
            for one in statuses
            for which in ("state", "lastState")
            if (state := part(one, which, "terminated"))
        ),
    )


def budget_of(found: Object) -> Budget:
    """A disruption budget."""
    return Budget(
        text(found, "metadata", "namespace"),
        text(found, "metadata", "name"),
        texts(found, "spec", "selector", "matchLabels"),
        text(found, "spec", "minAvailable"),
        text(found, "spec", "maxUnavailable"),
    )


def autoscaler_of(found: Object) -> Autoscaler:
    """A horizontal autoscaler."""
    above = part(found, "spec", "scaleTargetRef")
    return Autoscaler(
        text(found, "metadata", "namespace"),
        text(found, "metadata", "name"),
        (text(above, "kind"), text(above, "name")),
        number(found, "spec", "minReplicas", default=1),
    )


def service_of(found: Object) -> ServiceFacts:
    """A service."""
    return ServiceFacts(
        text(found, "metadata", "namespace"),
        text(found, "metadata", "name"),
        texts(found, "spec", "selector"),
    )


def claim_of(found: Object, volumes: Sequence[Object]) -> Claim:
    """A claim, with what its volume says of nodes."""
    modes = part(found, "spec").get("accessModes")
    name = text(found, "spec", "volumeName")
    volume = next((one for one in volumes if name and text(one, "metadata", "name") == name), {})
    return Claim(
        text(found, "metadata", "namespace"),
        text(found, "metadata", "name"),
        text(found, "spec", "storageClassName"),
        tuple(str(one) for one in modes) if isinstance(modes, list) else (),
        tuple(_reachable(volume)),
    )


def _reachable(volume: Object) -> list[str]:
    terms = items(volume, "spec", "nodeAffinity", "required", "nodeSelectorTerms")
    hosts: list[str] = []
    for term in terms:
        for one in items(term, "matchExpressions"):
            values = one.get("values")
            if text(one, "key") == _HOST and text(one, "operator") == "In" and isinstance(values, list):
                hosts += map(str, values)
    return hosts


def machine_of(found: Object) -> ClusterNode:
    """A node."""
    ready = {text(one, "type"): text(one, "status") for one in items(found, "status", "conditions")}
    taints = [text(one, "effect") for one in items(found, "spec", "taints")]
    return ClusterNode(
        text(found, "metadata", "name"),
        ready.get("Ready") == "True",
        not flag(found, "spec", "unschedulable") and not any(one in _AGAINST for one in taints),
        text(found, "metadata", "labels", _ZONE),
    )
