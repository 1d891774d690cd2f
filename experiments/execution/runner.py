"""Runs the method of an experiment through Chaos Toolkit, and says what really happened.

Chaos Toolkit's own status is not trusted: it calls a run completed when an action failed, when nothing was
injected, and when the gate was not met. What counts is what the faults recorded and each activity's result.
"""

import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from chaoslib.exceptions import ChaosException
from chaoslib.experiment import run_experiment
from chaoslib.run import RunEventHandler

from faultcast.experiments.execution.context import RunContext, activate
from faultcast.experiments.execution.journal import failure_of
from faultcast.experiments.execution.preview import Preview
from faultcast.experiments.execution.recorder import Recorder
from faultcast.experiments.history import Event, Injection, Outcome
from faultcast.experiments.loading.allowed import is_fault
from faultcast.experiments.loading.loader import Experiment
from faultcast.experiments.marks.mark import Marker
from faultcast.experiments.marks.telling import Marks
from faultcast.experiments.resources.access import access_to
from faultcast.experiments.safety.isolation import isolated
from faultcast.experiments.safety.ledger import Ledger
from faultcast.experiments.safety.revert import revert_all
from faultcast.infra.cluster import Cluster
from faultcast.infra.crashlog import crash_text, write_crash
from faultcast.infra.errors import (
    AbortedError,
    ConfigurationError,
    ConsentError,
    FaultcastError,
    InjectionError,
    RefusedError,
)
from faultcast.infra.hangup import on_ending
from faultcast.infra.kube.client import KubeClient, connect
from faultcast.infra.redaction import redacted, redacted_document
from faultcast.infra.settings import Settings
from faultcast.infra.waiting import Clock

__all__ = ["MethodResult", "run_method"]

_ALWAYS = {"runtime": {"rollbacks": {"strategy": "always"}}}


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What a run of the method came to.

    Attributes:
        outcome: `completed`, `interrupted`, `not-injected` or `failed`.
        reason: Why it came no further; empty when completed.
        injections: The faults as applied, in order.
        events: What happened, in order.
        left_behind: What is not as it was; empty when the cluster is whole and clean.
        started: When Chaos Toolkit was started.
        ended: When healing was over.
    """

    outcome: Outcome
    reason: str
    injections: tuple[Injection, ...]
    events: tuple[Event, ...]
    left_behind: tuple[str, ...]
    started: datetime
    ended: datetime


def run_method(
    experiment: Experiment,
    preview: Preview,
    cluster: Cluster,
    *,
    seed: int,
    run: str,
    trial: str,
    settings: Settings,
    folder: Path,
    on_event: Callable[[Event], None] | None = None,
    kube: KubeClient | None = None,
    clock: Clock | None = None,
    markers: Sequence[Marker] = (),
) -> MethodResult:
    """Inject the experiment's faults, keep them up, revert them, and heal whatever is left.

    Ctrl-C, SIGTERM and the loss of the terminal (SIGHUP) end it early; the cluster is healed and the outcome
    is `interrupted`. Main thread only.

    Args:
        experiment: The experiment.
        preview: Its preview on this very cluster, with the same seed and without refusals.
        cluster: Where to run.
        seed: Seed of every random choice.
        run: Identity of the run.
        trial: Identity of the trial; unique in all runs.
        settings: Settings.
        folder: The trial's folder; `journal.json` is written there.
        on_event: Called with each event as it happens.
        kube: A client for `cluster`; made from its kubeconfig when not given.
        clock: Time; the machine's own when not given.
        markers: Told while a fault is in place; one that fails is a warning among the events.

    Raises:
        RefusedError: The preview has refusals, or is of another cluster, seed or version of the file.
        ConfigurationError: The kubeconfig cannot be used, or this is not the main thread.
    """
    _agree(experiment, preview, cluster, seed)
    if threading.current_thread() is not threading.main_thread():
        message = "an experiment can only run in the main thread, which receives the signals"
        raise ConfigurationError(message, remedy="call run_method from the main thread")
    recorder = Recorder(on_event)
    context = RunContext(
        access=access_to(cluster, kube or connect(cluster.kube_context), clock),
        kube_context=cluster.kube_context,
        identity=cluster.identity,
        settings=settings,
        extension=experiment.extension,
        seed=seed,
        run=run,
        trial=trial,
        ledger=Ledger(settings.state_dir / "ledger"),
        recorder=recorder,
        actions=experiment.actions,
        marks=Marks(markers, experiment.name, run, trial),
    )
    folder.mkdir(parents=True, exist_ok=True)
    started = datetime.now(UTC)
    journal: Mapping[str, Any] = {}
    trouble = ""
    with _interruptions(context) as interruptions:
        try:
            with isolated(lambda: context.kube), activate(context):
                journal = run_experiment(
                    experiment.document, settings=_ALWAYS, event_handlers=[_Handlers(interruptions)]
                )
        except FaultcastError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a provider makes it run into; healing follows
            context.hasten()
            trouble = _gave_up(error, folder)
        except KeyboardInterrupt:
            context.hasten()
        finally:
            interruptions.deferred = True
            left = _heal(context)
            for name, why in context.marks.finish():
                recorder.event("mark-missed", name, why)
            _write(folder / "journal.json", _without_secrets(journal, experiment))
        aborted = isinstance(recorder.failure, AbortedError)
        if journal.get("status") == "interrupted" or interruptions.seen or aborted:
            outcome, reason = _interrupted(recorder, interruptions.seen)
        else:
            outcome, reason = _outcome(journal, recorder, len(experiment.actions), trouble)
    return MethodResult(
        outcome=outcome,
        reason=reason,
        injections=tuple(recorder.injections[number] for number in sorted(recorder.injections)),
        events=tuple(recorder.events),
        left_behind=left,
        started=started,
        ended=datetime.now(UTC),
    )


def _agree(experiment: Experiment, preview: Preview, cluster: Cluster, seed: int) -> None:
    preview.require()
    if preview.cluster != cluster.identity:
        message = f"the preview is of cluster {preview.cluster}, this is {cluster.identity}"
        raise ConsentError(message, remedy="preview again on the cluster that is meant; nothing was touched")
    if (preview.digest, preview.seed) != (experiment.digest, seed):
        message = f"the preview of {experiment.name} is of another version of the file, or of another seed"
        raise RefusedError(message, remedy="preview again; nothing was touched")


class _Interruptions:
    """SIGINT, SIGTERM and SIGHUP while a method runs: an exception first, only a note while healing."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self.seen: list[str] = []
        self.deferred = False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        self.seen.append(signal.Signals(number).name)
        if not self.deferred:
            self._context.hasten()  # faults in the background are not reached by the exception
            raise KeyboardInterrupt


class _Handlers(RunEventHandler):  # type: ignore[misc]
    """Takes SIGTERM back from Chaos Toolkit, whose handler would leave faults in the background waiting."""

    def __init__(self, handler: _Interruptions) -> None:
        self._handler = handler

    def start_method(self, experiment: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Chaos Toolkit has installed its handlers; it restores ours at its end."""
        signal.signal(signal.SIGTERM, self._handler)


@contextmanager
def _interruptions(context: RunContext) -> Iterator[_Interruptions]:
    handler = _Interruptions(context)
    previous = signal.signal(signal.SIGINT, handler)
    try:
        with on_ending(handler):
            yield handler
    finally:
        signal.signal(signal.SIGINT, previous)


def _heal(context: RunContext) -> tuple[str, ...]:
    """Revert what the ledger still holds of this trial, whatever Chaos Toolkit did or left undone."""
    entries = [entry for entry in context.ledger.entries() if entry.trial == context.trial]
    left = revert_all(context.access, context.ledger, entries, context.patience)
    if entries:
        subject = "; ".join(dict.fromkeys(map(str, entries)))
        text = "; ".join(left) or "reverted by the runner's last look"
        context.recorder.event("left" if left else "healed", subject, text)
    return left


def _without_secrets(journal: Mapping[str, Any], experiment: Experiment) -> Mapping[str, Any]:
    """The journal with the experiment as loaded: Chaos Toolkit puts all secrets into probes of variables."""
    loaded = {key: value for key, value in experiment.document.items() if key != "secrets"}
    return {**journal, "experiment": loaded} if "experiment" in journal else journal


def _gave_up(error: Exception, folder: Path) -> str:
    if isinstance(error, ChaosException):
        return f"Chaos Toolkit gave up: {redacted(str(error))}"
    path = write_crash(folder, "Chaos Toolkit", error)
    return f"Chaos Toolkit gave up: {crash_text(error)}; the details are in {path}"


def _write(path: Path, journal: Mapping[str, Any]) -> None:
    partial = path.with_suffix(".part")
    text = json.dumps(journal, indent=2, default=str)
    partial.write_text(redacted_document(text, by_name=True) + "\n")
    partial.replace(path)


def _interrupted(recorder: Recorder, seen: Sequence[str]) -> tuple[Outcome, str]:
    """Chaos Toolkit takes SIGTERM for itself, and says so in the exception it raises inside the fault."""
    said = " and ".join(dict.fromkeys(seen)) or str(recorder.failure or "") or "a control of the experiment"
    recorder.event("interrupted", "trial", f"stopped before it was over: {said}")
    return "interrupted", f"stopped before it was over: {said}"


def _outcome(
    journal: Mapping[str, Any], recorder: Recorder, faults: int, trouble: str
) -> tuple[Outcome, str]:
    """How far the method came, from what was recorded and from each activity; never from the status."""
    failure = recorder.failure
    if isinstance(failure, InjectionError | RefusedError):
        return "not-injected", failure.what
    if failure is not None or trouble:
        return "failed", str(failure) if failure is not None else trouble
    gate = journal["steady_states"]["before"]
    if gate and not gate["steady_state_met"]:
        return "failed", f"before the fault: {_unmet(gate)}"
    for item in journal["run"]:
        name = item["activity"].get("name", "an activity")
        if item.get("status") != "succeeded":
            return "failed", f"{name}: {failure_of(item)}"
        if is_fault(item["activity"]) and not item.get("output"):
            return "not-injected", f"{name} gave no result: it was not carried out"
    done = list(recorder.injections.values())
    injected = {number for number, _ in recorder.injections}
    if len(injected) < faults:
        return "not-injected", f"{len(injected)} of {faults} faults were injected"
    if not all(injection.proof and injection.proof.proved for injection in done):
        return "not-injected", "a fault was injected but not proved"
    return "completed", ""


def _unmet(gate: Mapping[str, Any]) -> str:
    probes = gate.get("probes") or [{}]
    last = probes[-1]
    name = last.get("activity", {}).get("name", "a probe")
    if last.get("status") != "succeeded":
        return f"{name}: {failure_of(last)}"
    return f"{name} gave {last.get('output')!r}"
