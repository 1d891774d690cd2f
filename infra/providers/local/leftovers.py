"""What of a cluster is still there after a crash, found by names and marks, and how to be rid of it.

Nothing here needs the state folder: processes are found by their control groups; network namespaces, the link
and the groups by names that only this cluster has. Mounts live in the nodes' mount namespaces and go with the
processes; routes go with the link; guards are found by their command line. So whatever moment a killed `up`
had reached, this finds all of it.
"""

import os
import shutil
import signal
from dataclasses import dataclass

import psutil

from faultcast.infra.providers.local.guards import end_guards, guard_processes
from faultcast.infra.providers.local.layout import Layout
from faultcast.infra.providers.local.network import Network
from faultcast.infra.providers.local.node.cgroups import Cgroups
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["Leftovers"]

_DEATH_WAIT = Wait(15.0, 0.05)


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Finds and removes everything of one cluster.

    Attributes:
        layout: Where its files are.
        cgroups: Its control groups.
        network: Its network.
    """

    layout: Layout
    cgroups: Cgroups
    network: Network

    def found(self) -> tuple[str, ...]:
        """Everything of the cluster that exists, in words; empty when nothing does."""
        processes = tuple(f"process {pid} ({_name(pid)})" for pid in sorted(self.cgroups.members()))
        guards = tuple(f"guard {process.pid}" for process in guard_processes(self.layout.root))
        groups = tuple(f"control group {path}" for path in self.cgroups.leftovers())
        state = (f"state folder {self.layout.root}",) if self.layout.root.exists() else ()
        return (*processes, *guards, *groups, *self.network.leftovers(), *state)

    def remove(self) -> None:
        """Remove all of it; harmless when there is nothing.

        Raises:
            WaitTimeoutError: A process did not die, or a control group did not become empty.
        """
        end_guards(self.layout.root)  # first: one might switch a node on
        self._kill()
        self.network.remove()
        self.cgroups.remove_all()
        if self.layout.root.exists():
            shutil.rmtree(self.layout.root)
        wait_until("removal of the network", lambda: not self.network.leftovers(), _DEATH_WAIT)

    def _kill(self) -> None:
        def all_dead() -> bool:
            members = self.cgroups.members()
            for pid in members:
                _kill(pid)
            return not members

        wait_until(
            "death of the cluster's processes",
            all_dead,
            _DEATH_WAIT,
            last_seen=lambda: f"processes {sorted(self.cgroups.members())}",
        )


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # died since it was listed


def _name(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.NoSuchProcess:
        return "just ended"
