"""A request, taken apart."""

from dataclasses import dataclass
from typing import Any

from tests.fakeapi.rights import VERBS
from tests.fakeapi.store import Key


@dataclass(frozen=True)
class Request:
    method: str
    group: str
    namespace: str
    resource: str
    name: str
    sub: str
    query: dict[str, str]
    body: Any
    content: str
    account: str

    @property
    def key(self) -> Key:
        return Key(self.resource, self.namespace, self.name)

    @property
    def verb(self) -> str:
        if self.method == "GET":
            return "get" if self.name else "list"
        if self.method == "DELETE" and not self.name:
            return "deletecollection"
        return VERBS[self.method]


class Refusal(Exception):  # noqa: N818 - it stands for an answer
    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason = status, reason
