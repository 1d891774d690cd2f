"""How every fault is carried out: checked, noted, injected, proved, kept up, reverted; the order is safety.

    consent → plan and radius → rights → ledger → keeper → inject → prove → (again) → hold → revert
    → ledger cleared

With `repeat`, the whole of it happens several times. While a fault is kept up, the experiment's conditions
for aborting are watched; one that is met, or anything that goes wrong, ends all faults of the trial.

This is the body of each Chaos Toolkit action, so a fault is as safe under `chaos run` as under pytest.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from faultcast.experiments.execution.context import RunContext, current_context
from faultcast.experiments.execution.planning import arguments_for, plan_fault
from faultcast.experiments.execution.proof import Prover
from faultcast.experiments.execution.queries import abort_refusals
from faultcast.experiments.fault import Fault, FaultArguments, Plan
from faultcast.experiments.helpers.jobs import Helpers
from faultcast.experiments.history import Injection, Proof
from faultcast.experiments.resources.access import Access
from faultcast.experiments.safety.consent import check_consent
from faultcast.experiments.safety.ledger import Entry
from faultcast.experiments.safety.revert import revert_entries
from faultcast.infra.errors import (
    AbortedError,
    FaultcastError,
    InjectionError,
    NoTargetError,
    NotProvedError,
    RadiusError,
    RefusedError,
)
from faultcast.infra.processes import ProcessId
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["perform"]

_INJECTION = TypeAdapter(Injection)
_MARGIN = 10.0
"""Seconds an effect is bounded for beyond its duration: its pods start, and it is proved, within them."""

_LOOK = 0.25
_WATCH = 2.0
_GLANCE, _STARE = 0.25, 1.0  # s that a hold waits for conditions for aborting: slower ones are heard of later


def perform(
    fault: Fault[Any], raw: Mapping[str, Any], configuration: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Carry out a fault from the first check to the last; blocks until it is over and reverted.

    Args:
        fault: The fault.
        raw: Its arguments as Chaos Toolkit gives them.
        configuration: Chaos Toolkit's configuration.

    Returns:
        The injection as JSON values, for the journal; its `left` says what is not whole again.

    Raises:
        ConfigurationError: Nothing says which cluster is meant.
        ExperimentError: The arguments do not fit.
        RefusedError: A safety rule forbids it; nothing was touched.
        InjectionError: It was not applied in full, or not proved; it was reverted.
    """
    context = current_context(configuration)
    recorder = context.recorder
    number = recorder.start(fault.module, raw, context.actions)
    if recorder.failure is not None:
        message = f"{fault.kind} was not injected: an earlier fault of this trial failed"
        raise InjectionError(message, remedy="mend the first failure of the trial")
    try:
        arguments = arguments_for(fault, raw, seed=context.seed, number=number)
        left: list[str] = []
        for pulse in range(arguments.repeat):
            if pulse:
                _hold(context, context.clock.monotonic() + arguments.interval)
            left.extend(_Performance(context, fault, arguments, (number, pulse)).run())
    except FaultcastError as error:
        recorder.fail(error)
        recorder.event(_word(error), f"fault {fault.kind}", error.what)
        raise
    except BaseException as error:
        recorder.fail(error)
        context.hasten()
        raise
    result: dict[str, Any] = _INJECTION.dump_python(recorder.injections[number, 0], mode="json")
    return {**result, "left": list(dict.fromkeys(left))}


def _word(error: FaultcastError) -> str:
    if isinstance(error, AbortedError):
        return "aborted"
    return "refused" if isinstance(error, RefusedError) else "failed"


class _Performance:
    """One fault of one trial, while it is in place once."""

    def __init__(
        self, context: RunContext, fault: Fault[Any], arguments: FaultArguments, key: tuple[int, int]
    ) -> None:
        self.context = context
        self.fault = fault
        self.arguments = arguments
        self.key = key
        self.entries: list[Entry] = []
        self.acting: Access = context.access
        self.prover: Prover | None = None
        self.expiry = datetime.now(UTC) + timedelta(seconds=fault.expiry(arguments) + _MARGIN)

    def run(self) -> tuple[str, ...]:
        """All turns, the hold and the revert; returns what is left."""
        context = self.context
        left: tuple[str, ...] = ()
        try:
            start = self._turn(0)
            for turn, offset in enumerate(self.arguments.rounds()[1:], start=1):
                _hold(context, start + offset, self._watch)
                self._again(turn)
            _hold(context, start + self.arguments.duration, self._watch)
        except FaultcastError:
            raise
        except BaseException:
            context.hasten()
            raise
        finally:
            left = self._revert()
        return left

    def _turn(self, turn: int) -> float:
        """Check, note, inject and prove once; returns the clock's time of the injection."""
        context, fault, arguments = self.context, self.fault, self.arguments
        check_consent(context.kube, context.identity, context.settings)
        plan, reasons = plan_fault(
            fault,
            arguments,
            context.access,
            context.extension,
            seed=context.seed,
            number=self.key[0],
            turn=turn + self.key[1] * len(arguments.rounds()),
        )
        if not context.recorder.injections:
            reasons = (*reasons, *abort_refusals(context.extension.abort, context.meter))
        if reasons:
            raise reasons[0].error()
        prover = self._prepare(plan)
        at, started = datetime.now(UTC), context.clock.monotonic()
        self._record(plan, at)
        fault.inject(self.acting, arguments, prover.effect)
        if fault.lands_on_return:
            at, started = datetime.now(UTC), context.clock.monotonic()
        if turn == 0:
            context.recorder.amend(self.key, started=at)
        if not fault.harmless:
            context.marks.begin(self.key, fault.kind, plan.targets, at, self.expiry)
        prover.injected(started)
        self._tell("injected", plan, f"{fault.label}: {'; '.join(plan.actions)}")
        self._prove(plan, prover.prove(Wait(context.extension.evidence.within, _LOOK)), first=turn == 0)
        return started

    def _prepare(self, plan: Plan) -> Prover:
        """Note the effect wherever it has to be noted, and read what it is compared with."""
        context, fault = self.context, self.fault
        entry = self._entry(plan)
        effect = entry.effect
        if not fault.harmless:
            if not self.entries:
                seconds = fault.expiry(self.arguments)
                self.acting = context.custody.admit(context.access, fault.kind, plan.permissions, seconds)
            self.entries.append(entry)
            context.ledger.write(entry)
            effect = context.custody.take(self.acting, entry, plan)
        evidence = fault.evidence(self.acting, self.arguments, effect)
        Helpers(self.acting, effect).start(evidence.observers)
        prover = Prover(effect, evidence, context.clock)
        self.prover = self.prover or prover
        return prover

    def _again(self, turn: int) -> None:
        """A later turn; when there is nothing it may touch at the moment, it is left out and that is said."""
        try:
            self._turn(turn)
        except (NoTargetError, RadiusError) as error:
            self.context.recorder.event("skipped", f"fault {self.fault.kind}", error.what)

    def _entry(self, plan: Plan) -> Entry:
        context = self.context
        return Entry(
            cluster=context.identity,
            kubeconfig=context.kube_context.file,
            context=context.kube_context.name,
            run=context.run,
            trial=context.trial,
            runner=ProcessId.of(os.getpid()),
            module=self.fault.module,
            arguments=self.arguments.model_dump(mode="json", exclude_none=True),
            targets=plan.targets,
            peers=plan.peers,
            state=plan.state,
            written=datetime.now(UTC),
            expiry=self.expiry,
        )

    def _record(self, plan: Plan, at: datetime) -> None:
        recorder, names = self.context.recorder, tuple(map(str, plan.targets))
        if self.key in recorder.injections:
            earlier = recorder.injections[self.key].targets
            recorder.amend(self.key, targets=tuple(dict.fromkeys((*earlier, *names))))
        else:
            recorder.injections[self.key] = Injection(self.fault.kind, names, at, None, None)

    def _prove(self, plan: Plan, proof: Proof, *, first: bool) -> None:
        if first or not proof.proved:
            self.context.recorder.amend(self.key, proof=proof)
        if proof.proved:
            self._tell("proved", plan, "; ".join(dict.fromkeys((proof.target, proof.peer))))
            return
        message = f"{self.fault.kind} was not seen to land: {proof.target}; peers: {proof.peer}"
        raise NotProvedError(message, remedy="see what else acts on these targets; nothing can be concluded")

    def _watch(self) -> None:
        """Go on with the curves of the proof while the fault is kept up."""
        proof = self.context.recorder.injections[self.key].proof
        if self.prover and proof:
            self.context.recorder.amend(self.key, proof=replace(proof, curves=self.prover.watch()))

    def _revert(self) -> tuple[str, ...]:
        recorder, context = self.context.recorder, self.context
        if self.key in recorder.injections:
            recorder.amend(self.key, ended=datetime.now(UTC))
        if not self.entries:
            return ()
        subject = f"fault {self.fault.kind}"
        left = revert_entries(self.acting, context.ledger, self.entries, context.patience())
        context.marks.end(self.key, left)
        text = "; ".join(left) or "everything the fault touched is whole again"
        recorder.event("left" if left else "reverted", subject, text)
        return left

    def _tell(self, kind: str, plan: Plan, text: str) -> None:
        subject = ", ".join(map(str, plan.targets)) or f"fault {self.fault.kind}"
        self.context.recorder.event(kind, subject, text)


def _hold(context: RunContext, until: float, watch: Callable[[], None] = lambda: None) -> None:
    """Let time pass in short steps, so that an interruption or a condition for aborting works at once.

    Args:
        context: The trial.
        until: The clock's time of its end.
        watch: Called every other second.

    Raises:
        AbortedError: A condition was met, or another fault of the trial came to an end before its time.
    """
    clock, watched = context.clock, context.clock.monotonic()

    def over() -> bool:
        nonlocal watched
        if context.stopping:
            message = "the fault was ended early: the trial is being stopped"
            raise AbortedError(message, remedy="see what stopped it; nothing can be concluded")
        if reason := context.abort.check(min(max(until - clock.monotonic(), _GLANCE), _STARE)):
            context.hasten()
            raise AbortedError(reason, remedy="see why the condition was met; the fault was reverted")
        if clock.monotonic() >= watched + _WATCH:
            watch()
            watched = clock.monotonic()
        return clock.monotonic() >= until

    if (remaining := until - clock.monotonic()) > 0:
        wait_until("end of the hold", over, Wait(remaining + 5.0, 0.1), clock=clock)
