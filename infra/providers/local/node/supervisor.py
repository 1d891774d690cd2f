"""Process 1 of a node: starts its programs, logs each to a file of its own, and notes which of them died.

A program whose name is in the node's folder `stopped` is ended on purpose, and started again when the name is
gone: so whoever owns the node can stop its services without a connection to this process.
"""

import os
import shutil
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from faultcast.infra.errors import WaitTimeoutError
from faultcast.infra.providers.local.files import read_json, write_json
from faultcast.infra.providers.local.layout import NodeLayout
from faultcast.infra.providers.local.node.spec import Component
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["State", "read_states", "supervise"]

_APPEND = os.O_CREAT | os.O_APPEND | os.O_WRONLY
_NOT_FOUND = 127
_SOCKET_WAIT = Wait(60.0, 0.02)
_LOOK = 0.1
_GRACE = 10.0


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one program.

    Attributes:
        state: What it does; `stopped` on purpose, `died` by itself.
        code: Its exit code once it has ended; negative when a signal ended it.
        at: When it ended, in seconds since the epoch.
    """

    state: Literal["waiting", "running", "died", "stopped"]
    code: int = 0
    at: float = 0.0


def read_states(node: NodeLayout) -> dict[str, State]:
    """The state of each program of a node, as the node noted it last; empty before its first start."""
    return {name: State(**state) for name, state in (read_json(node.components) or {}).items()}


def supervise(components: Sequence[Component], node: NodeLayout, path: str) -> int:
    """Start every component and watch them for as long as this process lives.

    Once its patience is over, a program that ends is not started again: somebody has to see that it died.
    A stopped one gets only SIGTERM itself, and SIGKILL when that is not enough; what it started lives on.

    Args:
        components: Programs, in the order of starting.
        node: Where the node's states and logs go.
        path: The `PATH` of the programs.

    Returns:
        The exit code, once no child is left and nothing is stopped on purpose: 1.
    """
    # Blocked, a child's end stays pending until it is looked for below, so none is slept over.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    watch = _Watch(node, path, {component.name: State("waiting") for component in components}, {}, {})
    watch.note()
    for component in components:
        if component.after:
            watch.until_exists(Path(component.after), component.name)
        watch.start(component, first=time.monotonic())
    while watch.tend():
        watch.obey(components)
        signal.sigtimedwait({signal.SIGCHLD}, _LOOK)
    return 1


@dataclass(frozen=True, slots=True)
class _Watch:
    node: NodeLayout
    path: str
    states: dict[str, State]
    running: dict[int, tuple[Component, float]]
    overdue: dict[int, float]

    def note(self) -> None:
        write_json(self.node.components, {name: asdict(state) for name, state in self.states.items()})

    def start(self, component: Component, first: float) -> None:
        """Start a program; `first` is the moment of its first start.

        Not by `subprocess`: that collects ended children behind our back, so their deaths would go unseen.
        """
        if self.is_unwanted(component.name):
            self.states[component.name] = State("stopped", at=time.time())
            self.note()
            return
        program = shutil.which(component.argv[0], path=self.path)
        if program is None:
            self.states[component.name] = State("died", _NOT_FOUND, time.time())
            self.note()
            return
        pid = os.posix_spawn(
            program,
            component.argv,
            {"PATH": self.path, "HOME": "/root", "LANG": "C.UTF-8"},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, self.node.log(component.name), _APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # Python ignores both, and a child would inherit that
        )
        self.running[pid] = (component, first)
        self.states[component.name] = State("running")
        self.note()

    def is_unwanted(self, name: str) -> bool:
        return (self.node.stopped / name).exists()

    def obey(self, components: Sequence[Component]) -> None:
        """Stop the programs that are unwanted, and start those that are wanted again."""
        for component in components:
            name, state = component.name, self.states[component.name].state
            pid = next((pid for pid, (running, _) in self.running.items() if running.name == name), 0)
            if not self.is_unwanted(name):
                if state == "stopped":
                    self.start(component, first=time.monotonic())
            elif pid:
                self.stop(pid)
            elif state != "stopped":
                self.states[name] = State("stopped", at=time.time())
                self.note()

    def stop(self, pid: int) -> None:
        """Ask a program to end; once it has been asked for long enough, make it."""
        if pid not in self.overdue:
            self.overdue[pid] = time.monotonic() + _GRACE
            os.kill(pid, signal.SIGTERM)
        elif time.monotonic() >= self.overdue[pid]:
            os.kill(pid, signal.SIGKILL)

    def until_exists(self, socket: Path, waiting: str) -> None:
        def there() -> bool:
            self.tend()
            return socket.exists() or self.is_unwanted(waiting)

        try:
            wait_until(f"socket {socket}", there, _SOCKET_WAIT)
        except WaitTimeoutError as error:
            os.write(2, f"{error}\n".encode())  # the program that needs it will say so in its own log

    def tend(self) -> bool:
        """Deal with every child that has ended; False when there is nothing left to watch."""
        try:
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG):
                if ended.si_pid in self.running:
                    code = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
                    self.ended(ended.si_pid, code)
        except ChildProcessError:
            return "stopped" in {state.state for state in self.states.values()}
        return True

    def ended(self, pid: int, code: int) -> None:
        """Note that a program has ended, or start it again while there is patience with it."""
        component, first = self.running.pop(pid)
        asked = self.overdue.pop(pid, None) is not None
        if not asked and time.monotonic() - first < component.patience:
            self.start(component, first)
            return
        self.states[component.name] = State("stopped" if asked else "died", code, time.time())
        self.note()
