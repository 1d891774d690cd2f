"""A file system of a pod is kept busy: files are written, flushed and read over and over."""

from random import Random

from pydantic import Field

from faultcast.experiments.bases.folder import FolderArguments, folder_of
from faultcast.experiments.bases.helper import MOST_OBSERVED, HelperFault, observed, on_nodes
from faultcast.experiments.bases.pod import plan_pods
from faultcast.experiments.bases.stress import MIB
from faultcast.experiments.evidence import rose
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.volumes import FolderStorage, unfit_folder

__all__ = ["FAULT", "IoStress", "IoStressArguments", "calm_disk", "stress_disk", "unfit"]

_MOST = 2048
"""MiB of files on a disk that other pods share."""


class IoStressArguments(FolderArguments):
    """Which file system, and how hard."""

    workers: int = Field(1, ge=1, le=16, description="number of files that are written at once")
    size: int = Field(16, ge=1, le=4096, description="size of each file, in MiB")


class IoStress(HelperFault[IoStressArguments]):
    """Workers that write and flush in a folder of a container; their files are removed again."""

    kind = "io-stress"
    label = "disk kept busy"
    action = "stress_disk"
    rollback = "calm_disk"
    arguments = IoStressArguments

    def plan(self, access: Access, arguments: IoStressArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods; files that would not fit are refused."""
        return plan_pods(
            access,
            arguments,
            rng,
            peer,
            action=lambda target: (
                f"write and flush {arguments.workers} files in {arguments.path} of container {target.main} "
                f"of {target}"
            ),
            bounds=(
                f"ended by the helper itself after {arguments.duration:g} s",
                f"{arguments.workers * arguments.size} MiB at most are in use",
            ),
            objections=lambda target: unfit_folder(
                access.kube, target, arguments.path, lambda place: unfit(place, arguments)
            ),
            most_peers=MOST_OBSERVED,
        )

    def evidence(self, access: Access, arguments: IoStressArguments, effect: Effect) -> Evidence:
        """A file that is being written is in the folder of a target, and none in that of a peer.

        It is a pod of its own that looks, so that the writer's word is not taken for it.
        """
        return observed(
            access,
            effect,
            lambda pod: {"kind": "writes", **folder_of(pod, arguments.path)},
            what="files being written",
            landed=rose,
            expected="a file that was written to within the last 3 s",
        )

    def orders(self, arguments: IoStressArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """One helper on each target's node."""
        how = {"workers": arguments.workers, "size": arguments.size * MIB}
        return on_nodes(
            effect,
            lambda pod: PodOrder(
                "io", "io", parameters={**folder_of(pod, arguments.path), **how}, stateful=True
            ),
        )


def unfit(place: FolderStorage, arguments: IoStressArguments) -> str:
    """Why the files must not be written to a folder that can be written to; empty when they can.

    Args:
        place: Where it lies.
        arguments: How many, of what size.
    """
    need = arguments.workers * arguments.size
    if 0 < place.size < need * MIB:
        return f"{need} MiB of files do not fit into its {place.size / MIB:.0f} MiB"
    if place.node and need > _MOST:
        return f"{need} MiB of files are more than the {_MOST} MiB that are written to a node's disk at most"
    return ""


FAULT = IoStress()

stress_disk = action_of(FAULT)
calm_disk = rollback_of(FAULT)
