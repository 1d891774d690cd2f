"""What an action of a fault needs to know beyond its arguments: cluster, rules, seed, ledger, record.

Chaos Toolkit hands an action its arguments and the configuration, no more. The runner therefore activates a
`RunContext` around Chaos Toolkit. When a file is executed by plain `chaos run`, `experiments.control` says
which experiment it is, and the context is built from the file, the configuration and the environment.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from faultcast.experiments.document import extension_of
from faultcast.experiments.history import Event, Injection
from faultcast.experiments.ledger import Ledger
from faultcast.experiments.model import Extension
from faultcast.infra.errors import ConfigurationError
from faultcast.infra.kube import KubeClient, connect, identity_of
from faultcast.infra.settings import Settings, load_settings
from faultcast.infra.waiting import Clock, SystemClock, Wait

__all__ = [
    "Recorder",
    "RunContext",
    "activate",
    "connection",
    "current_context",
    "end_stand_alone",
    "stand_alone",
    "stands_alone",
]

__all__ = [
    "Recorder",
    "RunContext",
    "activate",
    "connection",
    "current_context",
    "end_stand_alone",
    "stand_alone",
    "stands_alone",
]

WHOLE_WITHIN = 60.0
"""Seconds a workload gets to become whole after a fault, when nobody is in a hurry."""

HURRY = 4.0
"""Seconds all reverts together may wait for workloads after an interruption."""


class Recorder:
    """Collects what happens in a trial; the only thing about a context that changes.

    Attributes:
        events: What happened, in order.
        injections: The faults as applied, by their number in the method.
        started: Number of faults that were started.
        failure: What ended the first fault that failed; None while all is well.
    """

    def __init__(self, on_event: Callable[[Event], None] | None = None) -> None:
        self._on_event = on_event
        self.events: list[Event] = []
        self.injections: dict[int, Injection] = {}
        self.started = 0
        self.failure: BaseException | None = None

    def event(self, kind: str, subject: str, text: str) -> None:
        """Note that something happened now."""
        happened = Event(datetime.now(UTC), kind, subject, text)
        self.events.append(happened)
        if self._on_event:
            self._on_event(happened)

    def next_number(self) -> int:
        """The number of the fault that starts now, counted from 0 in the order of the method."""
        self.started += 1
        return self.started - 1

    def amend(self, number: int, **changes: Any) -> None:
        """Change fields of an injection that was recorded."""
        self.injections[number] = replace(self.injections[number], **changes)


@dataclass(slots=True)
class _Hurry:
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where, under which rules, and for whom faults are injected.

    Attributes:
        kube: The client; bound to one kubeconfig.
        kubeconfig: That file.
        context: Its context; the current one when empty.
        identity: UID of kube-system of the cluster that is meant.
        settings: Settings.
        extension: The experiment's rules: blast radius, evidence.
        seed: Seed of every random choice.
        run: Identity of the run.
        trial: Identity of the trial.
        ledger: Where effects are noted before they happen.
        recorder: Collects what happens.
        clock: Time.
    """

    kube: KubeClient
    kubeconfig: Path
    context: str
    identity: str
    settings: Settings
    extension: Extension
    seed: int
    run: str
    trial: str
    ledger: Ledger
    recorder: Recorder
    clock: Clock = field(default_factory=SystemClock)
    hurry: _Hurry = field(default_factory=_Hurry)

    def hasten(self) -> None:
        """Somebody wants to stop: from now on all waits for whole workloads share a few seconds."""
        if self.hurry.deadline is None:
            self.hurry.deadline = self.clock.monotonic() + HURRY

    def patience(self) -> Wait:
        """How long a revert may wait for whole workloads now; always time for one look."""
        if self.hurry.deadline is None:
            return Wait(WHOLE_WITHIN, 0.5)
        return Wait(max(0.0, self.hurry.deadline - self.clock.monotonic()), 0.2)


_ACTIVE: ContextVar[RunContext | None] = ContextVar("faultcast_run_context", default=None)
_DOCUMENT: ContextVar[Mapping[str, Any] | None] = ContextVar("faultcast_document", default=None)


@contextmanager
def activate(context: RunContext) -> Iterator[RunContext]:
    """Make a context the current one of this thread until the block ends."""
    token = _ACTIVE.set(context)
    try:
        yield context
    finally:
        _ACTIVE.reset(token)


def stand_alone(document: Mapping[str, Any]) -> None:
    """Say which experiment plain `chaos run` is executing; a runner that is active knows it already."""
    if _ACTIVE.get() is None:
        _DOCUMENT.set(document)


def end_stand_alone() -> None:
    """Forget what `stand_alone` said, and the context that was made of it."""
    if stands_alone():
        _DOCUMENT.set(None)
        _ACTIVE.set(None)


def stands_alone() -> bool:
    """Whether plain `chaos run` is executing an experiment."""
    return _DOCUMENT.get() is not None


def current_context(configuration: Mapping[str, Any] | None = None) -> RunContext:
    """The context of the trial that is going on.

    Args:
        configuration: Chaos Toolkit's configuration; read only when no runner activated a context.

    Raises:
        ConfigurationError: Nothing says which cluster or which experiment is meant.
        ClusterError: The cluster does not answer.
    """
    active = _ACTIVE.get()
    if active is None:
        active = _from_configuration(configuration or {})
        _ACTIVE.set(active)
    return active


def connection(configuration: Mapping[str, Any] | None = None) -> KubeClient:
    """A client for the cluster that is meant; enough for a probe.

    Raises:
        ConfigurationError: No kubeconfig is named.
    """
    active = _ACTIVE.get()
    if active is not None:
        return active.kube
    kubeconfig, context, _ = _named_cluster(configuration or {})
    return connect(kubeconfig, context)


def _named_cluster(configuration: Mapping[str, Any]) -> tuple[Path, str, str]:
    def value(key: str) -> str:
        return str(configuration.get(f"faultcast_{key}") or os.environ.get(f"FAULTCAST_{key.upper()}") or "")

    if not value("kubeconfig"):
        message = "no kubeconfig is named, and ~/.kube/config is never used by itself"
        remedy = "set FAULTCAST_KUBECONFIG, or faultcast_kubeconfig in the experiment's configuration"
        raise ConfigurationError(message, remedy=remedy)
    return Path(value("kubeconfig")).expanduser(), value("context"), value("identity")


def _from_configuration(configuration: Mapping[str, Any]) -> RunContext:
    kubeconfig, context, identity = _named_cluster(configuration)
    document = _DOCUMENT.get()
    if document is None:
        message = "this fault does not know the blast radius of its experiment"
        remedy = (
            "run it with pytest, or add to the file: controls: [{name: faultcast, "
            "provider: {type: python, module: faultcast.experiments.control}}]"
        )
        raise ConfigurationError(message, remedy=remedy)
    kube = connect(kubeconfig, context)
    settings = load_settings()
    trial = uuid4().hex
    return RunContext(
        kube=kube,
        kubeconfig=kubeconfig,
        context=context,
        identity=identity or identity_of(kube),
        settings=settings,
        extension=extension_of(document),
        seed=int(configuration.get("faultcast_seed") or 0),
        run=f"chaos-run-{trial}",
        trial=trial,
        ledger=Ledger(settings.state_dir / "ledger"),
        recorder=Recorder(),
    )
