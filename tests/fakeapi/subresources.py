"""What stands below an object in its path: logs, tokens, evictions, scales."""

from itertools import count
from typing import Any

from tests.fakeapi.controllers import Controllers
from tests.fakeapi.patches import patched
from tests.fakeapi.pods import Pods
from tests.fakeapi.requests import Refusal, Request
from tests.fakeapi.store import SCALABLE, Object, Store, chosen


class Subresources:
    """Answers for objects that are there.

    Args:
        store: The objects.
        controllers: They delete.
        pods: They have logs.
    """

    def __init__(self, store: Store, controllers: Controllers, pods: Pods) -> None:
        self._store, self._controllers, self._pods = store, controllers, pods
        self._tokens = count(1)

    def answer(self, request: Request, item: Object) -> tuple[int, Any]:
        """Status code and JSON value; a function that gives the text of a log."""
        if request.sub == "log":
            helper = self._pods.helpers.get(item["metadata"]["uid"])
            if helper is None:
                raise Refusal(400, "BadRequest", "the container is waiting to start")
            lines = int(request.query.get("tailLines", 1_000))
            return 200, lambda: helper.text(lines)
        if request.sub == "token":
            token = f"token-of-{request.namespace}/{request.name}#{next(self._tokens)}"
            status = {"token": token, "expirationTimestamp": self._store.timestamp()}
            return 201, {**request.body, "status": status}
        if request.sub == "eviction":
            return self._evict(request, item)
        if request.sub == "scale" and request.resource in SCALABLE:
            return self._scale(request, item)
        raise Refusal(404, "NotFound", f"the fake knows no {request.sub}")

    def _evict(self, request: Request, pod: Object) -> tuple[int, Any]:
        labels = pod["metadata"].get("labels") or {}
        for key, budget in self._store.items("poddisruptionbudgets", request.namespace):
            selector = budget["spec"].get("selector")
            if chosen(labels, selector) and not self._spare(request.namespace, budget["spec"]):
                message = f"Cannot evict pod as it would violate the pod's disruption budget {key.name}."
                raise Refusal(429, "TooManyRequests", message)
        self._controllers.delete(request.key)
        return 201, {"kind": "Status", "apiVersion": "v1", "status": "Success", "reason": "", "metadata": {}}

    def _spare(self, namespace: str, spec: Object) -> bool:
        pods = [
            pod
            for _, pod in self._store.items("pods", namespace)
            if "deletionTimestamp" not in pod["metadata"]
            and chosen(pod["metadata"].get("labels") or {}, spec["selector"])
        ]
        ready = sum(pod["status"]["conditions"][0]["status"] == "True" for pod in pods)
        least = spec["minAvailable"] if "minAvailable" in spec else len(pods) - spec["maxUnavailable"]
        return bool(ready > int(least))

    def _scale(self, request: Request, item: Object) -> tuple[int, Any]:
        scale = _scale_of(item)
        if request.method != "GET":
            changed = (
                request.body if request.method == "PUT" else patched(scale, request.body, request.content)
            )
            spec = {**item["spec"], "replicas": changed["spec"].get("replicas", 0)}
            item = self._store.put(request.resource, {**item, "spec": spec})
        return 200, _scale_of(item)


def _scale_of(item: Object) -> Object:
    """The server leaves 0 out."""
    replicas = item["spec"].get("replicas", 1)
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {name: item["metadata"][name] for name in ("name", "namespace", "uid")},
        "spec": {"replicas": replicas} if replicas else {},
        "status": {
            "replicas": item["status"].get("replicas", 0),
            **({"selector": selector} if (selector := _text_of(item["spec"].get("selector"))) else {}),
        },
    }


def _text_of(selector: Object | None) -> str:
    """What a scale says of the selector of its workload."""
    found = [f"{key}={value}" for key, value in ((selector or {}).get("matchLabels") or {}).items()]
    for term in (selector or {}).get("matchExpressions") or ():
        words = {"In": "in", "NotIn": "notin"}
        key, operator = term["key"], term["operator"]
        if operator in words:
            found.append(f"{key} {words[operator]} ({','.join(term['values'])})")
        else:
            found.append(key if operator == "Exists" else f"!{key}")
    return ",".join(found)
