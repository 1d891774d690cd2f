"""The place of the network below the real Kubernetes client: requests go to fakes, by host name."""

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import pytest
from kubernetes import client
from kubernetes.client import api_client, rest

from tests.fakeapi.rights import ADMIN

TOKEN = "Bearer token-of-"
_date = lru_cache(maxsize=10_000)(api_client.parse)


class Answers(Protocol):
    """A fake API server."""

    def answer(
        self, method: str, path: str, query: dict[str, str], body: Any, content: str, account: str
    ) -> "tuple[int, Any]":
        """Status code, and a JSON value, or a function that gives the text of a log."""
        ...


class Response:
    """What urllib3 would give."""

    def __init__(self, status: int, value: Any) -> None:
        self.status, self.reason = status, {True: "OK", False: "refused by the fake"}[status < 300]
        if isinstance(value, dict) and value.get("kind") == "Status":
            self.reason = value["reason"]
        self._read: Callable[[], str] = value if callable(value) else _known(json.dumps(value))

    @property
    def data(self) -> bytes:
        return self._read().encode()

    def read(self, _amount: int | None = None) -> bytes:
        return self.data

    def stream(self, _amount: int | None = None, **_: Any) -> Iterator[bytes]:
        yield self.data

    def getheaders(self) -> dict[str, str]:
        return {"Content-Type": "application/json"}

    def getheader(self, name: str, default: str | None = None) -> str | None:
        return self.getheaders().get(name, default)

    def close(self) -> None:
        pass

    release_conn = close


def _known(text: str) -> Callable[[], str]:
    return lambda: text


class Pool:
    """Stands for urllib3's pool of connections to one host."""

    def __init__(self, server: Answers) -> None:
        self._server = server

    def request(
        self,
        method: str,
        url: str,
        *,
        body: str | None = None,
        fields: Any = None,
        headers: dict[str, str] | None = None,
        **_: Any,
    ) -> Response:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query)) | {key: str(value) for key, value in fields or ()}
        given = {key.lower(): value for key, value in (headers or {}).items()}
        account = given.get("authorization", ADMIN).removeprefix(TOKEN)
        content = given.get("content-type", "")
        return Response(
            *self._server.answer(
                method, parts.path, query, json.loads(body) if body else None, content, account
            )
        )


def install(monkeypatch: pytest.MonkeyPatch, servers: dict[str, Answers]) -> None:
    """From now on every client reaches the fakes, and nothing else.

    Args:
        monkeypatch: Ends it.
        servers: The fakes by URL, such as `https://fake:6443`; looked at whenever a client is made.
    """

    def make(rest_client: Any, configuration: Any, *_: Any, **__: Any) -> None:
        rest_client.pool_manager = Pool(servers[configuration.host])

    monkeypatch.setattr(rest.RESTClientObject, "__init__", make)
    _hasten(monkeypatch)


def _hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every object of the client makes a configuration of its own and reads its dates again.

    That takes most of its time.
    """
    original, known = client.Configuration.__init__, vars(client.Configuration())

    def make(configuration: Any, *arguments: Any, **named: Any) -> None:
        if arguments or named:
            original(configuration, *arguments, **named)
        else:
            vars(configuration).update(known, api_key={}, api_key_prefix={})

    monkeypatch.setattr(client.Configuration, "__init__", make)
    monkeypatch.setattr(api_client, "parse", _date)
