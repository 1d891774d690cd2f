"""The form of what the server takes and gives."""

from typing import Any

from tests.fakeapi.requests import Refusal
from tests.fakeapi.store import Object

_OMITTED = ("taints", "nodeSelector", "labels", "annotations")


def leave_out_empty(item: Any) -> None:
    """What the server does not show when it is empty."""
    if isinstance(item, dict):
        for name in _OMITTED:
            if name in item and not item[name]:
                del item[name]
        for value in item.values():
            leave_out_empty(value)


def check_taints(spec: Object) -> None:
    if not all(taint.get("effect") for taint in spec.get("taints") or ()):
        raise Refusal(422, "Invalid", "metadata.taints[0].effect: Required value")


def field_fits(item: Object, selector: str) -> bool:
    for term in filter(None, selector.split(",")):
        dotted, _, wanted = term.replace("==", "=").partition("=")
        found: Any = item
        different = dotted.endswith("!")
        for part in dotted.rstrip("!").split("."):
            found = (found or {}).get(part)
        if ((found or "") == wanted) == different:
            return False
    return True


def status_of(code: int, reason: str, message: str) -> Object:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": reason,
        "message": message,
        "code": code,
    }
