"""Calls to another service: a look-up of its name and a new connection each time, bounded."""

import http.client
import json
import socket
import time
from dataclasses import dataclass

__all__ = ["CallError", "CallTimeoutError", "Endpoint", "post", "post_with_retry"]


class CallError(Exception):
    """A call failed: no such name, refused, broken, or answered with an error."""


class CallTimeoutError(CallError):
    """A call was not answered in time."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service answers.

    Attributes:
        host: Its name; a trailing dot spares the search list of the resolver.
        port: Its port.
        path: Path to post to.
        timeout: Seconds that one call may take.
    """

    host: str
    port: int
    path: str
    timeout: float

    @classmethod
    def parse(cls, text: str, *, path: str, timeout: float) -> "Endpoint":
        """A target from `HOST:PORT`."""
        host, _, port = text.rpartition(":")
        return cls(host, int(port), path, timeout)


def post(target: Endpoint, document: object) -> object:
    """Send JSON and read JSON.

    Args:
        target: Where to.
        document: What to send.

    Returns:
        The decoded answer.

    Raises:
        CallTimeoutError: No answer in time.
        CallError: Any other failure.
    """
    deadline = time.monotonic() + target.timeout
    connection: http.client.HTTPConnection | None = None
    try:
        found = socket.getaddrinfo(target.host, target.port, socket.AF_INET, socket.SOCK_STREAM)
        address = str(found[0][4][0])
        connection = http.client.HTTPConnection(address, target.port, timeout=_left(deadline))
        connection.connect()
        connection.sock.settimeout(_left(deadline))
        body = json.dumps(document).encode()
        headers = {"Content-Type": "application/json", "Connection": "close"}
        connection.request("POST", target.path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
    except TimeoutError as error:
        message = f"no answer from {target.host} within {target.timeout:g} s"
        raise CallTimeoutError(message) from error
    except (OSError, http.client.HTTPException) as error:
        message = f"{target.host}: {type(error).__name__}: {error}"
        raise CallError(message) from error
    finally:
        if connection is not None:
            connection.close()
    if answer.status != http.client.OK:
        message = f"{target.host} answered {answer.status}"
        raise CallError(message)
    return json.loads(content)


def post_with_retry(target: Endpoint, document: object) -> object:
    """The same, tried once more after a failure: a reading may be stored twice without harm.

    Raises:
        CallTimeoutError: The second call was not answered in time.
        CallError: The second call failed.
    """
    try:
        return post(target, document)
    except CallError:
        return post(target, document)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
