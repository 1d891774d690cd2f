"""How much of a workload serves: the ready ones of its pods, and how many it wants."""

from dataclasses import dataclass
from typing import Any

from faultcast.experiments.resources.objects import ask_for, each, read_json
from faultcast.experiments.resources.owners import KINDS, controller_of, scale_of, scale_path
from faultcast.experiments.resources.pods import is_ready, list_pods
from faultcast.experiments.resources.selectors import Selector
from faultcast.experiments.resources.targets import Owner
from faultcast.infra.errors import ClusterError, RevertError
from faultcast.infra.kube.client import KubeClient

__all__ = ["Readiness", "readiness", "ready_pods", "selector_of", "unseen", "wanted_by"]

_OWN = {kind: (group, kind) for group, kind in KINDS}


@dataclass(frozen=True, slots=True)
class Readiness:
    """How much of a workload serves.

    Attributes:
        ready: Its pods that are ready and not on their way out.
        wanted: How many it wants.
        unseen: Whether its controller has not looked at its latest change, so that this is not known.
    """

    ready: int
    wanted: int
    unseen: bool = False

    @property
    def whole(self) -> bool:
        """Whether it has all it wants."""
        return self.as_before(None)

    def as_before(self, before: int | None) -> bool:
        """Whether it has as much as before a fault: all when `before` is None, else at least so many."""
        wanted = self.wanted if before is None else min(self.wanted, before)
        return not self.unseen and self.ready >= wanted

    def __str__(self) -> str:
        """The form used in reports: `has 1 of 2 replicas ready`."""
        if self.unseen:
            return "was changed a moment ago"
        return f"has {self.ready} of {self.wanted} replicas ready"


def readiness(kube: KubeClient, namespace: str, owner: Owner) -> Readiness | None:
    """How much of a workload serves; None when it does not exist any more.

    Ready pods are counted from the pods themselves: a status field still shows the old number for a
    moment after a pod was deleted.

    Raises:
        ClusterError: The API server refuses, or does not answer, or nobody can tell for this kind.
        RevertError: It is a Job that has failed, so that it never will be whole.
    """
    if owner.group or owner.kind not in _OWN:
        return _scaled(kube, namespace, owner)
    where, noun, _ = KINDS[_OWN[owner.kind]]
    read = getattr(getattr(kube, where), f"read_namespaced_{noun}")
    workload = ask_for(f"read {owner} in {namespace}", read, owner.name, namespace)
    if workload is None or workload.spec is None:
        return None
    if owner.kind == "Job":
        return _of_job(kube, namespace, owner, workload)
    ready = ready_pods(kube, namespace, str(selector_of(workload)))
    late = owner.kind == "DaemonSet" and unseen(workload)  # others specify what they want
    return Readiness(ready, wanted_by(workload), late)


def _scaled(kube: KubeClient, namespace: str, owner: Owner) -> Readiness | None:
    """By its scale: what it wants, and the pods that its selector matches, or else those it controls."""
    scale = read_json(kube, scale_path(owner, namespace), f"the scale of {owner} in {namespace}")
    if scale is None:
        return None
    wanted, selector = scale_of(scale)
    if wanted is None:
        message = f"the scale of {owner} in {namespace} does not say how many replicas it wants"
        raise ClusterError(message, remedy="look at its custom resource definition")
    if selector:
        return Readiness(ready_pods(kube, namespace, selector), wanted)
    mine = (pod for pod in list_pods(kube, namespace, "") if _controls(owner, pod))
    return Readiness(sum(map(is_ready, mine)), wanted)


def _controls(owner: Owner, pod: Any) -> bool:
    reference = controller_of(pod.metadata)
    return reference is not None and reference.uid == owner.uid


def _of_job(kube: KubeClient, namespace: str, owner: Owner, job: Any) -> Readiness:
    """One that is complete lacks nothing; one that goes on wants as many pods as it may have at once."""
    conditions = {one.type: one for one in each(job.status and job.status.conditions) if one.status == "True"}
    if failed := conditions.get("Failed") or conditions.get("FailureTarget"):
        message = (
            f"{owner} in {namespace} has failed for good: {failed.reason or failed.message or 'no reason'}"
        )
        raise RevertError(message, remedy="see what it left undone, then delete it or start it anew")
    spec, succeeded = job.spec, int((job.status and job.status.succeeded) or 0)
    if spec.suspend or "Complete" in conditions or "SuccessCriteriaMet" in conditions:
        return Readiness(0, 0)
    most = 1 if spec.parallelism is None else int(spec.parallelism)
    left = (0 if succeeded else most) if spec.completions is None else int(spec.completions) - succeeded
    return Readiness(ready_pods(kube, namespace, str(selector_of(job))), max(0, min(most, left)))


def ready_pods(kube: KubeClient, namespace: str, selector: str) -> int:
    """How many pods that a selector matches are ready and not on their way out.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    return sum(map(is_ready, list_pods(kube, namespace, selector)))


def selector_of(workload: Any) -> Selector:
    """The selector of a workload's pods.

    Raises:
        ClusterError: Nobody can read it.
    """
    found = workload.spec and workload.spec.selector
    return Selector.of_labels(found) if isinstance(found, dict) else Selector.of(found)


def wanted_by(workload: Any) -> int:
    """How many pods a workload wants."""
    spec = workload.spec
    if hasattr(spec, "replicas"):
        return 1 if spec.replicas is None else int(spec.replicas)
    return int((workload.status and workload.status.desired_number_scheduled) or 0)


def unseen(workload: Any) -> bool:
    """Whether its controller has not looked at its latest change, so that its status is of before."""
    seen = (workload.status and workload.status.observed_generation) or 0
    return bool(seen < (workload.metadata.generation or 0))
