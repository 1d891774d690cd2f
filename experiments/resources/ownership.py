"""What is behind chosen pods: who brings them back, how whole that is, and why they must not be touched."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from faultcast.experiments.resources.containers import containers_of
from faultcast.experiments.resources.jobs import spent
from faultcast.experiments.resources.owners import Owners, owner_rights
from faultcast.experiments.resources.permissions import Permission
from faultcast.experiments.resources.pods import Candidates
from faultcast.experiments.resources.readiness import Readiness, readiness
from faultcast.experiments.resources.targets import Owner, Target
from faultcast.infra.errors import RevertError
from faultcast.infra.kube.client import KubeClient

__all__ = ["Ownership", "ownership_of"]


@dataclass(frozen=True, slots=True)
class Ownership:
    """What is behind the chosen pods.

    Attributes:
        targets: The pods, with their owners.
        before: Which workloads are not whole already, in words.
        against: Why a pod must not be touched.
        rights: What it takes to see whether all is whole again, whichever pods are chosen.
        strange: UIDs of the pods whose owner is of a kind of which nothing can be told.
    """

    targets: tuple[Target, ...]
    rights: tuple[Permission, ...]
    strange: frozenset[str]
    before: tuple[str, ...]
    against: tuple[str, ...]


def ownership_of(
    kube: KubeClient, found: Candidates, chosen: Sequence[Target], namespace: str, container: str, ends: int
) -> Ownership:
    """Look at what is behind the chosen pods, before anything is touched.

    Args:
        kube: The client.
        found: The candidates.
        chosen: Those that were chosen among them.
        namespace: Of the pods.
        container: Name of the container that was asked for; may be empty.
        ends: How often the container of each, or all of it, will be ended.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    owners = Owners(kube)
    wholeness: dict[Owner, Readiness | None] = {}
    targets: list[Target] = []
    before: dict[str, None] = {}
    against: list[str] = []
    strange: set[str] = set()
    for target in chosen:
        pod = found.raw[target.uid]
        against.extend(_no_such_container(target, pod, container))
        owned = owners.of(pod)
        owner = owned.owner
        if owned.why_not:
            against.append(f"{target} is refused: {owned.why_not}")
            strange.add(target.uid)
        if owner is None:
            targets.append(target)
            against.extend(_ends_for_good(target, pod) if ends and not owned.why_not else ())
            continue
        if owner not in wholeness:
            try:
                wholeness[owner] = readiness(kube, target.namespace, owner)
            except RevertError as error:
                wholeness[owner] = None
                against.append(error.what)
        now = wholeness[owner]
        if now is None:
            against.append(f"nothing would bring {target} back: {owner} has ended, or is gone")
        elif now.wanted and not now.ready:
            against.append(
                f"{owner} {now}, though {target} is ready: it does not count the pods that are its own"
            )
        elif not now.whole and not now.unseen:
            before[f"{owner} {now} already, and counts as whole again with as many"] = None
            owner = replace(owner, before=now.ready)
        targets.append(replace(target, owner=owner))
    for owner in wholeness if ends else ():
        if owner.kind == "Job":
            share = (one for one in targets if one.owner and one.owner.name == owner.name)
            against.extend(spent(kube, namespace, owner.name, [found.raw[one.uid] for one in share], ends))
    everybody = (owners.of(found.raw[pod.uid]).owner for pod in found.fit)
    rights = (right for owner in everybody for right in owner_rights(owner, namespace))
    return Ownership(tuple(targets), tuple(rights), frozenset(strange), tuple(before), tuple(against))


def _no_such_container(target: Target, pod: Any, wanted: str) -> tuple[str, ...]:
    names = containers_of(pod)
    if not wanted or wanted in names:
        return ()
    return (f"{target} has no container {wanted} that runs all the time: it has {', '.join(names)}",)


def _ends_for_good(target: Target, pod: Any) -> tuple[str, ...]:
    if pod.spec.restart_policy == "Never":
        return (f"nothing would start the container of {target} again: its restart policy is Never",)
    return ()
