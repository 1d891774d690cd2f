"""The processes of containers and pods on this node, as `/proc` shows them.

A container is known by its id at the runtime, a pod by its UID: both are part of the control group paths of
their processes, whatever the runtime and the version of control groups.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .task import TaskError

__all__ = ["PROC", "WORKER", "Process", "TargetContainer", "processes"]

PROC = Path("/proc")

WORKER = "helper.worker"
"""Part of the command line of every process that a helper starts: such a process is nobody's target."""

_PAUSE = frozenset({"pause", "catatonit"})
_ID_DIGITS = 64


@dataclass(frozen=True)
class Process:
    """One process.

    Attributes:
        pid: Its number in this process's namespace.
        parent: Number of its parent there; 0 when the parent is outside.
        inner: Its number in its own namespace.
        nested: Whether that namespace is another one than ours.
        name: Name of the program, without its folder.
        command: Its arguments, the program first.
        groups: Path of its control group by controller; the unified hierarchy's by `""`.
    """

    pid: int
    parent: int
    inner: int
    nested: bool
    name: str
    command: tuple[str, ...]
    groups: Mapping[str, str]

    @property
    def container(self) -> str:
        """Id of its container; empty for a process that is in none."""
        for path in self.groups.values():
            last = path.rsplit("/", 1)[-1].removesuffix(".scope").rsplit("-", 1)[-1].rsplit(":", 1)[-1]
            if len(last) == _ID_DIGITS and set(last) <= set("0123456789abcdef"):
                return last
        return ""

    def in_pod(self, uid: str) -> bool:
        """Whether it belongs to the pod with this UID."""
        marks = (f"pod{uid}", f"pod{uid.replace('-', '_')}")
        return any(mark in path for path in self.groups.values() for mark in marks)


def processes(proc: Path = PROC) -> Iterator[Process]:
    """Every process of this node except kernel threads, zombies and the workers of helpers."""
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            found = _read(folder)
        except (OSError, ValueError, KeyError):
            continue  # it ended while we looked
        if found.command and WORKER not in " ".join(found.command):
            yield found


def _read(folder: Path) -> Process:
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
    numbers = status["NSpid"].split()
    command = tuple((folder / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0"))
    return Process(
        pid=int(folder.name),
        parent=int(status["PPid"]),
        inner=int(numbers[-1]),
        nested=len(numbers) > 1,
        name=Path(command[0]).name,
        command=() if command == ("",) else command,
        groups=_groups((folder / "cgroup").read_text()),
    )


def _groups(text: str) -> dict[str, str]:
    """Read `/proc/PID/cgroup`, of either version."""
    groups: dict[str, str] = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller] = path
    return groups


class TargetContainer:
    """One container of one pod, found again after it was restarted.

    Parameters of the order: `container`, the id at the runtime, empty for the helper's own; and `pod`, the
    UID, without which a restarted container is not found.
    """

    def __init__(self, parameters: Mapping[str, Any], proc: Path = PROC) -> None:
        self.container: str = parameters.get("container", "")
        self.pod: str = parameters.get("pod", "")
        self._proc = proc
        self._command: tuple[str, ...] = ()
        self._others: frozenset[str] = frozenset()

    @property
    def own(self) -> bool:
        """Whether the helper itself is the target."""
        return not self.container and not self.pod

    def find(self) -> Process | None:
        """The first process of the container that runs now; None when there is none."""
        everything = list(processes(self._proc))
        by_container: dict[str, list[Process]] = {}
        for process in everything:
            if process.container == self.container or (self.pod and process.in_pod(self.pod)):
                by_container.setdefault(process.container, []).append(process)
        firsts = {name: _first(members) for name, members in by_container.items() if name}
        found = firsts.get(self.container) or self._again(firsts)
        if found is not None:
            self._others = frozenset(set(firsts) - {found.container})
            self._command, self.container = found.command, found.container
        return found

    def require(self) -> Process:
        """As `find`.

        Raises:
            TaskError: No process of the container runs on this node.
        """
        found = self.find()
        if found is None:
            name, pod = self.container[:12] or "(any)", self.pod or "(any)"
            message = f"container {name} of pod {pod} has no process on this node"
            raise TaskError(message)
        return found

    def running(self) -> list[Process]:
        """Every process of the pod, or of the container when the pod is not known; the pause program too."""
        return [
            process
            for process in processes(self._proc)
            if (self.container and process.container == self.container)
            or (self.pod and process.in_pod(self.pod))
        ]

    def _again(self, firsts: Mapping[str, Process]) -> Process | None:
        """The container that came after the one we knew: not another of the pod, and of the same program."""
        candidates = [
            first for name, first in firsts.items() if name not in self._others and first.name not in _PAUSE
        ]
        same = [first for first in candidates if first.command == self._command]
        chosen = same if self._command else candidates
        return chosen[0] if len(chosen) == 1 else None


def _first(members: list[Process]) -> Process:
    """The process that the runtime started."""
    inits = [process for process in members if process.nested and process.inner == 1]
    if inits:
        return inits[0]
    numbers = {process.pid for process in members}
    tops = [process for process in members if process.parent not in numbers]
    return min(tops or members, key=lambda process: process.pid)
