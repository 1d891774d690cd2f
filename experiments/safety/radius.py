"""The blast radius: how far a fault may reach, decided by the same rules in a preview and in a real run."""

from collections.abc import Iterable
from dataclasses import dataclass

from faultcast.experiments.document.extension import BlastRadius
from faultcast.experiments.fault import Plan
from faultcast.experiments.resources.targets import Target
from faultcast.infra.errors import ConsentError, NoTargetError, RadiusError, RefusedError

__all__ = ["PROTECTED", "FaultRefusal", "allowed", "refusals"]

PROTECTED = ("kube-system", "kube-public", "kube-node-lease", "monitoring")
"""Namespaces that are never touched unless the blast radius names them."""

_NAMES = "check the names in the fault's arguments, or deploy the workload"
_WAIT = "wait until one is in service, or see why none is: kubectl describe pod"


@dataclass(frozen=True, slots=True)
class FaultRefusal:
    """One reason not to inject a fault.

    Attributes:
        rule: Name of the rule, such as `blast_radius.most`.
        text: What breaks it.
        remedy: What the reader can do.
    """

    rule: str
    text: str
    remedy: str

    def __str__(self) -> str:
        """The form used in a preview."""
        return f"[{self.rule}] {self.text}"

    def error(self) -> RefusedError:
        """The same as an error to raise."""
        kinds: dict[str, type[RefusedError]] = {
            "consent": ConsentError,
            "targets": NoTargetError,
            "blast_radius": RadiusError,
        }
        kind = kinds.get(self.rule.partition(".")[0], RefusedError)
        return kind(str(self), remedy=self.remedy)


def allowed(most: int | str, candidates: int) -> int:
    """How many targets `most` allows; a share is rounded down.

    Args:
        most: A count, or a share such as `50%`.
        candidates: What a share is a share of.
    """
    if isinstance(most, int):
        return most
    return candidates * int(most.removesuffix("%")) // 100


def refusals(plan: Plan, radius: BlastRadius, *, harmless: bool = False) -> tuple[FaultRefusal, ...]:
    """All reasons not to carry out a plan.

    Args:
        plan: What would be done.
        radius: How far the experiment allows itself to go.
        harmless: The fault touches nothing on purpose, so it needs no target.
    """
    if harmless:
        return ()
    if not plan.targets:
        scope = plan.scope or "such target"
        text, remedy = f"{plan.fault} would reach nothing: there is no {scope}", _NAMES
        if plan.left_out:
            text, remedy = f"{text}, only {plan.left_out}", _WAIT
        return (FaultRefusal("targets", text, remedy),)
    found = [*_places(plan.targets, radius), *_number(plan, radius)]
    if plan.too_few:
        found.append(
            FaultRefusal("targets.count", plan.too_few, "ask for fewer, or wait until more are in service")
        )
    found.extend(FaultRefusal("fault", text, "change the fault's arguments") for text in plan.objections)
    if not plan.peers:
        text = "there is no untouched peer to compare with, so the injection could not be proved"
        if plan.peers_left_out:
            text = f"{text}: evidence.peer matches only {plan.peers_left_out}"
        found.append(FaultRefusal("evidence.peer", text, "name a selector of other pods in evidence.peer"))
    touched = {target.uid for target in plan.targets}
    if any(peer.uid in touched for peer in plan.peers):
        text = "evidence.peer matches a target"
        found.append(FaultRefusal("evidence.peer", text, "name pods there that the fault cannot choose"))
    return tuple(found)


def _places(targets: Iterable[Target], radius: BlastRadius) -> Iterable[FaultRefusal]:
    for target in targets:
        if target.namespace and target.namespace not in radius.namespaces:
            if target.namespace in PROTECTED:
                text = f"{target} is in the protected namespace {target.namespace}"
                yield FaultRefusal(
                    "blast_radius.protected", text, "name it in blast_radius.namespaces if you mean it"
                )
            else:
                text = f"{target} is outside of {', '.join(radius.namespaces)}"
                yield FaultRefusal(
                    "blast_radius.namespaces", text, "change the fault, or blast_radius.namespaces"
                )
        if target.kind == "node":
            if target.name not in radius.nodes:
                text = f"{target} is not named in blast_radius.nodes, as each node that is touched has to be"
                yield FaultRefusal("blast_radius.nodes", text, "name it there if you mean it")
            continue
        lacking = {key: value for key, value in radius.labels.items() if target.labels.get(key) != value}
        if lacking:
            wanted = ", ".join(f"{key}={value}" for key, value in sorted(lacking.items()))
            yield FaultRefusal(
                "blast_radius.labels", f"{target} lacks {wanted}", "change the selector or the radius"
            )
        if radius.nodes and target.node not in radius.nodes:
            text = f"{target} is on node {target.node or '(none)'}, outside of {', '.join(radius.nodes)}"
            yield FaultRefusal("blast_radius.nodes", text, "change the selector, or blast_radius.nodes")


def _number(plan: Plan, radius: BlastRadius) -> Iterable[FaultRefusal]:
    limit = allowed(radius.most, plan.candidates)
    touched = {target.uid for target in (*plan.targets, *plan.disturbed)}
    if len(touched) > limit:
        already = len(touched) - len(plan.targets)
        more = f", with {already} more out of service already" if already > 0 else ""
        text = f"{len(plan.targets)} of {plan.candidates} would be touched{more}; allowed are {limit}"
        yield FaultRefusal(
            "blast_radius.most", f"{text} ({radius.most})", "choose fewer targets, or raise most"
        )
