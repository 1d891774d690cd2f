"""One order, from its start to its checked end; the same for every task."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .log import say as print_line
from .measuring import Measuring
from .order import Order
from .task import Task, TaskError

__all__ = ["READY", "keep"]

READY = Path("/tmp/ready")  # noqa: S108 - the container's own, and nobody else is in it
"""Exists while the effect is in place and, if anything is, measured; the readiness probe looks at it."""

_STEP = 0.5
_RETRY = 1.0
_PATIENCE = 20.0


def keep(
    order: Order,
    task: Task,
    *,
    stopped: Callable[[float], bool],
    ready: Path = READY,
    now: Callable[[], float] = time.time,
    say: Callable[[dict[str, Any]], None] | None = None,
) -> int:
    """Apply, keep up and undo the task of an order.

    Args:
        order: The order.
        task: Its task.
        stopped: Waits so many seconds; True as soon as somebody asked this pod to end.
        ready: File that exists while the effect is in place.
        now: The time, in seconds since the epoch.
        say: Takes one line of the pod's log.

    Returns:
        Exit code: 0 when nothing is left, also when the effect could not be put in place: the log says so,
        and the pod was never ready. 1 when something is left: the pod is then started again.
    """
    say = say or print_line
    measuring = Measuring(order, task, say)
    try:
        if order.act and now() < order.until:
            task.apply()
            say({"event": "applied", "task": order.task})
            measuring.start()
            _ready(ready, measuring)
            while now() < order.until and not stopped(min(_STEP, max(0.0, order.until - now()))):
                task.tick()
                _ready(ready, measuring)
    except TaskError as error:
        say({"event": "failed", "text": str(error)})
    finally:
        measuring.stop()
        left = _undo(task, now, stopped)
        ready.unlink(missing_ok=True)
    say({"event": "left" if left else "undone", "text": "; ".join(left)})
    return 1 if left else 0


def _undo(task: Task, now: Callable[[], float], stopped: Callable[[float], bool]) -> list[str]:
    """Try until nothing is left, or the patience is over."""
    end = now() + _PATIENCE
    while left := task.undo():
        if now() >= end:
            return left
        if stopped(_RETRY):
            time.sleep(_RETRY)  # asked to end, and still something to undo: the grace period is for this
    return []


def _ready(ready: Path, measuring: Measuring) -> None:
    if measuring.measured and not ready.exists():
        ready.touch()
