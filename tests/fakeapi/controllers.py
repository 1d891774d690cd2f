"""What goes on in the fake cluster as time passes: workloads and Jobs get their pods, and lose them."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime

from tests.fakeapi.pods import Pods, key_of, owner_of, reference
from tests.fakeapi.scheduler import driven_out, drives_out, fits
from tests.fakeapi.store import Key, Object, Store

_PASSES = 6
_SCALED = ("deployments", "replicasets", "statefulsets", "clonesets", "podsets")
_LEASES = "kube-node-lease"
_CORDONED = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


class Controllers:
    """Brings the store up to the time, whenever somebody asks the API.

    Args:
        store: The objects.
        pods: The pods among them.
        now: The time, in seconds since the epoch.
        up: Nodes that are on, connected and served.
    """

    def __init__(
        self, store: Store, pods: Pods, now: Callable[[], float], up: Callable[[], set[str]]
    ) -> None:
        self._store, self._pods, self._now, self._up = store, pods, now, up
        self._begun: dict[str, float] = {}
        self._over: dict[str, float] = {}

    def settle(self) -> None:
        """Let everything that was due happen."""
        self._renew()  # nothing follows from it: inside the loop it would cost a pass whenever time went on
        for _ in range(_PASSES):
            before = self._store.version
            for key in self._store.orphans():
                self.delete(key)
            self._nodes()
            self._pods.tick()
            self._jobs()
            self._workloads()
            if self._store.version == before:
                break
        self._statuses()

    def delete(self, key: Key, grace: float | None = None, *, orphan: bool = False) -> None:
        """Delete an object as the API server does: pods take their time, dependents follow."""
        item = self._store.get(*key)
        if item is None:
            return
        if key.resource == "pods" and grace != 0:
            self._pods.end(item, grace)
            return
        if key.resource == "namespaces":
            for inside, _ in self._store.everything():
                if inside.namespace == key.name:
                    self.delete(inside, 0)
        if key.resource == "pods":
            self._pods.stop_helper(item)
        if orphan:
            self._disown(item["metadata"]["uid"])
        self._store.remove(key)

    def _disown(self, uid: str) -> None:
        for _, other in self._store.everything():
            owners = other["metadata"].get("ownerReferences") or []
            other["metadata"]["ownerReferences"] = [one for one in owners if one["uid"] != uid]

    def _nodes(self) -> None:
        up = self._up()
        for _, node in self._store.items("nodes"):
            name = node["metadata"]["name"]
            if name not in up:
                continue
            self._mark(node)
            if not drives_out(node):
                continue
            for _, pod in self._store.items("pods"):
                if pod["spec"].get("nodeName") == name and driven_out(node, pod["spec"]):
                    self.delete(key_of(pod))

    def _mark(self, node: Object) -> None:
        """A cordoned node has a taint that says so, and no other has."""
        spec = node["spec"]
        taints = [one for one in spec.get("taints") or () if one["key"] != _CORDONED["key"]]
        wanted = [*taints, dict(_CORDONED)] if spec.get("unschedulable") else taints
        if wanted != (spec.get("taints") or []):
            spec.pop("taints", None)
            spec.update({"taints": wanted} if wanted else {})
            self._store.put("nodes", node)

    def _renew(self) -> None:
        """The kubelets say that they live."""
        up = self._up()
        now = datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        for _, item in self._store.items("nodes"):
            node = item["metadata"]["name"]
            lease = self._store.get("leases", _LEASES, node)
            if node in up and (lease is None or lease["spec"]["renewTime"] != now):
                meta = {"name": node, "namespace": _LEASES}
                self._store.put("leases", {"metadata": meta, "spec": {"renewTime": now}})

    def _jobs(self) -> None:
        for key, job in self._store.items("jobs"):
            uid, spec = job["metadata"]["uid"], job["spec"]
            pods = self._pods.owned(uid, key.namespace)
            begun = self._begun.setdefault(uid, self._now())
            if not pods and uid not in self._over:
                self._pods.new(job, spec["template"], {"job-name": key.name})
            helpers = [self._pods.helpers.get(pod["metadata"]["uid"]) for pod in pods]
            job["status"] = {"active": len(pods)}
            late = self._now() >= begun + spec.get("activeDeadlineSeconds", float("inf"))
            if late or (helpers and all(helper and helper.over for helper in helpers)):
                self._over.setdefault(uid, self._now())
            kept = spec.get("ttlSecondsAfterFinished", float("inf"))
            if self._now() >= self._over.get(uid, float("inf")) + kept:
                self.delete(key)

    def _workloads(self) -> None:
        kept = self._pods.kept()
        for key, item in self._store.items("deployments"):
            self._replica_set(key, item)
        for resource in _SCALED[1:]:
            for _, item in self._store.items(resource):
                self._scale(item, kept.get(item["metadata"]["uid"], []))
        for _, item in self._store.items("daemonsets"):
            self._daemons(item, kept.get(item["metadata"]["uid"], []))

    def _replica_set(self, key: Key, item: Object) -> None:
        replicas = item["spec"].get("replicas", 1)
        owned = self._sets(item, key.namespace)
        if not owned:
            meta = {
                "name": f"{key.name}-rs",
                "namespace": key.namespace,
                "labels": dict(item["metadata"].get("labels") or {}),
                "ownerReferences": [reference(item)],
            }
            spec = {**deepcopy(item["spec"]), "replicas": replicas}
            self._store.put("replicasets", {"metadata": meta, "spec": spec})
        elif owned[0]["spec"]["replicas"] != replicas:
            self._store.put("replicasets", {**owned[0], "spec": {**owned[0]["spec"], "replicas": replicas}})

    def _sets(self, deployment: Object, namespace: str) -> list[Object]:
        uid = deployment["metadata"]["uid"]
        return [one for _, one in self._store.items("replicasets", namespace) if owner_of(one) == uid]

    def _scale(self, item: Object, pods: list[Object]) -> None:
        wanted = item["spec"].get("replicas", 1)
        for pod in pods[wanted:]:
            self.delete(key_of(pod))
        for _ in range(wanted - len(pods)):
            self._pods.new(item, item["spec"]["template"])

    def _daemons(self, item: Object, pods: list[Object]) -> None:
        wanted = self._fitting(item)
        for pod in pods:
            if pod["spec"]["nodeName"] in wanted:
                wanted.discard(pod["spec"]["nodeName"])
            else:
                self.delete(key_of(pod))
        for node in sorted(wanted):
            self._pods.new(item, item["spec"]["template"], node=node)

    def _fitting(self, daemon_set: Object) -> set[str]:
        spec = daemon_set["spec"]["template"]["spec"]
        nodes = [node for _, node in self._store.items("nodes")]
        return {node["metadata"]["name"] for node in nodes if fits(node, spec, daemon=True)}

    def _statuses(self) -> None:
        up = self._up()
        for _, node in self._store.items("nodes"):
            ready = "True" if node["metadata"]["name"] in up else "Unknown"
            node["status"]["conditions"] = [{"type": "Ready", "status": ready}]
        self._pods.write_statuses()
        kept = self._pods.kept()
        for resource in (*_SCALED, "daemonsets"):
            for key, item in self._store.items(resource):
                item["status"] = self._status(key, item, kept)

    def _status(self, key: Key, item: Object, kept: dict[str, list[Object]]) -> Object:
        owner = item
        if key.resource == "deployments":
            owner = next(iter(self._sets(item, key.namespace)), item)
        pods = kept.get(owner["metadata"]["uid"], [])
        ready = sum(one["status"]["conditions"][0]["status"] == "True" for one in pods)
        seen = {"observedGeneration": item["metadata"]["generation"]}
        if key.resource == "daemonsets":
            counts = {"currentNumberScheduled": len(pods), "desiredNumberScheduled": len(self._fitting(item))}
            return {**seen, **counts, "numberMisscheduled": 0, "numberReady": ready}
        numbers = {"readyReplicas": ready, "availableReplicas": ready, "updatedReplicas": len(pods)}
        shown = {name: number for name, number in numbers.items() if number}  # 0 is left out
        return {**seen, "replicas": len(pods), **shown}
