"""Helper pods of the fake cluster: each does what its order says to the world, and logs it as a real one."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol, cast

from faultcast.infra.helper.order import Order
from faultcast.infra.helper.targets import TargetContainer
from faultcast.infra.helper.tasks.kill import Kill
from faultcast.infra.helper.tasks.relaunch import relaunch
from faultcast.infra.helper.tasks.restore import ApiServer, Restore
from tests.fakeapi.world import HITS, World

_NUMBERS = count(1)
_EVERY = 1.0


class Surroundings(Protocol):
    """What a helper sees of the cluster."""

    world: World

    def epoch(self) -> float: ...

    def restart(self, uid: str, reason: str) -> None: ...

    def measure(self, subject: str, probe: dict[str, Any]) -> float | None: ...

    def answer(
        self, method: str, path: str, query: dict[str, str], body: Any, content: str, account: str
    ) -> tuple[int, Any]: ...


@dataclass
class _InPod:
    """The API as the helper's account sees it."""

    cluster: Surroundings
    account: str

    def request(
        self, method: str, path: str, body: Any = None, content: str = "application/json"
    ) -> tuple[int, Any]:
        return self.cluster.answer(method, path, {}, body, content, self.account)


@dataclass
class _Container:
    """A container none of whose processes can be seen."""

    pod: str

    def find(self) -> None: ...

    def running(self) -> list[Any]:
        return []


@dataclass
class FakeHelper:
    """One helper pod, from its start to its end.

    Attributes:
        order: As the runner wrote it.
        node: Where it runs.
        account: Its service account.
        cluster: What it sees.
    """

    order: dict[str, Any]
    node: str
    account: str
    cluster: Surroundings
    over: bool = False
    lines: list[str] = field(default_factory=list)
    number: int = field(default_factory=lambda: next(_NUMBERS))
    _hits: Callable[[], int] = lambda: 0
    _done: int = 0
    _measured: float = float("-inf")

    @property
    def subject(self) -> str:
        return str(self.order["parameters"].get("pod") or self.node)

    def begin(self) -> None:
        task, parameters = self.order["task"], self.order["parameters"]
        start = self.cluster.epoch()
        if not self.order["act"] or start >= self.order["until"]:
            self.end()
            return
        if failed := self.cluster.world.failing.get(task):
            self._say(event="failed", text=failed)
            self.end()
            return
        every = HITS[task](parameters) if task in HITS else None
        if every is not None:
            self._hits = lambda: 1 + (int((self.cluster.epoch() - start) / every) if every else 0)
        self.cluster.world.begin(self.number, task, self.subject, parameters)
        self._say(event="applied", task=task)
        self.tick()

    def tick(self) -> None:
        """Go on until now."""
        if self.over:
            return
        while self._done < self._hits():
            self._done += 1
            if not self.cluster.world.inert:
                reason = "OOMKilled" if self.order["task"] == "memory" else "Error"
                self.cluster.restart(self.subject, reason)
        now = self.cluster.epoch()
        probes = self.order["parameters"].get("probes")
        if probes and now >= self._measured + _EVERY:
            self._measured = now
            values = {
                one["name"]: self.cluster.measure(one.get("pod") or self.subject, one) for one in probes
            }
            self._say(event="measured", at=now, values=values)
        if now >= self.order["until"]:
            self.end()

    def end(self) -> None:
        """Undo, as at the end of its time or at SIGTERM."""
        if self.over:
            return
        self.over = True
        self.cluster.world.end(self.number)
        leaving = self.cluster.world.leaving.get(self.order["task"])
        left = [leaving] if leaving else []
        if self.order["task"] == "restore":
            left += Restore(Order(**self.order), self._server).undo()
        if self.order["task"] == "kill":
            left += Kill(
                Order(**self.order), cast("TargetContainer", _Container(self.subject)), self._server
            ).undo()
        if self.order["task"] == "memory" and self.order["parameters"].get("relaunch"):
            container = cast("TargetContainer", _Container(self.subject))
            left += relaunch(self.order["parameters"], container, server=self._server)
        self._say(event="left" if left else "undone", text="; ".join(left))

    @property
    def _server(self) -> ApiServer:
        return cast("ApiServer", _InPod(self.cluster, self.account))

    def text(self, tail: int) -> str:
        return "".join(self.lines[-tail:])

    def _say(self, **line: Any) -> None:
        self.lines.append(json.dumps(line) + "\n")
