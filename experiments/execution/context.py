"""What an action of a fault needs to know beyond its arguments: cluster, rules, seed, ledger, record.

Chaos Toolkit hands an action its arguments and the configuration, no more. The runner therefore activates a
`RunContext` around Chaos Toolkit. When a file is executed by plain `chaos run`, `experiments.control` says
which experiment it is, and the context is built from the file, the configuration and the environment.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from faultcast.experiments.document.extension import Rules
from faultcast.experiments.document.file import rules_of
from faultcast.experiments.execution.recorder import Recorder
from faultcast.experiments.loading.actions import Action, actions_of
from faultcast.experiments.loading.references import resolved
from faultcast.experiments.marks.telling import Marks
from faultcast.experiments.resources.access import Access, Meter, access_to
from faultcast.experiments.safety.abort import AbortWatch
from faultcast.experiments.safety.custody import ClusterCustody, Custody, NoCustody
from faultcast.experiments.safety.ledger import Ledger
from faultcast.infra.errors import ConfigurationError
from faultcast.infra.kube.client import KubeClient, connect
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.providers import open_cluster
from faultcast.infra.settings import Settings, load_settings
from faultcast.infra.waiting import Clock, Wait

__all__ = [
    "RunContext",
    "activate",
    "connection",
    "current_context",
    "end_stand_alone",
    "failure_alone",
    "stand_alone",
    "stands_alone",
]

WHOLE_WITHIN = 60.0
"""Seconds a workload gets to become whole after a fault, when nobody is in a hurry."""

HURRY = 4.0
"""Seconds all reverts together may wait for workloads after an interruption."""


@dataclass(slots=True)
class _Hurry:
    deadline: float | None = None


@dataclass(frozen=True)
class RunContext:
    """Where, under which rules, and for whom faults are injected.

    Attributes:
        access: The cluster, with the rights of the kubeconfig.
        kube_context: With what it is reached.
        identity: UID of kube-system of the cluster that is meant.
        settings: Settings.
        extension: The experiment's rules: blast radius, evidence.
        seed: Seed of every random choice.
        run: Identity of the run.
        trial: Identity of the trial.
        ledger: Where effects are noted before they happen.
        recorder: Collects what happens.
        actions: The faults of the method.
        marks: Told when a fault begins and ends.
    """

    access: Access
    kube_context: KubeContext
    identity: str
    settings: Settings
    extension: Rules
    seed: int
    run: str
    trial: str
    ledger: Ledger
    recorder: Recorder
    actions: tuple[Action, ...] = ()
    marks: Marks = field(default_factory=Marks)
    hurry: _Hurry = field(default_factory=_Hurry)

    @property
    def kube(self) -> KubeClient:
        """The API, with the rights of the kubeconfig."""
        return self.access.kube

    @property
    def clock(self) -> Clock:
        """Time."""
        return self.access.clock

    @property
    def meter(self) -> Meter:
        """Metrics of the cluster."""
        return self.access.meter

    @property
    def custody(self) -> Custody:
        """What the cluster itself does about effects: nothing where it has no image for helper pods."""
        return ClusterCustody() if self.access.helper_image else NoCustody()

    @cached_property
    def abort(self) -> AbortWatch:
        """The watch over the conditions on which every fault of this trial is stopped."""
        return AbortWatch(self.extension.abort, self.meter, clock=self.clock)

    @property
    def stopping(self) -> bool:
        """Whether the whole trial is to end: somebody or a condition asked for it, or a fault failed."""
        return self.hurry.deadline is not None or self.recorder.failure is not None

    def hasten(self) -> None:
        """Somebody wants to stop: from now on all waits for whole workloads share a few seconds."""
        if self.hurry.deadline is None:
            self.hurry.deadline = self.clock.monotonic() + HURRY

    def patience(self) -> Wait:
        """How long a revert may wait for whole workloads now; always time for one look."""
        if self.hurry.deadline is None:
            return Wait(WHOLE_WITHIN, 0.5)
        return Wait(max(0.0, self.hurry.deadline - self.clock.monotonic()), 0.2)


@dataclass(slots=True)
class _Current:
    """One for the process: Chaos Toolkit runs one experiment at a time, some actions in other threads."""

    context: RunContext | None = None
    document: Mapping[str, Any] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


_CURRENT = _Current()


@contextmanager
def activate(context: RunContext) -> Iterator[RunContext]:
    """Make a context the current one until the block ends."""
    before, _CURRENT.context = _CURRENT.context, context
    try:
        yield context
    finally:
        _CURRENT.context = before


def stand_alone(document: Mapping[str, Any]) -> None:
    """Say which experiment plain `chaos run` is executing; a runner that is active knows it already."""
    if _CURRENT.context is None:
        _CURRENT.document = document


def end_stand_alone() -> None:
    """Forget what `stand_alone` said, and the context that was made of it."""
    if stands_alone():
        _CURRENT.document = _CURRENT.context = None


def stands_alone() -> bool:
    """Whether plain `chaos run` is executing an experiment."""
    return _CURRENT.document is not None


def failure_alone() -> BaseException | None:
    """What ended a fault of the experiment that plain `chaos run` is executing; None while all is well."""
    return _CURRENT.context.recorder.failure if stands_alone() and _CURRENT.context else None


def current_context(configuration: Mapping[str, Any] | None = None) -> RunContext:
    """The context of the trial that is going on.

    Args:
        configuration: Chaos Toolkit's configuration; read only when no runner activated a context.

    Raises:
        ConfigurationError: Nothing says which cluster or which experiment is meant.
        ClusterError: The cluster does not answer.
    """
    with _CURRENT.lock:
        if _CURRENT.context is None:
            _CURRENT.context = _from_configuration(configuration or {})
        return _CURRENT.context


def connection(configuration: Mapping[str, Any] | None = None) -> KubeClient:
    """A client for the cluster that is meant; enough for a probe.

    Raises:
        ConfigurationError: No kubeconfig is named.
    """
    if _CURRENT.context is not None:
        return _CURRENT.context.kube
    return connect(_named_cluster(configuration or {}))


def _named_cluster(configuration: Mapping[str, Any]) -> KubeContext:
    kubeconfig = _named("kubeconfig", configuration)
    if not kubeconfig:
        message = "no kubeconfig is named, and ~/.kube/config is never used by itself"
        remedy = "set FAULTCAST_KUBECONFIG, or faultcast_kubeconfig in the experiment's configuration"
        raise ConfigurationError(message, remedy=remedy)
    return KubeContext.of(Path(kubeconfig), _named("context", configuration))


def _named(key: str, configuration: Mapping[str, Any]) -> str:
    """What the configuration, or else the environment, says; empty when neither does."""
    return str(configuration.get(f"faultcast_{key}") or os.environ.get(f"FAULTCAST_{key.upper()}") or "")


def _from_configuration(configuration: Mapping[str, Any]) -> RunContext:
    kube_context = _named_cluster(configuration)
    document = _CURRENT.document
    if document is None:
        message = "this fault does not know the blast radius of its experiment"
        remedy = (
            "run it with pytest, or add to the file: controls: [{name: faultcast, "
            "provider: {type: python, module: faultcast.experiments.control}}]"
        )
        raise ConfigurationError(message, remedy=remedy)
    settings = load_settings()
    cluster = open_cluster(settings, kube_context, _named("prometheus_url", configuration))
    access = access_to(cluster, connect(kube_context))
    trial = uuid4().hex
    return RunContext(
        access=access,
        kube_context=kube_context,
        identity=_named("identity", configuration) or cluster.identity,
        settings=settings,
        extension=rules_of(document, configuration),
        seed=int(configuration.get("faultcast_seed") or 0),
        run=f"chaos-run-{trial}",
        trial=trial,
        ledger=Ledger(settings.state_dir / "ledger"),
        recorder=Recorder(),
        actions=actions_of(resolved(document)["method"]),
    )
