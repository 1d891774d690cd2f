"""The loop of a helper pod: applied, kept up, undone and checked, whatever happens in between."""

from pathlib import Path
from typing import Any

import pytest

from faultcast.infra.helper.keep import keep
from faultcast.infra.helper.order import Order
from faultcast.infra.helper.task import TaskError
from faultcast.infra.helper.tasks.register import TASKS
from faultcast.infra.helper.tasks.restore import Restore


class Effect:
    """A task that remembers what was asked of it."""

    def __init__(self, *, stubborn: int = 0, broken: bool = False, lost_after: int | None = None) -> None:
        self.calls: list[str] = []
        self.stubborn, self.broken, self.lost_after = stubborn, broken, lost_after

    def apply(self) -> None:
        self.calls.append("apply")
        if self.broken:
            message = "no such pod"
            raise TaskError(message)

    def tick(self) -> None:
        self.calls.append("tick")
        if self.lost_after is not None and self.calls.count("tick") > self.lost_after:
            message = "the effect is gone"
            raise TaskError(message)

    def undo(self) -> list[str]:
        self.calls.append("undo")
        return ["a rule"] if self.calls.count("undo") <= self.stubborn else []


class World:
    """Time, and whoever asks a pod to end."""

    def __init__(self, asked_at: float = float("inf")) -> None:
        self.time = 100.0
        self.asked_at = asked_at
        self.lines: list[dict[str, Any]] = []

    def stopped(self, seconds: float) -> bool:
        self.time += seconds
        return self.time >= self.asked_at


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    return tmp_path / "ready"


def _keep(task: Effect, world: World, ready: Path, *, act: bool = True, until: float = 105.0) -> int:
    order = Order("e1", "effect", until, act)
    return keep(
        order, task, stopped=world.stopped, ready=ready, now=lambda: world.time, say=world.lines.append
    )


def test_an_effect_ends_by_itself_at_its_time(ready: Path) -> None:
    task, world = Effect(), World()
    assert _keep(task, world, ready) == 0
    assert task.calls[0] == "apply"
    assert task.calls[-1] == "undo"
    assert world.time == pytest.approx(105.0)
    assert [line["event"] for line in world.lines] == ["applied", "undone"]
    assert not ready.exists()


def test_a_pod_asked_to_end_undoes_at_once(ready: Path) -> None:
    task, world = Effect(), World(asked_at=101.0)
    assert _keep(task, world, ready) == 0
    assert world.time <= 101.5
    assert task.calls[-1] == "undo"


def test_an_effect_that_cannot_be_applied_is_undone_and_never_ready(ready: Path) -> None:
    task, world = Effect(broken=True), World()
    assert _keep(task, world, ready) == 0
    assert task.calls == ["apply", "undo"]
    assert world.lines[0] == {"event": "failed", "text": "no such pod"}


def test_an_effect_that_got_lost_is_said(ready: Path) -> None:
    task, world = Effect(lost_after=2), World()
    assert _keep(task, world, ready) == 0
    assert {"event": "failed", "text": "the effect is gone"} in world.lines


def test_after_its_time_it_only_undoes(ready: Path) -> None:
    task = Effect()
    assert _keep(task, World(), ready, until=90.0) == 0
    assert task.calls == ["undo"]
    assert _keep(task, World(), ready, act=False) == 0
    assert "apply" not in task.calls


def test_undoing_is_tried_again_and_what_stays_is_reported(ready: Path) -> None:
    assert _keep(Effect(stubborn=3), World(), ready) == 0
    world = World()
    assert _keep(Effect(stubborn=10_000), world, ready) == 1
    assert world.lines[-1] == {"event": "left", "text": "a rule"}


class Server:
    """The API server, with one object."""

    def __init__(self, found: dict[str, Any] | None) -> None:
        self.found = found
        self.patches: list[tuple[str, Any, str]] = []

    def request(
        self, method: str, path: str, body: Any = None, content: str = "application/json"
    ) -> tuple[int, Any]:
        if method == "PATCH":
            self.patches.append((path, body, content))
            return 200, {}
        return (200, self.found) if self.found is not None else (404, None)


def _restore(found: dict[str, Any] | None) -> list[tuple[str, Any, str]]:
    step = {"path": "/scale", "body": {"spec": {"replicas": 2}}, "only_if": {"spec.replicas": 0}}
    server = Server(found)
    task = Restore(Order("e1", "restore", 0.0, parameters={"steps": [step]}), server)  # type: ignore[arg-type]
    assert task.undo() == []
    return server.patches


def test_an_object_is_restored_only_while_it_shows_the_effect() -> None:
    assert _restore({"spec": {"replicas": 0}}) == [
        ("/scale", {"spec": {"replicas": 2}}, "application/merge-patch+json")
    ]
    assert _restore({"spec": {"replicas": 3}}) == []
    assert _restore(None) == []


def test_an_order_survives_its_journey_as_json() -> None:
    order = Order.parse('{"id": "e1", "task": "hold", "until": 5.0}')
    assert order == Order("e1", "hold", 5.0)
    assert TASKS[order.task](order).undo() == []
