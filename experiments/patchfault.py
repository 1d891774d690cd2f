"""What faults of API objects have in common: a change, and the requests that take exactly it back.

The same requests are sent by the runner when it reverts and by the keeper when the runner is dead; each only
while the object still shows the change, so whatever somebody else changed meanwhile stays as they wanted it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from faultcast.experiments.access import Access
from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import Fault, FaultArguments, Restoration
from faultcast.experiments.objects import call, read_json
from faultcast.infra.errors import InjectionError
from faultcast.infra.helper.restore import field_of, replaced, shortened
from faultcast.infra.kube import KubeClient
from faultcast.infra.kube_errors import api_error

__all__ = ["PatchFault", "change", "extend", "give_back_objects", "restoring"]

_CONFLICT = 409
_TRIES = 5


def restoring(steps: Iterable[Restoration]) -> dict[str, Any]:
    """The part of a plan's state from which `PatchFault` undoes."""
    return {"restore": [asdict(step) for step in steps]}


def change(kube: KubeClient, path: str, body: Any) -> None:
    """Patch an object; a list in the patch replaces that of the object.

    Raises:
        InjectionError: The API server refuses, or does not answer.
    """
    try:
        call(kube, "PATCH", path, body)
    except (ApiException, HTTPError) as error:
        said = api_error(f"change {path}", error)
        raise InjectionError(said.what, remedy=said.remedy) from error


def extend(kube: KubeClient, path: str, dotted: str, item: Mapping[str, Any]) -> None:
    """Put an item at the end of a list of an object, whatever else is in it by now.

    Raises:
        InjectionError: The API server refuses, or does not answer, or others change the object all the time.
    """
    for attempt in range(_TRIES):
        found = read_json(kube, path) or {}
        body = replaced(found, dotted, [*(field_of(found, dotted) or ()), dict(item)])
        try:
            call(kube, "PATCH", path, body)
        except ApiException as error:
            if error.status != _CONFLICT or attempt == _TRIES - 1:
                said = api_error(f"change {path}", error)
                raise InjectionError(said.what, remedy=said.remedy) from error
        except HTTPError as error:
            said = api_error(f"change {path}", error)
            raise InjectionError(said.what, remedy=said.remedy) from error
        else:
            return


def give_back_objects(kube: KubeClient, steps: Iterable[Mapping[str, Any]]) -> None:
    """Send the requests of `restoring`, each where it is still needed.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    for step in steps:
        for attempt in range(_TRIES):
            try:
                _give_back(kube, step)
                break
            except ApiException as error:
                if error.status != _CONFLICT or attempt == _TRIES - 1:
                    raise api_error(f"put {step['path']} back", error) from error
            except HTTPError as error:
                raise api_error(f"put {step['path']} back", error) from error


def _give_back(kube: KubeClient, step: Mapping[str, Any]) -> None:
    path, body, without = step["path"], step["body"], step.get("without")
    found = read_json(kube, path)
    if found is None or any(field_of(found, dotted) != value for dotted, value in step["only_if"].items()):
        return
    if without:
        body = shortened(found, without)
        if body is None:
            return
    call(kube, "PATCH", path, body, step["content"])


class PatchFault[A: FaultArguments](Fault[A]):
    """A fault that changes objects of the API; its plan's state has the part `restoring` makes."""

    def undo(self, access: Access, arguments: A, effect: Effect) -> tuple[str, ...]:  # noqa: ARG002
        """Put every object back that still shows the change."""
        give_back_objects(access.kube, effect.state["restore"])
        return ()
