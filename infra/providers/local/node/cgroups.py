"""Control groups of a cluster: one tree a node, a set of cores for it, and nothing left behind.

Below `/faultcast-<cluster>` each node has two groups: `<node>` is the node itself (its pods; the kubelet's
cgroup root) and is confined to the node's cores, `<node>.system` holds its programs (kubelet, container
runtime, control plane) and is not. What the cluster uses in all is the usage of `/faultcast-<cluster>`.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from faultcast.infra.errors import UnsupportedError, WaitTimeoutError
from faultcast.infra.providers.local.node.shares import core_list, parse_cores
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["Cgroups", "Hierarchy", "hierarchies"]

_UNIFIED = "unified"
_WANTED_V2 = ("cpu", "cpuset", "memory", "pids", "io")


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One mounted control group tree.

    Attributes:
        path: Where it is mounted.
        version: 1, or 2 for the unified tree.
        controllers: Controllers it has.
    """

    path: Path
    version: int
    controllers: frozenset[str]


def hierarchies(mountinfo: str) -> tuple[Hierarchy, ...]:
    """The trees to use, from the text of `/proc/self/mountinfo`.

    A unified tree beside trees of version 1 has no controllers, but a container runtime makes groups in
    it too.

    Raises:
        UnsupportedError: No usable control groups are mounted.
    """
    mounted: dict[Path, str] = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        root, mount = before.split()[3:5]
        kind, _, options = after.split(maxsplit=2)
        if root == "/" and kind == "cgroup":
            mounted.setdefault(Path(mount), options.split()[-1])
        elif root == "/" and kind == "cgroup2":
            mounted.setdefault(Path(mount), _UNIFIED)
    version1 = tuple(
        Hierarchy(path, 1, frozenset(options.split(",")))
        for path, options in mounted.items()
        if options != _UNIFIED
    )
    unified = tuple(
        Hierarchy(path, 2, frozenset(_read(path / "cgroup.controllers").split()))
        for path, options in mounted.items()
        if options == _UNIFIED
    )
    trees = (*version1, *unified[:1])
    controllers = frozenset(name for tree in trees for name in tree.controllers)
    if {"cpu", "memory"} <= controllers:
        return trees
    message = "no control groups with the controllers cpu and memory are mounted at their root"
    raise UnsupportedError(
        message, remedy="run on a machine, or in a container, that owns its control groups"
    )


@dataclass(frozen=True, slots=True)
class Cgroups:
    """The control groups of one cluster.

    Attributes:
        trees: The mounted trees.
        cluster: Name of the cluster.
    """

    trees: tuple[Hierarchy, ...]
    cluster: str

    @classmethod
    def mounted(cls, cluster: str) -> "Cgroups":
        """On the trees mounted on this machine; raises `UnsupportedError` when there are none."""
        return cls(hierarchies(Path("/proc/self/mountinfo").read_text()), cluster)

    @property
    def top(self) -> str:
        """Name of the group that holds everything."""
        return f"faultcast-{self.cluster}"

    def node_root(self, node: str) -> str:
        """The group of a node's pods, as a path in the tree."""
        return f"/{self.top}/{node}"

    def cores(self) -> tuple[int, ...]:
        """Numbers of the cores that the cluster may use."""
        for tree in self.trees:
            if "cpuset" in tree.controllers:
                name = "cpuset.cpus.effective" if tree.version == 2 else "cpuset.cpus"
                return parse_cores((tree.path / name).read_text())
        return tuple(sorted(os.sched_getaffinity(0)))

    def create(self, node: str, cores: Sequence[int]) -> None:
        """Make both groups of a node, and confine its own to `cores`.

        Without the controller `cpuset` nothing confines it; then the kernel gives each node the same weight.
        """
        for tree in self.trees:
            for name in (node, f"{node}.system"):
                group = tree.path / self.top / name
                group.mkdir(parents=True, exist_ok=True)
                if tree.version == 2:
                    _delegate(tree, (tree.path, group.parent))
                elif "cpuset" in tree.controllers:
                    _fill_cpuset(group.parent)
                    _fill_cpuset(group)
            if "cpuset" in tree.controllers:
                (tree.path / self.top / node / "cpuset.cpus").write_text(core_list(cores))

    def system_procs(self, node: str) -> tuple[Path, ...]:
        """Files into which a process writes its id to join the node's programs."""
        return tuple(tree.path / self.top / f"{node}.system" / "cgroup.procs" for tree in self.trees)

    def members(self) -> frozenset[int]:
        """Ids of all processes of the cluster, as this machine counts them."""
        return frozenset(
            int(pid)
            for tree in self.trees
            for group in _deepest_first(tree.path / self.top)
            for pid in _read(group / "cgroup.procs").split()
        )

    def remove_pods(self, node: str) -> None:
        """Remove what dead pods left; each stale group would cost the next kubelet three seconds."""
        for tree in self.trees:
            _remove(tree.path / self.top / node / "kubepods")

    def remove_all(self) -> None:
        """Remove every group of the cluster."""
        for tree in self.trees:
            _remove(tree.path / self.top)

    def leftovers(self) -> tuple[Path, ...]:
        """Groups of the cluster that exist."""
        return tuple(tree.path / self.top for tree in self.trees if (tree.path / self.top).is_dir())


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""  # a group that vanishes while it is read has no members


def _fill_cpuset(group: Path) -> None:
    for name in ("cpuset.cpus", "cpuset.mems"):
        if not (group / name).read_text().strip():
            (group / name).write_text((group.parent / name).read_text())


def _delegate(tree: Hierarchy, groups: tuple[Path, ...]) -> None:
    for group in groups:
        for controller in _WANTED_V2:
            if controller in tree.controllers:
                (group / "cgroup.subtree_control").write_text(f"+{controller}")


def _deepest_first(top: Path) -> Iterator[Path]:
    for folder, _, _ in os.walk(top, topdown=False):
        yield Path(folder)


def _remove(top: Path) -> None:
    """Remove a tree of groups; a group is busy for a moment after its last process has died."""

    def gone() -> bool:
        for group in _deepest_first(top):
            try:
                group.rmdir()
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise
                return False
        return not top.exists()

    try:
        wait_until(f"control group {top} is empty", gone, Wait(15.0, 0.05))
    except WaitTimeoutError as error:
        error.remedy = f"see which processes are in it: find {top} -name cgroup.procs | xargs cat"
        raise
