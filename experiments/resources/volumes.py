"""Where a folder of a container lies: on a file system of its own, in memory, or on its node's disk."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from faultcast.experiments.resources.containers import specification_of
from faultcast.experiments.resources.objects import amount, each
from faultcast.experiments.resources.pods import read_pod
from faultcast.experiments.resources.targets import Target
from faultcast.infra.kube.client import KubeClient

__all__ = ["FolderStorage", "location_of", "unfit_folder"]

_SHARED, _SHARED_SIZE = "/dev/shm", float(64 << 20)  # noqa: S108 - the container's, not ours
"""What container runtimes mount in every container, and its size unless they are told otherwise."""

_FIXED = ("config_map", "secret", "projected", "downward_api")


@dataclass(frozen=True, slots=True)
class FolderStorage:
    """What a pod's specification says of a folder.

    Attributes:
        words: What it is, in words.
        node: Whether it is on the disk of the node, which all pods there share.
        fixed: Whether nothing can be written to it.
        size: Bytes it may hold; 0 when the specification does not say.
    """

    words: str
    node: bool = False
    fixed: bool = False
    size: float = 0.0


def location_of(pod: Any, container: str, path: str) -> FolderStorage:
    """Where a folder of a pod's container lies.

    Args:
        pod: The pod, as the Kubernetes client gives it.
        container: Name of the container.
        path: Absolute path in the container.
    """
    said = specification_of(pod, container)
    mounts = [mount for mount in each(said and said.volume_mounts) if _inside(path, mount.mount_path or "")]
    if not mounts and _inside(path, _SHARED):
        return FolderStorage("the container's shared memory", size=_SHARED_SIZE)
    if not mounts:
        context = said and said.security_context
        fixed = bool(context and context.read_only_root_filesystem)
        return FolderStorage("the container's own file system", node=True, fixed=fixed)
    mount = max(mounts, key=lambda one: len((one.mount_path or "").rstrip("/")))
    volume = next((one for one in each(pod.spec and pod.spec.volumes) if one.name == mount.name), None)
    words = f"volume {mount.name}"
    if volume is None:
        return FolderStorage(words)
    if mount.read_only or any(getattr(volume, kind) for kind in _FIXED):
        return FolderStorage(words, fixed=True)
    if volume.host_path:
        return FolderStorage(words, node=True)
    if volume.empty_dir:
        size = amount(volume.empty_dir.size_limit or "")
        return FolderStorage(words, node=volume.empty_dir.medium != "Memory", size=size)
    return FolderStorage(words)


def unfit_folder(
    kube: KubeClient, target: Target, path: str, unfit: Callable[[FolderStorage], str]
) -> tuple[str, ...]:
    """Why a folder of a target must not be written to, or cannot be; nothing when it can.

    Args:
        kube: The client.
        target: The pod.
        path: Absolute path in its container.
        unfit: Says what is wrong with a place that can be written to; an empty text when nothing is.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    pod = read_pod(kube, target)
    if pod is None:
        return (f"{target} is gone",)
    place = location_of(pod, target.main, path)
    text = "nothing can be written there" if place.fixed else unfit(place)
    return (f"{path} of {target} is {place.words}: {text}",) if text else ()


def _inside(path: str, folder: str) -> bool:
    return f"{path.rstrip('/')}/".startswith(f"{folder.rstrip('/')}/")
