"""From a judged trial to its case: who was hurt, who was struck, and whether anything may be concluded."""

import re
from collections.abc import Iterable, Mapping

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import TrialHistory, place_of
from faultcast.experiments.manifests.facts import Snapshot, TrialFacts
from faultcast.experiments.manifests.workloads import Workload
from faultcast.steady_state.advice.case import Case, Hurt, Struck
from faultcast.steady_state.response import response_of
from faultcast.steady_state.verdict import MetricVerdict, Status, TrialVerdict

__all__ = ["case_of"]

_INFRASTRUCTURE = ("kube-system", "kube-public", "kube-node-lease", "monitoring", "faultcast")
_NAMESPACE = re.compile(r'namespace\s*=~?\s*"([^"]*)"')


def case_of(
    history: TrialHistory, verdict: TrialVerdict, facts: TrialFacts, lost: Mapping[str, float] | None = None
) -> Case | None:
    """What rules may conclude from; None when nothing may be concluded.

    Args:
        history: What happened.
        verdict: What is concluded.
        facts: What the manifests said.
        lost: Points that each metric cost the score, by its name.

    Returns:
        None unless the trial was completed, every fault proved, and the verdict is DEVIATED by a metric that
        counts.
    """
    proved = bool(history.injections) and all(one.proof and one.proof.proved for one in history.injections)
    if verdict.status is not Status.DEVIATED or history.outcome != "completed" or not proved:
        return None
    hurt = _hurt(history, verdict, lost or {})
    if not hurt:
        return None
    named = _named(hurt)
    return Case(history, facts, hurt, _struck(history, facts.before, named), named, response_of(history))


def _hurt(history: TrialHistory, verdict: TrialVerdict, lost: Mapping[str, float]) -> tuple[Hurt, ...]:
    found = []
    for spec in history.metrics:
        parts = [part for part in verdict.metrics if part.metric == spec.name and part.phase != "gate"]
        if any(part.counts and part.verdict.status is Status.DEVIATED for part in parts):
            found.append(_one(spec, parts, lost.get(spec.name)))
    return tuple(
        sorted(
            found,
            key=lambda one: (
                not one.spec.critical,
                -(one.lost or 0.0),
                -abs(one.relative or 0.0),
                one.spec.name,
            ),
        )
    )


def _one(spec: MetricSpec, parts: Iterable[MetricVerdict], lost: float | None) -> Hurt:
    parts = list(parts)
    off = [part.verdict for part in parts if part.verdict.status is Status.DEVIATED]
    curves = [part.curve.resilience for part in parts if part.curve is not None]
    first = next((one for one in off if one.effect is not None), None)
    return Hurt(
        spec,
        first.effect if first else None,
        first.relative if first else None,
        next((one.detected for one in curves if one.detected is not None), None),
        lost,
    )


def _named(hurt: Iterable[Hurt]) -> frozenset[str]:
    """The namespaces that queries name; of regular expressions, plain alternatives."""
    texts = [text for one in hurt for text in _NAMESPACE.findall(one.spec.query)]
    return frozenset(space for text in texts for space in text.split("|"))


def _struck(history: TrialHistory, before: Snapshot | None, named: frozenset[str]) -> tuple[Struck, ...]:
    if before is None:
        return ()
    found: dict[tuple[str, ...], Struck] = {}
    for injection in history.injections:
        for target in injection.targets:
            kind, namespace, name = place_of(target)
            for workload in before.workloads:
                if kind == "node":
                    one = _on_node(workload, injection.fault, name, named)
                else:
                    one = _hit(workload, injection.fault, injection.targets, (kind, namespace, name))
                if one is not None:
                    found.setdefault((*workload.key, injection.fault, one.node), one)
    return tuple(found[key] for key in sorted(found))


def _on_node(workload: Workload, fault: str, node: str, named: frozenset[str]) -> Struck | None:
    there = sum(pod.node == node for pod in workload.pods)
    if not there or workload.kind == "DaemonSet" or workload.namespace in _INFRASTRUCTURE:
        return None
    return Struck(workload, fault, there, node, workload.namespace in named)


def _hit(
    workload: Workload, fault: str, targets: Iterable[str], place: tuple[str, str, str]
) -> Struck | None:
    kind, namespace, name = place
    if workload.namespace != namespace:
        return None
    if kind != "pod":
        same = (workload.kind.lower(), workload.name) == (kind, name)
        return Struck(workload, fault, len(workload.pods), "", measured=True) if same else None
    own = {f"pod {namespace}/{pod.name}" for pod in workload.pods}
    hit = len(own & set(targets))
    return Struck(workload, fault, hit, "", measured=True) if f"pod {namespace}/{name}" in own else None
