"""A file system of a pod is filled; a floor stays free, and the file is removed again."""

from random import Random

from pydantic import Field

from faultcast.experiments.bases.folder import FolderArguments, folder_of
from faultcast.experiments.bases.helper import MOST_OBSERVED, HelperFault, observed, on_nodes
from faultcast.experiments.bases.node import node_targets
from faultcast.experiments.bases.pod import plan_pods
from faultcast.experiments.bases.stress import MIB
from faultcast.experiments.document.extension import Duration
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.objects import amount
from faultcast.experiments.resources.targets import Target
from faultcast.experiments.resources.volumes import FolderStorage, unfit_folder

__all__ = ["FAULT", "DiskFill", "DiskFillArguments", "empty_disk", "fill_disk", "unfit"]

_NEAR = 0.05


class DiskFillArguments(FolderArguments):
    """Which file system, and how full."""

    intensity: float = Field(
        90.0, ge=1, le=100, description="share of the file system that shall be in use, in percent"
    )
    floor: int = Field(8, ge=0, le=1_000_000, description="space that stays free, in MiB")
    most: int = Field(2048, ge=1, le=1_000_000, description="never write more than this, in MiB")
    ramp: Duration = Field(0.0, ge=0, le=600, description="time until all of it is written")


class DiskFill(HelperFault[DiskFillArguments]):
    """Writes one file of real blocks into a folder of a container."""

    kind = "disk-fill"
    label = "disk filled"
    action = "fill_disk"
    rollback = "empty_disk"
    arguments = DiskFillArguments

    def plan(self, access: Access, arguments: DiskFillArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods; what could fill more than `most` of a node's disk is refused."""
        disks = {
            node.name: amount(node.limits.get("ephemeral-storage", "")) for node in node_targets(access.kube)
        }

        def objections(target: Target) -> tuple[str, ...]:
            disk = disks.get(target.node, 0.0)
            return unfit_folder(
                access.kube, target, arguments.path, lambda place: unfit(place, arguments, disk)
            )

        return plan_pods(
            access,
            arguments,
            rng,
            peer,
            action=lambda target: (
                f"fill {arguments.path} of container {target.main} of {target} to {arguments.intensity:g} %"
            ),
            bounds=(
                f"removed by the helper itself after {arguments.duration:g} s",
                f"{arguments.floor} MiB stay free, at most {arguments.most} MiB are written",
            ),
            objections=objections,
            most_peers=MOST_OBSERVED,
        )

    def evidence(self, access: Access, arguments: DiskFillArguments, effect: Effect) -> Evidence:
        """The file system of a target is as full as was asked; that of a peer is not."""
        wanted = _wanted(arguments)

        def landed(before: float, now: float) -> bool:
            return before < wanted <= now

        return observed(
            access,
            effect,
            lambda pod: {"kind": "disk", **folder_of(pod, arguments.path)},
            what=f"used share of {arguments.path}",
            landed=landed,
            expected=f"at least {wanted:.2f}, and less before",
        )

    def orders(self, arguments: DiskFillArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """One helper on each target's node."""
        how = {
            "percent": arguments.intensity,
            "floor": arguments.floor * MIB,
            "most": arguments.most * MIB,
            "ramp": arguments.ramp,
        }
        return on_nodes(
            effect,
            lambda pod: PodOrder(
                "fill", "fill", parameters={**folder_of(pod, arguments.path), **how}, stateful=True
            ),
        )


def _wanted(arguments: DiskFillArguments) -> float:
    """The used share, 0 to 1, from which on a file system counts as filled."""
    return max(arguments.intensity / 100 - _NEAR, 0.0)


def unfit(place: FolderStorage, arguments: DiskFillArguments, disk: float) -> str:
    """Why a folder that can be written to must not be filled, or cannot be; empty when it can.

    Args:
        place: Where it lies.
        arguments: How full it shall be.
        disk: Size of the node's disk, in bytes; 0 when it is not known.
    """
    most, floor = arguments.most * MIB, arguments.floor * MIB
    if place.node:
        need = disk * arguments.intensity / 100
        if not disk or need > most:
            size = f"{disk / MIB:.0f} MiB" if disk else "unknown size"
            return (
                f"on the node's disk of {size}, which all its pods share, {arguments.intensity:g} % may be "
                f"over the {arguments.most} MiB that may be written: take another volume or raise `most`"
            )
        if 0 < place.size < min(need, most):
            return f"the kubelet evicts the pod when more than {place.size / MIB:.0f} MiB are in it"
    elif place.size and min(place.size - floor, most) < place.size * _wanted(arguments):
        return (
            f"of its {place.size / MIB:.0f} MiB {arguments.floor} MiB stay free and at most "
            f"{arguments.most} MiB are written, so it cannot be filled to {arguments.intensity:g} %"
        )
    return ""


FAULT = DiskFill()

fill_disk = action_of(FAULT)
empty_disk = rollback_of(FAULT)
