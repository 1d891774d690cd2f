"""What holds of all rules: they never fail, conclude nothing from nothing, and come in one order.

The trials are those of `tests/recorded`, and synthetic ones.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faultcast.experiments.fault import faults
from faultcast.experiments.history import TrialHistory, load_trial
from faultcast.experiments.manifests.facts import (
    Autoscaler,
    Budget,
    Claim,
    ClusterNode,
    ServiceFacts,
    Snapshot,
    Throttling,
    TrialFacts,
)
from faultcast.experiments.manifests.store import load_facts, save_facts
from faultcast.experiments.manifests.workloads import Container, Ending, Pod, ProbeSettings, SpreadRule, Workload
from faultcast.infra.yamltext import load_yaml
from faultcast.steady_state.advice.advice import Advice, key_of
from faultcast.steady_state.advice.deriving import advise, ranked
from faultcast.steady_state.advice.store import load_advice, patch_file, save_advice
from faultcast.steady_state.store import load_verdict
from faultcast.steady_state.verdict import Status
from tests.factories import INJECTED, make_history
from tests.unit.steady_state.advice.making import GATEWAY, STORE, deviated, facts, trial, workload

RECORDED = Path(__file__).parents[3] / "recorded" / "trials"
ADVISED = RECORDED.parent / "advised" / "store-pod-delete"
KILLED = "pod shop/store-5f6b8-0"

words = st.sampled_from(["", "app", "shop", "store", "gateway", "worker", "master", "kube-system", "100m"])
labels = st.dictionaries(words, words, max_size=2)
moments = st.none() | st.just(INJECTED)
probes = st.none() | st.builds(ProbeSettings, st.floats(0, 300), st.floats(0, 300), st.integers(-1, 20))
containers = st.builds(
    Container, words, labels, labels, probes, probes, words, st.booleans(), st.tuples(st.tuples(words, words))
)
pods = st.builds(
    Pod,
    st.sampled_from(["store-5f6b8-0", "store-5f6b8-1", "other"]),
    words,
    st.booleans(),
    words,
    st.integers(0, 9),
    st.lists(st.builds(Ending, words, st.sampled_from(["OOMKilled", "Error"]), moments), max_size=2).map(
        tuple
    ),
)
workloads = st.builds(
    Workload,
    st.sampled_from(["Deployment", "StatefulSet", "DaemonSet"]),
    words,
    words,
    st.integers(0, 3),
    labels,
    labels,
    labels,
    st.lists(st.builds(SpreadRule, words, st.booleans(), st.booleans()), max_size=2).map(tuple),
    st.lists(words, max_size=2).map(tuple),
    st.lists(containers, max_size=2).map(tuple),
    st.lists(pods, max_size=3).map(tuple),
)
snapshots = st.none() | st.builds(
    Snapshot,
    st.just(INJECTED),
    st.just(()),
    st.lists(workloads | st.sampled_from([STORE, GATEWAY]), max_size=4).map(tuple),
    st.lists(st.builds(Budget, words, words, labels, words, words), max_size=2).map(tuple),
    st.lists(st.builds(ServiceFacts, words, words, labels), max_size=2).map(tuple),
    st.lists(st.builds(Claim, words, words, words, st.just(()), st.tuples(words)), max_size=2).map(tuple),
    st.lists(st.builds(Autoscaler, words, words, st.tuples(words, words), st.integers(0, 3)), max_size=1).map(
        tuple
    ),
    st.lists(st.builds(ClusterNode, words, st.booleans(), st.booleans(), words), max_size=3).map(tuple),
    st.dictionaries(
        st.sampled_from(["nodes", "pods in shop", "services", "poddisruptionbudgets in shop"]),
        words,
        max_size=2,
    ),
)
throttled = st.none() | st.lists(st.builds(Throttling, words, words, words, st.floats()), max_size=2).map(
    tuple
)
anything = st.builds(TrialFacts, snapshots, snapshots, throttled)
kinds = st.sampled_from(sorted(fault.kind for fault in faults()))
targets = st.sampled_from(
    [KILLED, "node worker", "deployment kube-system/coredns", "", "pod shop/gateway-5f6b8-0"]
)


@given(anything, kinds, targets, st.none() | st.floats(-2, 2), st.none() | st.floats(0, 90))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_facts_rules_never_fail_and_can_be_followed(
    known: TrialFacts, fault: str, target: str, effect: float | None, detected: float | None
) -> None:
    verdict = deviated(effect=effect, detected=detected)  # type: ignore[arg-type]
    given_advice = advise(trial(fault, target), verdict, known)
    assert len({key_of(one) for one in given_advice}) == len(given_advice)
    assert len({one.root for one in given_advice}) == len(given_advice)
    for one in given_advice:
        assert one.change.before != one.change.after
        assert one.cause
        assert one.evidence
        assert one.metrics == ("error_ratio",)
        assert one.because
        assert one.silent_when
        assert not one.change.patch or load_yaml(one.change.patch)


@given(anything, kinds, targets)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_is_advised_where_nobody_can_tell(known: TrialFacts, fault: str, target: str) -> None:
    history = trial(fault, target)
    unproved = replace(history.injections[0], proof=None)
    for one, verdict in (
        (history, deviated(Status.UNKNOWN)),
        (history, deviated(Status.HELD)),
        (history, deviated(counts=False)),
        (replace(history, injections=(unproved,)), deviated()),
        (replace(history, injections=()), deviated()),
        (replace(history, outcome="interrupted"), deviated()),
    ):
        assert advise(one, verdict, known) == ()


def test_a_known_weakness_gets_its_advice() -> None:
    weak = replace(trial("pod-delete", KILLED), known_weakness="the store has one replica")
    assert [one.rule for one in advise(weak, deviated(), facts(STORE))] == ["replicas"]


@pytest.mark.parametrize("name", sorted(path.name for path in RECORDED.iterdir()))
def test_trials_of_before_there_were_facts_are_read(name: str) -> None:
    history, _ = load_trial(RECORDED / name)
    known = load_facts(RECORDED / name)
    assert known == TrialFacts()
    given_advice = advise(history, load_verdict(RECORDED / name), known)
    assert {one.rule for one in given_advice} <= {"alert"}


def recorded(name: str) -> TrialHistory:
    return load_trial(RECORDED / name)[0]


def test_a_trial_that_was_recorded_with_its_facts() -> None:
    """The trial is real; with two replicas it is an altered copy."""
    history, _ = load_trial(ADVISED)
    verdict, known = load_verdict(ADVISED), load_facts(ADVISED)
    [advice] = advise(history, verdict, known)
    assert str(advice.change) == "Deployment shop/store: spec.replicas 1 -> 2"
    assert load_yaml(advice.change.patch) == {"spec": {"replicas": 2}}
    assert advice.critical
    assert set(advice.metrics) == {"error_ratio", "served_rate"}
    assert known.before
    [store] = [one for one in known.before.workloads if one.name == "store"]
    two = replace(store, replicas=2, pods=(*store.pods, Pod("store-second", "worker")))
    altered = replace(known, before=replace(known.before, workloads=(two,)))
    assert "replicas" not in {one.rule for one in advise(history, verdict, altered)}


def test_nothing_is_advised_on_a_recorded_trial_that_held() -> None:
    held = recorded("gateway-pod-delete")
    assert advise(held, load_verdict(RECORDED / "gateway-pod-delete"), facts(GATEWAY)) == ()


def some(rule: str, **changes: object) -> Advice:
    [one] = advise(trial("pod-delete", KILLED), deviated(), facts(STORE))
    change = replace(one.change, name=f"{rule}-object")
    return replace(one, rule=rule, root=rule, change=change, **changes)  # type: ignore[arg-type]


def test_the_order_is_critical_then_points_then_sureness_then_family() -> None:
    listed = [
        some("nodes"),
        some("dns", lost=3.0),
        some("replicas", confidence="low"),
        some("alert"),
        some("spread", critical=False, lost=9.0),
    ]
    order = ["dns", "nodes", "alert", "replicas", "spread"]
    assert [one.rule for one in ranked(listed)] == order
    assert [one.rule for one in ranked(reversed(listed))] == order


def test_points_of_the_score_are_summed_over_the_metrics() -> None:
    [one] = advise(trial("pod-delete", KILLED), deviated(), facts(STORE), {"error_ratio": 12.5, "other": 3.0})
    assert one.lost == 12.5


def test_facts_and_advice_are_read_as_they_were_written(tmp_path: Path) -> None:
    known = facts(STORE, GATEWAY)
    save_facts(tmp_path, known)
    assert load_facts(tmp_path) == known
    given_advice = advise(trial("pod-delete", KILLED), deviated(), known)
    save_advice(tmp_path, given_advice)
    assert load_advice(tmp_path) == given_advice
    patch = tmp_path / patch_file(1, given_advice[0])
    assert patch.read_text() == given_advice[0].change.patch
    save_advice(tmp_path, ())
    assert not patch.exists()
    assert load_advice(tmp_path) == ()


def test_two_struck_workloads_are_two_roots() -> None:
    other = workload("cart", ["worker"])
    found = advise(trial("node-down", "node worker"), deviated(), facts(STORE, other))
    assert [one.change.name for one in found] == ["cart", "store"]


def test_a_history_without_metrics_advises_nothing() -> None:
    history = replace(make_history(Status.DEVIATED), metrics=())
    assert advise(history, deviated(), facts(STORE)) == ()
