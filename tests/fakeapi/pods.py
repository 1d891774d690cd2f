"""The pods of the fake cluster: made, placed, started, ready, ended; helper pods do what they are told."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from hashlib import sha256
from itertools import count

from tests.fakeapi.helpers import FakeHelper, Surroundings
from tests.fakeapi.objects import order_of
from tests.fakeapi.scheduler import place
from tests.fakeapi.store import Key, Object, Store

_GRACE = 30
_OFTEN, _BACK_OFF = 3, 40.0


class Pods:
    """What a scheduler and kubelets do.

    Args:
        store: The objects.
        now: The time, in seconds since the epoch.
        up: Nodes that are on, connected and served.
        surroundings: What helper pods see.

    Attributes:
        warm_up: Seconds from the start of a pod to its readiness, by its label `app`.
        default_warm_up: The same for every other pod.
        start_after: Seconds until a helper pod runs.
        helpers: The helper of each helper pod, by UID; kept when the pod is gone.
        restarts: Restarts of the main container, by UID of the pod.
        spoiled: What is not as it should be in the status of a pod, by UID.
    """

    def __init__(
        self, store: Store, now: Callable[[], float], up: Callable[[], set[str]], surroundings: Surroundings
    ) -> None:
        self._store, self._now, self._up, self._surroundings = store, now, up, surroundings
        self.warm_up: dict[str, float] = {}
        self.default_warm_up = 0.0
        self.start_after = 0.5
        self.helpers: dict[str, FakeHelper] = {}
        self.restarts: dict[str, int] = {}
        self.spoiled: dict[str, Object] = {}
        self._reasons: dict[str, str] = {}
        self._ready_at: dict[str, float] = {}
        self._gone_at: dict[str, float] = {}
        self._waits_until: dict[str, float] = {}
        self._numbers = count(1)

    def new(
        self, owner: Object, template: Object, labels: Mapping[str, str] | None = None, *, node: str = ""
    ) -> None:
        """Make a pod for its owner."""
        number = next(self._numbers)
        base, namespace = owner["metadata"]["name"].removesuffix("-rs"), owner["metadata"]["namespace"]
        made: Object = {
            "metadata": {
                "name": f"{base}-{number:04d}",
                "namespace": namespace,
                "labels": {**(template.get("metadata", {}).get("labels") or {}), **(labels or {})},
                "ownerReferences": [reference(owner)],
            },
            "spec": deepcopy(template["spec"]),
            "status": {"podIP": f"10.1.0.{number}"},
        }
        made["spec"].setdefault("serviceAccountName", "default")
        if node:
            made["spec"]["nodeName"] = node
        pod = self._store.put("pods", made)
        app = pod["metadata"]["labels"].get("app", "")
        if order_of(pod) is None:
            wait = self.warm_up.get(app, self.default_warm_up)
            self._ready_at[pod["metadata"]["uid"]] = self._now() + wait

    def owned(self, uid: str, namespace: str) -> list[Object]:
        """Pods of an owner, those on their way out included."""
        return [pod for _, pod in self._store.items("pods", namespace) if owner_of(pod) == uid]

    def kept(self) -> dict[str, list[Object]]:
        """Pods by owner, without those on their way out."""
        found: dict[str, list[Object]] = {}
        for _, pod in self._store.items("pods"):
            if "deletionTimestamp" not in pod["metadata"]:
                found.setdefault(owner_of(pod), []).append(pod)
        return found

    def restart(self, uid: str, reason: str = "Error") -> None:
        """The first container of a pod ended, and is started again; the third time after a pause."""
        if self._waits(uid):
            return
        self.restarts[uid] = self.restarts.get(uid, 0) + 1
        self._reasons[uid] = reason
        if self.restarts[uid] % _OFTEN == 0:
            self._waits_until[uid] = self._now() + _BACK_OFF

    def _waits(self, uid: str) -> bool:
        return self._now() < self._waits_until.get(uid, 0.0)

    def boot(self, node: str) -> None:
        """A node was switched on: its containers are started again."""
        for _, pod in self._store.items("pods"):
            if pod["spec"].get("nodeName") == node:
                self.restart(pod["metadata"]["uid"])

    def end(self, pod: Object, grace: float | None) -> None:
        """Let a pod end, as a deletion does; one whose node is gone stays until that is back."""
        meta, uid = pod["metadata"], pod["metadata"]["uid"]
        if "deletionTimestamp" in meta:
            return
        seconds = pod["spec"].get("terminationGracePeriodSeconds", _GRACE) if grace is None else grace
        meta.update(deletionTimestamp=self._store.timestamp(), deletionGracePeriodSeconds=int(seconds))
        self._gone_at[uid] = self._now() + (0 if order_of(pod) else seconds)
        self._store.put("pods", pod)
        self.stop_helper(pod)

    def stop_helper(self, pod: Object) -> None:
        helper = self.helpers.get(pod["metadata"]["uid"])
        if helper and helper.node in self._up():
            helper.end()

    def tick(self) -> None:
        """Let happen what was due."""
        up = self._up()
        for key, pod in self._store.items("pods"):
            uid, node = pod["metadata"]["uid"], pod["spec"].get("nodeName", "")
            if uid in self.helpers and node in up:
                self.helpers[uid].tick()
            if uid in self._gone_at and (node in up or not node) and self._now() >= self._gone_at[uid]:
                self._store.remove(key)
            elif not node:
                self._schedule(pod, up)
            elif order_of(pod) and uid not in self.helpers and node in up:
                self._start_helper(pod, node)

    def _schedule(self, pod: Object, up: set[str]) -> None:
        node = place(self._store, pod, up)
        if node:
            pod["spec"]["nodeName"] = node
            self._store.put("pods", pod)

    def _start_helper(self, pod: Object, node: str) -> None:
        uid, order = pod["metadata"]["uid"], order_of(pod)
        self._ready_at.setdefault(uid, self._now() + self.start_after)
        if order is None or self._now() < self._ready_at[uid]:
            return
        account = f"{pod['metadata']['namespace']}/{pod['spec'].get('serviceAccountName', 'default')}"
        self.helpers[uid] = FakeHelper(order, node, account, self._surroundings)
        self.helpers[uid].begin()
        self._store.put("pods", pod)

    def write_statuses(self) -> None:
        up = self._up()
        for _, pod in self._store.items("pods"):
            pod["status"] = self._status(pod, up)

    def _status(self, pod: Object, up: set[str]) -> Object:
        phase = self._phase(pod)
        uid = pod["metadata"]["uid"]
        ready = (
            phase == "Running"
            and not self._waits(uid)
            and pod["spec"]["nodeName"] in up
            and self._now() >= self._ready_at.get(uid, 0.0)
        )
        return {
            **pod.get("status", {}),
            "phase": phase,
            "hostIP": "192.0.2.1",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": self._containers(pod, ready=ready) if phase != "Pending" else [],
            **self.spoiled.get(uid, {}),
        }

    def _phase(self, pod: Object) -> str:
        helper = self.helpers.get(pod["metadata"]["uid"])
        if helper and helper.over:
            return "Succeeded"
        waits = not pod["spec"].get("nodeName") or (order_of(pod) and helper is None)
        return "Pending" if waits else "Running"

    def _containers(self, pod: Object, *, ready: bool) -> list[Object]:
        main = main_of(pod)
        return [
            self._container(pod, container, ready=ready, main=container is main)
            for container in pod["spec"]["containers"]
        ]

    def _container(self, pod: Object, container: Object, *, ready: bool, main: bool) -> Object:
        uid = pod["metadata"]["uid"]
        restarts = self.restarts.get(uid, 0) if main else 0
        status = {
            "name": container["name"],
            "image": container["image"],
            "imageID": container["image"],
            "containerID": _container_id(uid, container["name"], restarts),
            "ready": ready,
            "restartCount": restarts,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}}
            if main and self._waits(uid)
            else {"running": {}},
        }
        if restarts:
            status["lastState"] = {"terminated": {"exitCode": 137, "reason": self._reasons[uid]}}
        return status


@cache
def _container_id(uid: str, name: str, restarts: int) -> str:
    return f"containerd://{sha256(f'{uid}/{name}/{restarts}'.encode()).hexdigest()}"


def main_of(pod: Object) -> Object:
    """The container that helpers act on: the one named `main`, or else the first."""
    containers: list[Object] = pod["spec"]["containers"]
    return next((one for one in containers if one["name"] == "main"), containers[0])


def owner_of(item: Object) -> str:
    """UID of the owner; empty when there is none."""
    owners = item["metadata"].get("ownerReferences")
    return str(owners[0]["uid"]) if owners else ""


def reference(owner: Object) -> Object:
    """What names an owner in an object."""
    meta = owner["metadata"]
    kinds = {name: owner[name] for name in ("apiVersion", "kind")}
    return {**kinds, "name": meta["name"], "uid": meta["uid"], "controller": True}


def key_of(pod: Object) -> Key:
    return Key("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])
