"""What every registered fault must be able to do: a new kind without proof, bound or revert fails here.

Each is carried out by `execution.perform` on a cluster in memory, below the real Kubernetes client, with no
more rights than its own role gives.
"""

import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from faultcast.experiments.document.extension import BlastRadius
from faultcast.experiments.effect import Effect
from faultcast.experiments.execution import perform as execution
from faultcast.experiments.fault import Fault, fault_of, faults, modules
from faultcast.experiments.helpers.manifests import ROLE
from faultcast.experiments.safety import revert as reverting
from faultcast.infra.errors import ClusterError, ConsentError, ExperimentError, InjectionError, RefusedError
from faultcast.infra.waiting import Wait
from tests.contract.samples import MORE, SAMPLES
from tests.contract.stage import COPY, KEEPER, Stage
from tests.fakeapi.server import Write

type Set = Callable[[Fault[Any]], Stage]

every_fault = pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.kind)
acting = pytest.mark.parametrize(
    "fault", [fault for fault in faults() if not fault.harmless], ids=lambda fault: fault.kind
)


@every_fault
def test_it_says_what_it_is(fault: Fault[Any]) -> None:
    assert fault.kind
    assert fault.label
    assert fault.module in modules()
    assert fault_of(fault.module) is fault
    assert [other.kind for other in faults()].count(fault.kind) == 1


@every_fault
def test_it_inherits_at_most_how_it_acts(fault: Fault[Any]) -> None:
    above = [one for one in type(fault).mro()[1:] if issubclass(one, Fault)]
    assert len(above) <= 2, "the seam, and one class that says how it acts"


@every_fault
def test_its_action_takes_exactly_the_arguments_of_its_model(fault: Fault[Any]) -> None:
    action = getattr(importlib.import_module(fault.module), fault.action)
    taken = set(inspect.signature(action).parameters) - {"configuration"}
    assert taken == set(fault.arguments.model_fields)
    assert "configuration" in inspect.signature(action).parameters


@every_fault
def test_each_of_its_arguments_is_described(fault: Fault[Any]) -> None:
    assert [name for name, field in fault.arguments.model_fields.items() if not field.description] == []


@every_fault
def test_it_has_a_rollback_unless_it_is_harmless(fault: Fault[Any]) -> None:
    assert bool(fault.rollback) != fault.harmless
    if fault.rollback:
        rollback = getattr(importlib.import_module(fault.module), fault.rollback)
        assert set(inspect.signature(rollback).parameters) == {"configuration"}


@every_fault
def test_unknown_arguments_and_endless_durations_are_refused(fault: Fault[Any]) -> None:
    for wrong in ({"durations": 5}, {"duration": 0}, {"duration": "2h"}):
        with pytest.raises(ValidationError):
            fault.arguments.model_validate({**SAMPLES[fault.kind], **wrong})


@every_fault
def test_it_is_bounded(fault: Fault[Any]) -> None:
    arguments = fault.arguments.model_validate(SAMPLES[fault.kind])
    assert arguments.duration == 12.0
    assert arguments.rounds()[0] == 0.0
    assert all(offset < arguments.duration for offset in arguments.rounds())
    assert arguments.duration <= fault.expiry(arguments) <= arguments.duration + 300.0


@every_fault
def test_planning_writes_nothing_and_is_decided_by_the_seed(fault: Fault[Any], stage: Set) -> None:
    on = stage(fault)
    plan, refusals = on.plan()
    assert refusals == ()
    assert on.plan() == (plan, ())
    assert on.api.writes == []
    assert plan.actions
    assert plan.bounds
    assert fault.harmless or plan.permissions
    assert fault.harmless != bool(plan.targets)
    assert json.loads(json.dumps(plan.state)) == plan.state
    assert not {target.uid for target in plan.targets} & {peer.uid for peer in plan.peers}


@acting
def test_it_is_proved_and_reverted_with_the_rights_of_its_role_alone(fault: Fault[Any], stage: Set) -> None:
    on = stage(fault)
    with on.unchanged():
        done = on.perform()
    assert done["left"] == []
    assert on.proof.proved
    assert on.proof.target
    assert on.proof.peer
    assert on.proof.after is not None
    assert on.proof.after <= 10.0
    assert {curve.role for curve in on.proof.curves} == {"target", "peer"}
    assert on.kinds == ["injected", "proved", "reverted"]
    assert on.api.server.denied == []
    by_whom = {write.account for write in on.effects if write.method != "ACT"}
    assert by_whom <= {f"faultcast/fault-{fault.kind}", ""}
    assert on.context.ledger.entries() == ()


@acting
def test_it_asks_for_no_right_to_write_that_it_does_not_use(fault: Fault[Any], stage: Set) -> None:
    on = stage(fault)
    plan, _ = on.plan()
    on.perform()
    asked = {
        (verb, right.resource)
        for right in plan.permissions
        for verb in right.verbs
        if verb not in ("get", "list") and right.namespace != "faultcast"
    }
    only_where_pods_crowd = {("create", "pods/eviction")}
    assert asked - only_where_pods_crowd <= on.api.server.granted
    assert not any("*" in right for right in asked)


@pytest.mark.parametrize(
    ("fault", "given"),
    [
        pytest.param(fault, given, id=f"{fault.kind}-{number}")
        for fault in faults()
        for number, given in enumerate(MORE.get(fault.kind, ()))
    ],
)
def test_what_other_arguments_do_is_proved_and_reverted_too(
    fault: Fault[Any], given: Mapping[str, Any], stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    on = stage(fault, given)
    with on.unchanged():
        assert on.perform()["left"] == []
    assert on.proof.proved
    assert on.api.server.denied == []
    gone = stage(fault, given)
    before = gone.api.snapshot()
    monkeypatch.setattr(execution, "revert_entries", lambda *_: ())
    gone.perform()
    gone.api.pass_time(fault.expiry(gone.arguments) + 30.0 - gone.arguments.duration)
    assert gone.api.snapshot() == before


@acting
def test_what_has_no_effect_is_not_proved(fault: Fault[Any], stage: Set) -> None:
    on = stage(fault)
    on.api.make_inert()
    with on.unchanged(), pytest.raises(InjectionError):
        on.perform()
    proof = on.recorder.injections[0, 0].proof
    assert proof is None or not proof.proved
    assert on.kinds[-1] == "failed"
    assert on.context.ledger.entries() == ()


@acting
def test_it_is_noted_on_disk_and_in_the_cluster_before_anything_is_done(
    fault: Fault[Any], stage: Set
) -> None:
    on = stage(fault)
    noted: list[tuple[int, bool]] = []

    def look(_write: Write) -> None:
        if on.effects:
            copies = on.api.store.items("configmaps", "faultcast")
            noted.append((len(on.context.ledger.entries()), len(copies) == 1))

    on.api.server.on_write = look
    on.perform()
    assert noted[0] == (1, True)
    others = ("/namespaces", "/serviceaccounts", "roles", "rolebindings", "/token")
    writes = [str(write) for write in on.api.server.writes if not write.path.endswith(others)]
    assert writes[:2] == [f"POST {KEEPER}", f"POST {COPY}"]


@acting
def test_all_it_starts_is_bounded_and_belongs_to_its_keeper(fault: Fault[Any], stage: Set) -> None:
    on = stage(fault)
    start = datetime.now(UTC).timestamp()
    on.perform()
    bound = fault.expiry(on.arguments) + 10.0 + 60.0
    jobs = [one.body for one in on.api.server.writes if (one.method, one.path) == ("POST", KEEPER)]
    assert jobs[0]["metadata"]["labels"][ROLE] == "keeper"
    for job in jobs:
        spec = job["spec"]
        [container] = spec["template"]["spec"]["containers"]
        order = json.loads(container["env"][0]["value"])
        assert start < order["until"] <= start + bound
        assert spec["activeDeadlineSeconds"] <= bound
        assert spec["ttlSecondsAfterFinished"] <= 10
        assert job is jobs[0] or job["metadata"]["ownerReferences"]


@acting
def test_its_evidence_starts_nothing_by_itself(fault: Fault[Any], stage: Set) -> None:
    on = stage(fault)
    plan, _ = on.plan()
    fault.evidence(on.context.access, on.arguments, Effect("0" * 12, plan.targets, plan.peers, plan.state))
    assert on.api.writes == []


@acting
def test_its_revert_is_harmless_without_injection_and_twice(fault: Fault[Any], stage: Set) -> None:
    on = stage(fault)
    plan, _ = on.plan()
    effect = Effect("0" * 12, plan.targets, plan.peers, plan.state, on.api.epoch() + 20.0)
    acting = on.context.custody.admit(on.context.access, fault.kind, plan.permissions, 60.0)
    with on.unchanged():
        for _ in range(2):
            assert fault.undo(acting, on.arguments, effect) == ()
            assert fault.settle(acting, on.arguments, effect, Wait(60.0, 0.5)) == ()
    with on.unchanged():
        on.perform()
        for _ in range(2):
            assert fault.undo(acting, on.arguments, effect) == ()
    assert on.api.server.denied == []


@acting
def test_its_own_revert_needs_no_keeper(
    fault: Fault[Any], stage: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = stage(fault)
    before = on.without_custody()
    monkeypatch.setattr(execution, "revert_entries", lambda *_: ())
    on.perform()
    [entry] = on.context.ledger.entries()
    assert fault.undo(on.api.access(), on.arguments, entry.effect) == ()
    assert fault.settle(on.api.access(), on.arguments, entry.effect, Wait(60.0, 0.5)) == ()
    assert on.without_custody() == before
    jobs = [job for _, job in on.api.store.items("jobs", "faultcast")]
    assert [job["metadata"]["labels"][ROLE] for job in jobs] == ["keeper"]


@acting
def test_nothing_stays_when_its_runner_is_gone(
    fault: Fault[Any], stage: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = stage(fault)
    before = on.api.snapshot()
    monkeypatch.setattr(execution, "revert_entries", lambda *_: ())
    on.perform()
    assert len(on.context.ledger.entries()) == 1
    on.api.pass_time(fault.expiry(on.arguments) + 30.0 - on.arguments.duration)
    after = on.api.snapshot()
    assert after == before
    [entry] = on.context.ledger.entries()
    assert reverting.revert_entries(on.api.access(), on.context.ledger, (entry,), Wait(60.0, 0.5)) == ()
    assert on.context.ledger.entries() == ()
    assert on.api.snapshot() == before


@acting
def test_an_injection_that_is_refused_halfway_is_reverted_and_told(fault: Fault[Any], stage: Set) -> None:
    first = stage(fault)
    last: list[int] = []
    first.api.server.on_write = lambda _: (
        last.append(len(first.effects)) if "injected" not in first.kinds else None
    )
    first.perform()

    on = stage(fault)
    refused: list[str] = []

    def is_the_last() -> bool:
        return on.noted and not refused and len(on.effects) + 1 == last[-1]

    def refuse(method: str, path: str) -> int | None:
        if method == "GET" or path.endswith("reviews") or not is_the_last():
            return None
        refused.append(path)
        return 403

    def refuse_act(act: str) -> None:
        if is_the_last():
            refused.append(act)
            message = f"{act}: refused by the test"
            raise ClusterError(message, remedy="none")
        on.api.server.note(Write("ACT", act, "", 200, None))

    on.api.server.refuse, on.api.nodes.on_act = refuse, refuse_act
    with on.unchanged(), pytest.raises(InjectionError, match=r"403|refused"):
        on.perform()
    assert len(refused) == 1
    assert on.kinds[-1] == "failed"
    assert on.context.ledger.entries() == ()


@acting
@pytest.mark.parametrize("how", ["consent", "identity"])
def test_without_consent_or_on_another_cluster_nothing_is_written(
    fault: Fault[Any], stage: Set, how: str
) -> None:
    on = stage(fault)
    if how == "consent":
        on.api.say_who(on.context.identity, consent=False)
    else:
        on.api.say_who("another", consent=True)
    with pytest.raises(ConsentError):
        on.perform()
    assert on.api.writes == []
    assert on.context.ledger.entries() == ()


@acting
def test_beyond_its_blast_radius_nothing_is_written(fault: Fault[Any], stage: Set) -> None:
    on = stage(fault)
    on.within(BlastRadius(namespaces=("elsewhere",), nodes=("nowhere",)))
    with pytest.raises(RefusedError, match="blast_radius"):
        on.perform()
    assert on.api.writes == []
    assert on.context.ledger.entries() == ()


def test_nothing_at_all_is_done_on_purpose(stage: Set) -> None:
    on = stage(fault_of("faultcast.experiments.faults.none"))
    on.perform()
    assert on.proof.proved
    assert on.proof.target == "nothing was injected on purpose"
    assert on.api.writes == []


def test_an_unregistered_module_is_no_fault() -> None:
    with pytest.raises(ExperimentError, match=r"os\.path is not a fault"):
        fault_of("os.path")


def test_every_registered_fault_has_a_sample() -> None:
    lacking = {fault.kind for fault in faults()} - set(SAMPLES)
    assert not lacking, f"add an experiment for {', '.join(sorted(lacking))} to experiments/catalog"
