"""Read, watch and change objects through the API server that a pod runs under."""

import http.client
import json
import os
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["Api", "ApiRefusal", "attempt", "in_cluster", "say", "warning"]

Object = Mapping[str, Any]

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT = 5.0
_WATCH_SECONDS = 240


class ApiRefusal(OSError):  # noqa: N818 - an answer, not a mistake
    """The API server answered with another status than success.

    Attributes:
        status: The HTTP status.
    """

    def __init__(self, method: str, path: str, status: int, body: bytes) -> None:
        super().__init__(f"{method} {path}: {status} {body.decode(errors='replace')[:300]}")
        self.status = status


class Api:
    """A client for one thread; every call is a connection of its own, so that none is ever stale.

    Args:
        connect: Makes a connection that gives up after so many seconds without an answer.
        token: Gives the token of the service account; asked each time, because it is renewed.
    """

    def __init__(
        self, connect: Callable[[float], http.client.HTTPConnection], token: Callable[[], str]
    ) -> None:
        self._connect = connect
        self._token = token

    def items(self, path: str) -> list[dict[str, Any]]:
        """The objects below an API path, from the server's cache; raises OSError."""
        found: list[dict[str, Any]] = self.get(f"{path}?resourceVersion=0")["items"]
        return found

    def get(self, path: str) -> dict[str, Any]:
        """One object; raises OSError, ApiRefusal among them."""
        return self._send("GET", path)

    def create(self, path: str, body: Object) -> None:
        """Create an object below `path`; one that is there already is left as it is. Raises OSError."""
        self._send("POST", path, body, http.client.CONFLICT)

    def patch(self, path: str, body: Object) -> None:
        """Merge `body` into an object; one that is gone is not missed. Raises OSError."""
        self._send("PATCH", path, body, http.client.NOT_FOUND)

    def delete(self, path: str) -> None:
        """Delete an object; one that is gone is not missed. Raises OSError."""
        self._send("DELETE", path, None, http.client.NOT_FOUND)

    def changes(self, path: str) -> Iterator[None]:
        """A sign for each object below `path`, then for each change, until the server ends the watch.

        Raises:
            OSError: The server did not answer, or refused.
        """
        connection = self._connect(_WATCH_SECONDS + _TIMEOUT)
        try:
            target = f"{path}?watch=true&timeoutSeconds={_WATCH_SECONDS}"
            connection.request("GET", target, headers=self._headers("application/json"))
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise ApiRefusal("WATCH", path, answer.status, answer.read())
            while answer.readline():
                yield
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def _send(
        self, method: str, path: str, body: Object | None = None, harmless: int | None = None
    ) -> dict[str, Any]:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        connection = self._connect(_TIMEOUT)
        try:
            connection.request(method, path, json.dumps(body) if body else None, self._headers(kind))
            answer = connection.getresponse()
            status, content = answer.status, answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()
        if status >= http.client.MULTIPLE_CHOICES and status != harmless:
            raise ApiRefusal(method, path, status, content)
        found: dict[str, Any] = json.loads(content)
        return found

    def _headers(self, kind: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._token()}",
            "Accept": "application/json",
            "Content-Type": kind,
        }


def attempt(action: Callable[[], None]) -> None:
    """Do something about one object; what fails is said, and does not keep the others waiting."""
    try:
        action()
    except OSError as error:
        say(str(error))


def say(text: str) -> None:
    """One line of this program's log."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def warning(about: Object, reason: str, message: str, by: str) -> dict[str, Any]:
    """An event that says what is wrong with an object.

    Args:
        about: The object, with `apiVersion` and `kind`.
        reason: One word of it, such as `ProvisioningFailed`.
        message: A sentence.
        by: Who says so.
    """
    meta, now = about["metadata"], time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{meta['name']}.", "namespace": meta["namespace"]},
        "involvedObject": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "namespace": meta["namespace"],
            "name": meta["name"],
            "uid": meta["uid"],
        },
        "type": "Warning",
        "reason": reason,
        "message": message,
        "source": {"component": by},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }


def in_cluster() -> Api:
    """A client of the cluster whose pod this is; raises KeyError outside of one."""
    context = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])

    def connect(timeout: float) -> http.client.HTTPConnection:
        return http.client.HTTPSConnection(host, port, context=context, timeout=timeout)

    return Api(connect, (_ACCOUNT / "token").read_text)
