"""Process 1 of a node: starts its programs, logs each to a file of its own, and notes which of them died."""

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
from faultcast.infra.providers.local.spec import Component
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["State", "read_states", "supervise"]

_APPEND = os.O_CREAT | os.O_APPEND | os.O_WRONLY
_NOT_FOUND = 127
_SOCKET_WAIT = Wait(60.0, 0.02)


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one program.

    Attributes:
        state: What it does.
        code: Its exit code once it has died; negative when a signal ended it.
        at: When it died, in seconds since the epoch.
    """

    state: Literal["waiting", "running", "died"]
    code: int = 0
    at: float = 0.0


def read_states(node: NodeLayout) -> dict[str, State]:
    """The state of each program of a node, as the node noted it last; empty before its first start."""
    return {name: State(**state) for name, state in (read_json(node.components) or {}).items()}


def supervise(components: Sequence[Component], node: NodeLayout, path: str) -> int:
    """Start every component and watch them for as long as this process lives.

    Once its patience is over, a program that ends is not started again: somebody has to see that it died.

    Args:
        components: Programs, in the order of starting.
        node: Where the node's states and logs go.
        path: The `PATH` of the programs.

    Returns:
        The exit code, once no child is left: 1.
    """
    watch = _Watch(node, path, {component.name: State("waiting") for component in components}, {})
    watch.note()
    for component in components:
        if component.after:
            watch.until_exists(Path(component.after))
        watch.start(component, first=time.monotonic())
    while watch.reap(os.WEXITED):
        pass
    return 1


@dataclass(frozen=True, slots=True)
class _Watch:
    node: NodeLayout
    path: str
    states: dict[str, State]
    running: dict[int, tuple[Component, float]]

    def note(self) -> None:
        write_json(self.node.components, {name: asdict(state) for name, state in self.states.items()})

    def start(self, component: Component, first: float) -> None:
        """Start a program; `first` is the moment of its first start.

        Not by `subprocess`: that collects ended children behind our back, so their deaths would go unseen.
        """
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
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # Python ignores both, and a child would inherit that
        )
        self.running[pid] = (component, first)
        self.states[component.name] = State("running")
        self.note()

    def until_exists(self, socket: Path) -> None:
        def there() -> bool:
            while self.reap(os.WEXITED | os.WNOHANG):
                pass
            return socket.exists()

        try:
            wait_until(f"socket {socket}", there, _SOCKET_WAIT)
        except WaitTimeoutError as error:
            os.write(2, f"{error}\n".encode())  # the program that needs it will say so in its own log

    def reap(self, options: int) -> bool:
        """Deal with one ended child; False when there is none (left)."""
        try:
            ended = os.waitid(os.P_ALL, 0, options)
        except ChildProcessError:
            return False
        if ended is None:
            return False
        if ended.si_pid in self.running:
            component, first = self.running.pop(ended.si_pid)
            if time.monotonic() - first < component.patience:
                self.start(component, first)
                return True
            code = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
            self.states[component.name] = State("died", code, time.time())
            self.note()
        return True
