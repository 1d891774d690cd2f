"""Services of a running node, stopped and started by a word to its process 1."""

from faultcast.infra.providers.local.layout import NodeLayout
from faultcast.infra.providers.local.node.supervisor import read_states
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["forget_stops", "runs", "start", "stop"]

_WAIT = Wait(20.0, 0.05)
_REMEDY = "see what the node's programs do: faultcast status"


def stop(home: NodeLayout, service: str) -> None:
    """Stop a service, and return once its process has ended; harmless when it is stopped already.

    What it started runs on: of `containerd` every container.

    Raises:
        WaitTimeoutError: It did not end, or nobody watches this node's programs.
    """
    home.stopped.mkdir(mode=0o700, exist_ok=True)
    (home.stopped / service).touch(mode=0o600)
    _await(home, service, "stopped")


def start(home: NodeLayout, service: str) -> None:
    """Start a stopped service, or one that died; returns when its process runs. Harmless when it does.

    Raises:
        WaitTimeoutError: Nobody watches this node's programs.
    """
    if _state(home, service) == "died":
        stop(home, service)
    (home.stopped / service).unlink(missing_ok=True)
    _await(home, service, "running")


def runs(home: NodeLayout, service: str) -> bool:
    """Whether the process of a service runs."""
    return _state(home, service) == "running"


def forget_stops(home: NodeLayout) -> None:
    """Let every service start at the next power-on, as a machine that boots does."""
    for mark in home.stopped.glob("*"):
        mark.unlink(missing_ok=True)


def _state(home: NodeLayout, service: str) -> str:
    state = read_states(home).get(service)
    return state.state if state else "unknown"


def _await(home: NodeLayout, service: str, state: str) -> None:
    wait_until(
        f"{service} of node {home.root.name} is {state}",
        lambda: _state(home, service) == state,
        _WAIT,
        last_seen=lambda: _state(home, service),
        remedy=_REMEDY,
    )
