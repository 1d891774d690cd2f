"""What faults of API objects have in common: a change, and the requests that take exactly it back.

The same requests are sent by the runner when it reverts and by the keeper when the runner is dead; each only
while the object still shows the change, so whatever somebody else changed meanwhile stays as they wanted it.

What a ledger says is not sent as it stands: others may write to the cluster's copy, and it would be sent with
all the rights of whoever heals. Each fault derives its requests anew, and refuses a ledger that says others.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import Fault, FaultArguments, Restoration
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.objects import call, read_json
from faultcast.experiments.safety.ledger import how_to_drop
from faultcast.infra.errors import ApiError, ConflictError, InjectionError, RevertError
from faultcast.infra.helper.tasks.restore import field_of, replaced, shortened
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import KubeClient

__all__ = ["PatchFault", "change", "distrust", "extend", "give_back_objects", "noted", "restoring"]

_TRIES = 5
_STEPS = TypeAdapter(tuple[Restoration, ...])


def restoring(steps: Iterable[Restoration]) -> dict[str, Any]:
    """The part of a plan's state from which `PatchFault` undoes."""
    return {"restore": [asdict(step) for step in steps]}


def noted(effect: Effect) -> tuple[Restoration, ...]:
    """The requests that an effect's state names; not to be sent before they were compared.

    Raises:
        RevertError: It names none, or something that is no request.
    """
    try:
        return _STEPS.validate_python(effect.state["restore"])
    except (KeyError, ValidationError):
        raise distrust(effect, "does not say what has to be put back") from None


def distrust(effect: Effect, why: str) -> RevertError:
    """The error of an effect whose entry cannot be followed.

    Args:
        effect: The effect.
        why: What is wrong with its entry, as in "does not say what has to be put back".
    """
    message = f"its ledger entry {why}, so nothing was sent"
    touched = ", ".join(map(str, effect.targets)) or "what it touched"
    return RevertError(message, remedy=f"look at {touched} by hand, then {how_to_drop(effect.id)}")


def change(kube: KubeClient, path: str, body: Any) -> None:
    """Patch an object; a list in the patch replaces that of the object.

    Raises:
        InjectionError: The API server refuses, or does not answer.
    """
    with calling(f"change {path}", InjectionError):
        call(kube, "PATCH", path, body)


def extend(kube: KubeClient, path: str, dotted: str, item: Mapping[str, Any]) -> None:
    """Put an item at the end of a list of an object, whatever else is in it by now.

    Raises:
        InjectionError: The API server refuses, or does not answer, or others change the object all the time.
    """
    for attempt in range(_TRIES):
        found = read_json(kube, path) or {}
        body = replaced(found, dotted, [*(field_of(found, dotted) or ()), dict(item)])
        try:
            with calling(f"change {path}"):
                call(kube, "PATCH", path, body)
        except ApiError as error:
            if not isinstance(error, ConflictError) or attempt == _TRIES - 1:
                raise InjectionError(error.what, remedy=error.remedy) from error
        else:
            return


def give_back_objects(kube: KubeClient, steps: Iterable[Restoration]) -> None:
    """Send requests that a fault derived, each where it is still needed.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    for step in steps:
        for attempt in range(_TRIES):
            try:
                _give_back(kube, step)
                break
            except ConflictError:
                if attempt == _TRIES - 1:
                    raise


def _give_back(kube: KubeClient, step: Restoration) -> None:
    body = step.body
    found = read_json(kube, step.path)
    if found is None or any(field_of(found, dotted) != value for dotted, value in step.only_if.items()):
        return
    if step.without:
        body = shortened(found, step.without)
        if body is None:
            return
    with calling(f"put {step.path} back"):
        call(kube, "PATCH", step.path, body, step.content)


class PatchFault[A: FaultArguments](Fault[A]):
    """A fault that changes objects of the API; its plan's state has the part `restoring` makes."""

    @abstractmethod
    def steps(self, arguments: A, effect: Effect) -> tuple[Restoration, ...]:
        """The requests that take the effect back, in the plan's order.

        They follow from the arguments and the targets. Of the state only values are used that nobody could
        know otherwise, such as a number of replicas.

        Raises:
            RevertError: The targets are not such as the arguments choose, or a value is missing.
        """

    def checked(self, arguments: A, effect: Effect) -> tuple[Restoration, ...]:
        """The same, once the effect's state names no others.

        Raises:
            RevertError: It does, so that somebody else than the fault wrote it.
        """
        steps = self.steps(arguments, effect)
        if noted(effect) != steps:
            raise distrust(effect, f"names other requests than {self.kind} sends")
        return steps

    def undo(self, access: Access, arguments: A, effect: Effect) -> tuple[str, ...]:
        """Every object that still shows the change is put back.

        Raises:
            ClusterError: The API server refuses, or does not answer.
            RevertError: The effect's state is none that this fault writes; nothing was sent.
        """
        give_back_objects(access.kube, self.checked(arguments, effect))
        return ()
