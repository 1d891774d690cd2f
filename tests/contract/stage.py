"""A fake cluster on which a fault is carried out the way a real run does it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from faultcast.experiments.document.extension import BlastRadius, Extension, MetricSpec
from faultcast.experiments.execution.context import RunContext, activate
from faultcast.experiments.execution.perform import perform
from faultcast.experiments.execution.planning import arguments_for, plan_fault
from faultcast.experiments.execution.recorder import Recorder
from faultcast.experiments.fault import Fault, FaultArguments, Plan
from faultcast.experiments.history import Proof
from faultcast.experiments.safety.ledger import Ledger
from faultcast.experiments.safety.radius import FaultRefusal
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.settings import Settings
from tests.contract.samples import SAMPLES
from tests.fakeapi import FakeApi
from tests.fakeapi.server import Write

SEED = 7
KEEPER, COPY = "/apis/batch/v1/namespaces/faultcast/jobs", "/api/v1/namespaces/faultcast/configmaps"
_METRIC = MetricSpec(name="up", query="min(up)")


def extension(radius: BlastRadius) -> Extension:
    return Extension(name="faultcast", metrics=(_METRIC,), blast_radius=radius)


@dataclass
class Stage:
    """A cluster, and the trial of one fault on it.

    Attributes:
        api: The cluster.
        settings: Settings.
        folder: An empty folder.
        fault: The fault.
        given: Its arguments; the sample of its kind when absent.
    """

    api: FakeApi
    settings: Settings
    folder: Path
    fault: Fault[Any]
    given: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        self.recorder = Recorder()
        self.context = RunContext(
            access=self.api.access(),
            kube_context=KubeContext(self.folder / "kubeconfig", "stage"),
            identity=str(self.api.kube_system["metadata"]["uid"]),
            settings=self.settings,
            extension=extension(self._radius()),
            seed=SEED,
            run="run",
            trial="trial",
            ledger=Ledger(self.folder / "ledger"),
            recorder=self.recorder,
        )
        self.context.kube_context.file.write_text("{}\n")

    @property
    def raw(self) -> Mapping[str, Any]:
        return SAMPLES[self.fault.kind] if self.given is None else self.given

    @property
    def arguments(self) -> FaultArguments:
        return arguments_for(self.fault, self.raw, seed=SEED, number=0)

    def _radius(self) -> BlastRadius:
        """Everything of the kind the fault is about."""
        if "node" in self.raw:
            return BlastRadius(nodes=(self.raw["node"],), most="100%")
        return BlastRadius(namespaces=("shop", "kube-system", "monitoring"), most="100%")

    def within(self, radius: BlastRadius) -> None:
        """Allow the fault less than everything."""
        self.context = replace(self.context, extension=extension(radius))

    def plan(self) -> tuple[Plan, tuple[FaultRefusal, ...]]:
        context = self.context
        return plan_fault(self.fault, self.arguments, context.access, context.extension, seed=SEED, number=0)

    def perform(self) -> dict[str, Any]:
        with activate(self.context):
            return perform(self.fault, self.raw, None)

    @property
    def proof(self) -> Proof:
        found = self.recorder.injections[0, 0].proof
        assert found is not None
        return found

    @property
    def kinds(self) -> list[str]:
        """Kinds of the events so far."""
        return [event.kind for event in self.recorder.events]

    @property
    def noted(self) -> bool:
        """Whether the effect was noted in the cluster."""
        return any((one.method, one.path) == ("POST", COPY) for one in self.api.server.writes)

    @property
    def effects(self) -> list[Write]:
        """What was written once the effect was noted in the cluster."""
        writes = [(one.method, one.path) for one in self.api.server.writes]
        return self.api.server.writes[writes.index(("POST", COPY)) + 1 :] if self.noted else []

    def without_custody(self) -> dict[str, Any]:
        """All that is outside of the namespace of Faultcast, a moment later."""
        self.api.pass_time(5.0)
        return {name: one for name, one in self.api.snapshot().items() if "faultcast" not in name}

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """All is as it was at the end of the block, a few seconds later."""
        before = self.api.snapshot()
        yield
        self.api.pass_time(10.0)
        after = self.api.snapshot()
        for name in sorted({*before, *after}):
            assert after.get(name) == before.get(name), f"{name}: {before.get(name)} -> {after.get(name)}"
