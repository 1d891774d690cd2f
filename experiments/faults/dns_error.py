"""Chosen names resolve to an error in the whole cluster, by CoreDNS' plugin `template`.

The ConfigMap of CoreDNS is changed and put back to the byte. Its pods are annotated for as long, because the
kubelet brings a changed ConfigMap into a pod at once only when the pod itself changes.
"""

import re
from random import Random
from typing import Literal

from pydantic import Field, field_validator

from faultcast.experiments.bases.patch import PatchFault, change, distrust, noted, restoring
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, FaultArguments, Plan, Restoration, Whole
from faultcast.experiments.helpers.jobs import Helpers
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.corefile import reload_interval, with_answers
from faultcast.experiments.resources.network import dns_server
from faultcast.experiments.resources.objects import ask_for
from faultcast.experiments.resources.permissions import Permission
from faultcast.experiments.resources.pods import pods_matching
from faultcast.experiments.resources.targets import NODE_NAME, Target
from faultcast.infra.errors import InjectionError, WaitTimeoutError
from faultcast.infra.helper.tasks.restore import field_of
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["FAULT", "DnsError", "DnsErrorArguments", "answer_with_errors", "restore_answers"]

_NAMESPACE, _MAP, _KEY = "kube-system", "coredns", "Corefile"
_PODS = "k8s-app=kube-dns"
_SERVICE = "kube-dns"
_ANNOTATION = "faultcast.dev/effect"
_DNS_NAME = re.compile(r"[a-z0-9_]([-a-z0-9_]{0,62})?(\.[a-z0-9_]([-a-z0-9_]{0,62})?)*")
_PEER = "kubernetes.default.svc.cluster.local"
_CODES = {"NXDOMAIN": 3.0, "SERVFAIL": 2.0, "REFUSED": 5.0}
_WORDS = {0.0: "an answer", **{number: name for name, number in _CODES.items()}}
_WATCH = "watch"
_KUBELET = 15.0
"""Seconds that the kubelet may take to bring a changed ConfigMap into a pod that changed."""


class DnsErrorArguments(FaultArguments):
    """Which names, and which error."""

    names: tuple[str, ...] = Field(
        min_length=1, max_length=20, description="DNS names; everything below them is meant, too"
    )
    rcode: Literal["NXDOMAIN", "SERVFAIL", "REFUSED"] = Field("NXDOMAIN", description="the error")

    @field_validator("names")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name.rstrip(".").lower() for name in value))
        for name in names:
            if not _DNS_NAME.fullmatch(name):
                message = f"{name!r} is not a DNS name: write store.shop.svc.cluster.local"
                raise ValueError(message)
            if _PEER.endswith(f".{name}") or name == _PEER:
                message = (
                    f"{name!r} would take the name of the API itself away, which is the peer of the proof"
                )
                raise ValueError(message)
        return names


class DnsError(PatchFault[DnsErrorArguments]):
    """Answers for names with an error; the blast radius has to name kube-system."""

    kind = "dns-error"
    label = "DNS errors"
    action = "answer_with_errors"
    rollback = "restore_answers"
    arguments = DnsErrorArguments

    def plan(self, access: Access, arguments: DnsErrorArguments, rng: Random, peer: str) -> Plan:
        """The names; the API's own name is the peer."""
        text, server = _corefile(access.kube), dns_server(access.kube)
        changed = with_answers(text, arguments.names, arguments.rcode) if text else None
        pods = pods_matching(access.kube, _NAMESPACE, _PODS)
        steps = _steps(text, changed or "", pods)
        return Plan(
            scope=f"name in {', '.join(arguments.names)}",
            targets=tuple(_name(name) for name in arguments.names),
            peers=(_name(_PEER),),
            candidates=len(arguments.names),
            actions=tuple(f"answer {arguments.rcode} for {name}" for name in arguments.names),
            bounds=(
                f"for the whole cluster; put back after {arguments.duration:g} s, by the cluster if need be",
                f"CoreDNS looks for a changed configuration every {reload_interval(text) or 0:g} s",
            ),
            permissions=(
                Permission(("get", "patch"), "configmaps", _NAMESPACE, names=(_MAP,)),
                Permission(("get", "list", "patch"), "pods", _NAMESPACE),
            ),
            objections=_objections(access, text, changed, server),
            state={**restoring(steps), "changed": changed or "", "server": server},
            restore=steps,
        )

    def evidence(self, access: Access, arguments: DnsErrorArguments, effect: Effect) -> Evidence:
        """A pod of its own gets the error for each name, not so before; for the API's own it does not."""
        helpers = Helpers(access, effect)
        probes = [
            {"name": one.name, "kind": "rcode", "server": effect.state["server"], "query": one.name}
            for one in (*effect.targets, *effect.peers)
        ]
        asking = PodOrder(_WATCH, "observe", parameters={"probes": probes}, role="observer", privileged=False)
        wanted = _CODES[arguments.rcode]

        def read(one: Target) -> float | None:
            values = helpers.measured(_WATCH)
            return values.get(one.name) if values else None

        return Evidence(
            what="DNS answer",
            read=read,
            landed=lambda before, now: now == wanted and before != wanted,
            expected=arguments.rcode,
            words=lambda value: _WORDS.get(value, f"code {value:g}"),
            observers=(asking,),
            ready=lambda: helpers.measured(_WATCH) is not None,
        )

    def inject(self, access: Access, arguments: DnsErrorArguments, effect: Effect) -> None:
        """Change the configuration, then the pods, so that they get it."""
        if already := _answered(access, effect, _CODES[arguments.rcode]):
            message = (
                f"{', '.join(already)}: the answer is {arguments.rcode} already, so nothing would change"
            )
            raise InjectionError(message, remedy="name what can be resolved, or see what broke it")
        change(access.kube, _MAP_PATH, {"data": {_KEY: effect.state["changed"]}})
        for path in (step["path"] for step in effect.state["restore"] if "/pods/" in step["path"]):
            change(access.kube, path, {"metadata": {"annotations": {_ANNOTATION: effect.id}}})

    def undo(self, access: Access, arguments: DnsErrorArguments, effect: Effect) -> tuple[str, ...]:
        """The configuration and the pods are put back; the pod that asks ends once it sees that."""
        self.checked(arguments, effect)
        changed = bool(_still_changed(access, effect))
        super().undo(access, arguments, effect)
        wanted = _CODES[arguments.rcode]
        left: tuple[str, ...] = ()
        try:
            if changed:
                interval = reload_interval(effect.state["changed"]) or 0.0
                wait_until(
                    "CoreDNS answers again",
                    lambda: not _answered(access, effect, wanted),
                    Wait(2 * interval + _KUBELET, 0.25),
                    clock=access.clock,
                )
        except WaitTimeoutError:
            names = _answered(access, effect, wanted)
            left = tuple(f"{name} is still answered with {arguments.rcode}" for name in names)
        return (*left, *Helpers(access, effect).end())

    def steps(self, arguments: DnsErrorArguments, effect: Effect) -> tuple[Restoration, ...]:
        """The configuration without exactly the errors of the arguments, and pods without the mark."""
        if tuple(target.name for target in effect.targets) != arguments.names:
            raise distrust(effect, "has other targets than the names of its arguments")
        first, *rest = noted(effect) or (Restoration(""),)
        before, changed = field_of(first.body, f"data.{_KEY}"), effect.state.get("changed")
        if not isinstance(before, str) or not isinstance(changed, str):
            raise distrust(effect, "does not say what the configuration was")
        if with_answers(before, arguments.names, arguments.rcode) != changed:
            raise distrust(effect, "says of other changes of the configuration than its arguments make")
        return _steps(before, changed, tuple(_pod(effect, step) for step in rest))

    def whole(self, access: Access, arguments: DnsErrorArguments, effect: Effect) -> Whole:
        """The configuration is without the errors."""
        return Whole(lambda: _still_changed(access, effect))


_MAP_PATH = f"/api/v1/namespaces/{_NAMESPACE}/configmaps/{_MAP}"
_PODS_PATH = f"/api/v1/namespaces/{_NAMESPACE}/pods/"


def _still_changed(access: Access, effect: Effect) -> tuple[str, ...]:
    if _corefile(access.kube) != effect.state["changed"]:
        return ()
    return (f"config map {_MAP} in {_NAMESPACE} still has the errors",)


def _answered(access: Access, effect: Effect, wanted: float) -> tuple[str, ...]:
    """The names that are answered with the error at present; none when nobody asks any more."""
    values = Helpers(access, effect).measured(_WATCH) or {}
    return tuple(one.name for one in effect.targets if values.get(one.name) == wanted)


def _name(name: str) -> Target:
    return Target(kind="name", namespace=_NAMESPACE, name=name, uid=name)


def _pod(effect: Effect, step: Restoration) -> Target:
    """The pod of CoreDNS that a request is for."""
    name, uid = step.path.removeprefix(_PODS_PATH), step.only_if.get("metadata.uid")
    if not re.fullmatch(NODE_NAME, name) or not isinstance(uid, str):
        raise distrust(effect, f"names something that is no pod of CoreDNS, {step.path}")
    return Target(kind="pod", namespace=_NAMESPACE, name=name, uid=uid)


def _steps(before: str, changed: str, pods: tuple[Target, ...]) -> tuple[Restoration, ...]:
    return (
        Restoration(_MAP_PATH, {"data": {_KEY: before}}, {f"data.{_KEY}": changed}),
        *(
            Restoration(
                f"{_PODS_PATH}{pod.name}",
                {"metadata": {"annotations": {_ANNOTATION: None}}},
                {"metadata.uid": pod.uid},
            )
            for pod in pods
        ),
    )


def _objections(access: Access, text: str, changed: str | None, server: str) -> tuple[str, ...]:
    if not access.helper_image:
        return ("there is no image for helper pods, so nobody could ask for the names",)
    if not text:
        return (
            f"there is no config map {_MAP} in {_NAMESPACE} with a {_KEY}: this cluster's DNS is not CoreDNS",
        )
    if changed is None:
        return (f"no server block of the {_KEY} answers for all names, so there is no place for the errors",)
    if reload_interval(text) is None:
        return (f"the {_KEY} does not have the plugin `reload`, so CoreDNS would not see the change",)
    if not server:
        return (f"there is no service {_SERVICE} in {_NAMESPACE}, so nobody could ask for the names",)
    return ()


def _corefile(kube: KubeClient) -> str:
    """The configuration of CoreDNS; empty when there is none."""
    read = kube.core.read_namespaced_config_map
    found = ask_for(f"read config map {_MAP}", read, _MAP, _NAMESPACE)
    return str(((found and found.data) or {}).get(_KEY) or "")


FAULT = DnsError()

answer_with_errors = action_of(FAULT)
restore_answers = rollback_of(FAULT)
