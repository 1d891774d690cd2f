"""Read lists of objects from the API server that a pod runs under."""

import http.client
import json
import os
import ssl
import threading
from pathlib import Path
from typing import Any

__all__ = ["ApiReader", "in_cluster"]

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT = 1.5


class ApiReader:
    """A client that keeps one connection and asks for whole lists, from the server's cache.

    Args:
        host: Address of the API server.
        port: Its port.
        token: File with the token of the service account; read each time, because it is renewed.
        context: Says which certificates are trusted.
    """

    def __init__(self, host: str, port: int, token: Path, context: ssl.SSLContext) -> None:
        self._connection = http.client.HTTPSConnection(host, port, context=context, timeout=_TIMEOUT)
        self._token = token
        self._lock = threading.Lock()

    def items(self, path: str) -> list[dict[str, Any]]:
        """The objects below an API path, as the server shows them.

        Args:
            path: Such as `/api/v1/pods`.

        Raises:
            OSError: The server did not answer in time, or refused.
        """
        with self._lock:
            try:
                status, body = self._get(path)
            except (http.client.HTTPException, ConnectionError):  # it may close an idle connection
                self._connection.close()
                status, body = self._get(path)
            except OSError:
                self._connection.close()
                raise
        if status != http.client.OK:
            message = f"GET {path}: the API server answered {status}"
            raise OSError(message)
        found: list[dict[str, Any]] = json.loads(body)["items"]
        return found

    def _get(self, path: str) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self._token.read_text()}", "Accept": "application/json"}
        self._connection.request("GET", f"{path}?resourceVersion=0", headers=headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()


def in_cluster() -> ApiReader:
    """A reader of the cluster whose pod this is; raises KeyError outside of one."""
    context = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
    port = int(os.environ["KUBERNETES_SERVICE_PORT"])
    return ApiReader(os.environ["KUBERNETES_SERVICE_HOST"], port, _ACCOUNT / "token", context)
