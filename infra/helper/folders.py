"""Folders of a container as this node sees them, and the files that an order left in them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .targets import PROC, TargetContainer, processes
from .task import TaskError

__all__ = ["Space", "folder_of", "inside", "remains", "remove", "space_of", "volumes_of", "writes_in"]

_LINKS = 40
_PREFIX = ".faultcast-"
_RECENT = 3.0
_DEPTH = 4
_KUBELETS = frozenset({"kubelet", "k3s", "k3s-server", "k3s-agent"})


@dataclass(frozen=True)
class Space:
    """Use of a file system, as `df` counts it.

    Attributes:
        used: Bytes in use.
        free: Bytes that a program may still use.
    """

    used: int
    free: int

    @property
    def share(self) -> float:
        """Used share, 0 to 1."""
        return self.used / (self.used + self.free) if self.used + self.free else 1.0


def space_of(folder: Path | int) -> Space:
    """Use of the file system of a folder, given by path or open handle; raises OSError."""
    found = os.statvfs(folder)
    return Space((found.f_blocks - found.f_bfree) * found.f_frsize, found.f_bavail * found.f_frsize)


def writes_in(folder: Path, now: float) -> float:
    """How many files of helpers in a folder were written to in the last seconds.

    Raises:
        OSError: The folder cannot be read.
    """
    return float(sum(now - file.stat().st_mtime < _RECENT for file in folder.glob(f"{_PREFIX}*")))


def inside(root: Path, path: str) -> Path:
    """A path of a container, with links resolved inside its root and never outside.

    Args:
        root: The container's root as seen here, such as `/proc/PID/root`.
        path: Absolute path in the container.

    Raises:
        TaskError: Links go round in circles.
    """
    parts = [part for part in path.split("/") if part]
    done: list[str] = []
    links = 0
    while parts:
        part = parts.pop(0)
        if part == "..":
            done = done[:-1]
            continue
        if part == ".":
            continue
        here = root.joinpath(*done, part)
        if here.is_symlink():
            links += 1
            if links > _LINKS:
                message = f"{path}: too many links"
                raise TaskError(message)
            target = here.readlink()
            done = [] if target.is_absolute() else done
            parts = [each for each in target.parts if each != "/"] + parts
        else:
            done.append(part)
    return root.joinpath(*done)


def folder_of(target: TargetContainer, path: str, proc: Path = PROC) -> Path:
    """A folder of the target; raises TaskError when it is not there."""
    folder = Path(path) if target.own else inside(proc / str(target.require().pid) / "root", path)
    if not folder.is_dir():
        message = f"{path} is no folder in the container"
        raise TaskError(message)
    return folder


def remains(order: str, target: TargetContainer, path: str, proc: Path = PROC) -> list[Path]:
    """Files of the order that are still there, in any container and volume of the target."""
    folders: list[tuple[Path, int]] = []
    if target.own:
        folders = [(Path(path), 1)]
    else:
        for process in target.running():
            try:
                folders.append((inside(proc / str(process.pid) / "root", path), 1))
            except (OSError, TaskError):
                continue  # it ended while we looked
        if target.pod:
            folders += [(folder, _DEPTH) for folder in volumes_of(target.pod, proc)]
    found: dict[tuple[int, int], Path] = {}
    for folder, depth in folders:
        for file in _marked(folder, order, depth):
            try:
                status = file.lstat()
            except OSError:
                continue
            found.setdefault((status.st_dev, status.st_ino), file)
    return list(found.values())


def remove(order: str, target: TargetContainer, path: str, proc: Path = PROC) -> list[str]:
    """Remove the files of the order; what is still there, in words."""
    for file in remains(order, target, path, proc):
        try:
            file.unlink(missing_ok=True)
        except OSError:
            continue  # named below
    return [f"file {file.name} in {file.parent}" for file in remains(order, target, path, proc)]


def volumes_of(pod: str, proc: Path = PROC) -> list[Path]:
    """Folders of a pod's volumes on this node: they are there while none of its containers runs."""
    for process in processes(proc):
        if process.name in _KUBELETS:
            given = [word for word in process.command if word.startswith("--root-dir=")]
            base = given[0].partition("=")[2] if given else "/var/lib/kubelet"
            root = proc / str(process.pid) / "root" / base.lstrip("/")
            try:
                return sorted((root / "pods" / pod / "volumes").glob("*/*"))
            except OSError:
                return []
    return []


def _marked(folder: Path, order: str, depth: int) -> Iterator[Path]:
    """Files of the order in a folder and, with a depth above 1, in the folders below it."""
    prefix, top = f"{_PREFIX}{order}", len(folder.parts)
    for here, subfolders, files in os.walk(folder):
        if len(Path(here).parts) - top + 1 >= depth:
            subfolders.clear()
        for name in files:
            number = name.removeprefix(f"{prefix}-")
            if name == prefix or (number != name and number.isdigit()):
                yield Path(here) / name
