"""The REST side: from a request to an answer, with rights, conflicts, and a list of what was written."""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.fakeapi.controllers import Controllers
from tests.fakeapi.patches import Unprocessable, patched
from tests.fakeapi.pods import Pods
from tests.fakeapi.requests import Refusal, Request
from tests.fakeapi.rights import ADMIN, may
from tests.fakeapi.shape import check_taints, field_fits, leave_out_empty, status_of
from tests.fakeapi.store import KINDS, SCALABLE, Object, Store
from tests.fakeapi.subresources import Subresources

FAULTCAST = "faultcast"
_PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/[^/]+)"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/[a-z]))?/(?P<resource>[^/]+)(?:/(?P<name>[^/]+)(?:/(?P<sub>.+))?)?"
)
_DISCOVERY = re.compile(r"/api/(v1)|/apis/([^/]+/[^/]+)")
_REVIEW = "selfsubjectaccessreviews"


@dataclass(frozen=True)
class Write:
    """One request that changes something, whether it was granted or not.

    Attributes:
        method: HTTP method.
        path: Path.
        account: Account that sent it, `namespace/name`; empty for the kubeconfig's user.
        status: What it was answered.
        body: What was sent.
    """

    method: str
    path: str
    account: str
    status: int
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Server:
    """Answers requests from a store.

    Args:
        store: The objects.
        controllers: They delete.
        pods: They have logs.

    Attributes:
        writes: Every request that changes something, in order.
        denied: What an account had no right to.
        granted: What accounts did: verb and resource.
        on_write: Called with each write when it is answered.
        refuse: Asked before each request: a status code to answer with, or None.
        inert: Whether writes of faults outside of `faultcast` are granted and change nothing.
    """

    def __init__(self, store: Store, controllers: Controllers, pods: Pods) -> None:
        self._store, self._controllers = store, controllers
        self._subresources = Subresources(store, controllers, pods)
        self.writes: list[Write] = []
        self.reads = 0
        self.refuse: Callable[[str, str], int | None] = lambda _method, _path: None
        self.on_write: Callable[[Write], None] = lambda _write: None
        self.denied: list[str] = []
        self.granted: set[tuple[str, str]] = set()
        self.inert = False

    def answer(
        self, method: str, path: str, query: dict[str, str], body: Any, content: str, account: str
    ) -> tuple[int, Any]:
        """Status code and JSON value."""
        try:
            status, value = self._answer(method, path, query, body, content, account.partition("#")[0])
        except Refusal as refusal:
            status, value = refusal.status, status_of(refusal.status, refusal.reason, str(refusal))
        except Unprocessable as error:
            status, value = 422, status_of(422, "Invalid", str(error))
        if method != "GET" and _REVIEW not in path:
            self.note(Write(method, path, account.partition("#")[0], status, body))
        else:
            self.reads += 1
        return status, value

    def note(self, write: Write) -> None:
        """Add to the writes, also what is done without the API."""
        self.writes.append(write)
        self.on_write(write)

    def _answer(
        self, method: str, path: str, query: dict[str, str], body: Any, content: str, account: str
    ) -> tuple[int, Any]:
        if code := self.refuse(method, path):
            raise Refusal(code, "Refused", "refused by the test")
        if discovery := _DISCOVERY.fullmatch(path):
            return 200, _resources(discovery[1] or discovery[2])
        found = _PATH.fullmatch(path)
        if found is None:
            raise Refusal(404, "NotFound", f"no such path: {path}")
        request = Request(
            method,
            found["group"] or "",
            found["namespace"] or "",
            found["resource"],
            found["name"] or "",
            found["sub"] or "",
            query,
            body,
            content,
            account,
        )
        if request.resource == _REVIEW:
            return 201, self._review(request)
        if request.resource not in KINDS:
            raise Refusal(404, "NotFound", f"the fake knows no {request.resource}: add it to store.KINDS")
        self._allow(request)
        if self.inert and method != "GET" and account != ADMIN and request.namespace != FAULTCAST:
            return 200, self._found(request)
        if request.sub and request.sub != "status":
            return self._subresources.answer(request, self._found(request))
        act: dict[str, Callable[[Request], tuple[int, Any]]] = {
            "GET": self._get,
            "POST": self._post,
            "PUT": self._put,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }
        return act[method](request)

    def _allow(self, request: Request) -> None:
        resource = "/".join(filter(None, (request.resource, request.sub)))
        who, verb = request.account, request.verb
        if not may(self._store, who, verb, request.group, resource, request.namespace, request.name):
            self.denied.append(f"{verb} {resource} {request.name} in {request.namespace or 'the cluster'}")
            message = f"{who} cannot {verb} {resource} {request.name} in {request.namespace or 'the cluster'}"
            raise Refusal(403, "Forbidden", message)
        if who != ADMIN:
            self.granted.add((verb, resource))

    def _review(self, request: Request) -> Object:
        asked = request.body["spec"]["resourceAttributes"]
        resource = "/".join(filter(None, (asked["resource"], asked.get("subresource"))))
        allowed = may(
            self._store,
            request.account,
            asked["verb"],
            asked.get("group", ""),
            resource,
            asked.get("namespace", ""),
            asked.get("name", ""),
        )
        return {"kind": "SelfSubjectAccessReview", **request.body, "status": {"allowed": allowed}}

    def _found(self, request: Request) -> Object:
        item = self._store.get(*request.key)
        if item is None:
            raise Refusal(404, "NotFound", f'{request.resource} "{request.name}" not found')
        return item

    def _get(self, request: Request) -> tuple[int, Any]:
        if request.name:
            return 200, self._found(request)
        selector = request.query.get("labelSelector", "")
        items = [
            item
            for _, item in self._store.items(request.resource, request.namespace, selector)
            if field_fits(item, request.query.get("fieldSelector", ""))
        ]
        version, kind = KINDS[request.resource]
        return 200, {"apiVersion": version, "kind": f"{kind}List", "metadata": {}, "items": items}

    def _post(self, request: Request) -> tuple[int, Any]:
        item = deepcopy(request.body)
        meta = item.setdefault("metadata", {})
        if not meta.get("name"):
            raise Refusal(422, "Invalid", "metadata.name is required")
        if request.namespace:
            meta["namespace"] = request.namespace
            if self._store.get("namespaces", "", request.namespace) is None:
                raise Refusal(404, "NotFound", f'namespaces "{request.namespace}" not found')
        if self._store.get(request.resource, request.namespace, meta["name"]):
            raise Refusal(409, "AlreadyExists", f'{request.resource} "{meta["name"]}" already exists')
        return 201, self._store.put(request.resource, item)

    def _put(self, request: Request) -> tuple[int, Any]:
        return 200, self._replace(self._found(request), deepcopy(request.body), request)

    def _patch(self, request: Request) -> tuple[int, Any]:
        known = self._found(request)
        content = request.content
        if "json-patch" in content and not isinstance(request.body, list):
            content = "application/strategic-merge-patch+json"  # as the client itself does
        return 200, self._replace(known, patched(known, request.body, content), request)

    def _replace(self, known: Object, item: Object, request: Request) -> Object:
        meta = item.setdefault("metadata", {})
        version = meta.get("resourceVersion")
        if version and version != known["metadata"]["resourceVersion"]:
            raise Refusal(409, "Conflict", "the object has been modified")
        for name in ("name", "namespace", "uid", "creationTimestamp"):
            if name in known["metadata"]:
                meta[name] = known["metadata"][name]
        if "status" in known and request.sub != "status":
            item["status"] = known["status"]
        leave_out_empty(item)
        check_taints(item.get("spec") or {})
        return self._store.put(request.resource, item)

    def _delete(self, request: Request) -> tuple[int, Any]:
        item = self._found(request)
        options = request.body or {}
        wanted = (options.get("preconditions") or {}).get("uid")
        if wanted and wanted != item["metadata"]["uid"]:
            raise Refusal(409, "Conflict", "the UID in the precondition does not match")
        grace = options.get("gracePeriodSeconds", request.query.get("gracePeriodSeconds"))
        policy = options.get("propagationPolicy", request.query.get("propagationPolicy", "Background"))
        self._controllers.delete(
            request.key, None if grace is None else float(grace), orphan=policy == "Orphan"
        )
        if request.resource == "pods":
            return 200, item
        return 200, {"kind": "Status", "apiVersion": "v1", "status": "Success", "reason": "", "metadata": {}}


def _resources(version: str) -> Object:
    """What there is in an API group and version."""
    kinds = {name: kind for name, (its, kind) in KINDS.items() if its == version}
    if not kinds:
        raise Refusal(404, "NotFound", f"there is no {version}")
    found = [{"name": name, "kind": kind, "namespaced": True} for name, kind in kinds.items()]
    found += [{"name": f"{name}/scale", "kind": "Scale"} for name in kinds if name in SCALABLE]
    return {"kind": "APIResourceList", "groupVersion": version, "resources": found}
