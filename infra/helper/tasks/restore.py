"""Objects of the API are put back to what they were, at the end of their time or as soon as asked.

The effect itself is the runner's; this is its bound. A step is carried out only while the object still shows
the effect, so whatever somebody else changed in the meantime stays as they wanted it.
"""

import http.client
import json
import os
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..order import Order

__all__ = ["ApiServer", "Restore", "field_of", "replaced", "shortened"]

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT = 5.0

MERGE = "application/merge-patch+json"


class ApiServer:
    """The API server of the cluster whose pod this is."""

    def request(
        self, method: str, path: str, body: Any = None, content: str = "application/json"
    ) -> tuple[int, Any]:
        """Ask once.

        Args:
            method: HTTP method.
            path: API path.
            body: JSON value to send.
            content: Its content type.

        Returns:
            Status code, and the decoded answer.

        Raises:
            OSError: There is no answer.
        """
        context = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
        connection = http.client.HTTPSConnection(
            os.environ["KUBERNETES_SERVICE_HOST"],
            int(os.environ["KUBERNETES_SERVICE_PORT"]),
            context=context,
            timeout=_TIMEOUT,
        )
        headers = {
            "Authorization": f"Bearer {(_ACCOUNT / 'token').read_text()}",
            "Accept": "application/json",
            "Content-Type": content,
        }
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()


class Restore:
    """Undoes by requests.

    Parameters of the order: `steps`, a list of `{path, content, body, only_if, without}`. `body` is sent by
    PATCH with content type `content`; `only_if` maps dotted fields of the object (`spec.replicas`) to the
    value that they have while the effect is in place. `without`, in place of a body, names a list by its
    dotted `field`, and by `where` the items that go from it. An object that is gone needs no step.
    """

    def __init__(self, order: Order, server: ApiServer | None = None) -> None:
        self._steps: Sequence[Mapping[str, Any]] = order.parameters["steps"]
        self._server = server or ApiServer()

    def apply(self) -> None:
        """Nothing: the effect is the runner's."""

    def tick(self) -> None:
        """Nothing."""

    def undo(self) -> list[str]:
        """Carry out every step that is still needed."""
        left = []
        for step in self._steps:
            try:
                if text := self._step(step):
                    left.append(text)
            except OSError as error:
                left.append(f"{step['path']}: the API server does not answer: {error}")
        return left

    def _step(self, step: Mapping[str, Any]) -> str:
        path = step["path"]
        status, found = self._server.request("GET", path)
        if status == http.client.NOT_FOUND:
            return ""
        if status != http.client.OK:
            return f"{path}: cannot be read: {status}"
        if any(field_of(found, dotted) != value for dotted, value in step.get("only_if", {}).items()):
            return ""
        content, body = step.get("content", MERGE), step.get("body")
        if step.get("without"):
            content, body = MERGE, shortened(found, step["without"])
            if body is None:
                return ""
        status, answer = self._server.request("PATCH", path, body, content)
        return "" if status == http.client.OK else f"{path}: not restored: {status} {answer}"


def shortened(found: Mapping[str, Any], without: Mapping[str, Any]) -> dict[str, Any] | None:
    """The merge patch that takes items out of a list of an object; None when they are not there.

    It names the version of the object that was read: when somebody changes the object meanwhile, the API
    server refuses, and the next try starts from theirs.
    """
    items = field_of(found, without["field"]) or []
    kept = [item for item in items if not without["where"].items() <= item.items()]
    if len(kept) == len(items):
        return None
    return replaced(found, without["field"], kept)


def replaced(found: Mapping[str, Any], dotted: str, value: Any) -> dict[str, Any]:
    """The merge patch that gives a field another value, in no other version of the object than was read."""
    *outer, last = dotted.split(".")
    body: dict[str, Any] = {last: value}
    for part in reversed(outer):
        body = {part: body}
    return {**body, "metadata": {"resourceVersion": field_of(found, "metadata.resourceVersion")}}


def field_of(found: Any, dotted: str) -> Any:
    """The value at a dotted path of an object; None where it has none."""
    for part in dotted.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
