"""The fake cluster as tests use it."""

from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

from kubernetes import client
from urllib3.exceptions import MaxRetryError

from faultcast.experiments.resources.access import Access
from faultcast.infra.cluster import Cluster, Endpoints, Node
from faultcast.infra.kube.client import KubeClient, client_of
from faultcast.infra.kube.connection import Connection
from faultcast.infra.kube.errors import Origin
from faultcast.infra.kube.kubeconfig import KubeContext
from tests.fakeapi.controllers import Controllers
from tests.fakeapi.meter import FakeMeter
from tests.fakeapi.nodes import NODES, Nodes
from tests.fakeapi.objects import COREFILE, config, daemon_set, node, service, workload
from tests.fakeapi.pods import Pods
from tests.fakeapi.rights import ADMIN
from tests.fakeapi.server import Server, Write
from tests.fakeapi.snapshot import snapshot_of
from tests.fakeapi.store import Object, Store
from tests.fakeapi.transport import TOKEN
from tests.fakeapi.world import HEALTHY, World
from tests.fakekube import IDENTITY, FakeClock

HOST = "https://fake:6443"


class FakeApi:
    """A cluster of two nodes, and the API server in front of it.

    Args:
        clock: Time.
        host: URL of the API server.
        identity: UID of kube-system.
        consent: Whether the cluster agrees to be broken.

    Attributes:
        nodes: Power, network and services of the nodes.
        world: What there is to be measured.
        server: The REST side; it lists writes, and can be told to refuse.
    """

    def __init__(
        self,
        clock: FakeClock | None = None,
        *,
        host: str = HOST,
        identity: str = IDENTITY,
        consent: bool = True,
    ) -> None:
        self.clock = clock or FakeClock()
        self._epoch = datetime.now(UTC).timestamp() - self.clock.now
        self._lock = RLock()
        self._settling = False
        self._settled: tuple[object, ...] = ()
        self.host = host
        self.nodes = Nodes(self.epoch)
        self.world = World()
        self.store = Store(self.epoch)
        self.pods = Pods(self.store, self.epoch, self.nodes.up, self)
        self.controllers = Controllers(self.store, self.pods, self.epoch, self.nodes.up)
        self.server = Server(self.store, self.controllers, self.pods)
        self.nodes.on_boot = self.pods.boot
        self.nodes.on_act = lambda act: self.server.note(Write("ACT", act, "", 200, None))
        for name, address in NODES.items():
            self.apply("nodes", node(name, address, control_plane=name == "master"))
        for name in ("default", "kube-node-lease", "kube-system", "monitoring", "shop"):
            self.apply("namespaces", {"metadata": {"name": name}})
        self.say_who(identity, consent=consent)

    # What the code under test sees.

    def epoch(self) -> float:
        """The fake time, in seconds since the epoch; it begins with the real one."""
        return self._epoch + self.clock.now

    def answer(
        self, method: str, path: str, query: dict[str, str], body: Any, content: str, account: str
    ) -> tuple[int, Any]:
        with self._lock:
            if "master" not in self.nodes.up():
                raise MaxRetryError(None, path, ConnectionRefusedError("nobody listens"))  # type: ignore[arg-type]
            self.settle()
            status, value = self.server.answer(method, path, query, body, content, account)
            self.settle()
            return status, value

    def kube(self, account: str = ADMIN) -> KubeClient:
        """A client; `transport.install` has to have been called."""
        configuration = client.Configuration()
        configuration.host = self.host
        if account:
            configuration.api_key = {"authorization": f"{TOKEN}{account}"}
        return client_of(Connection(configuration, Origin(None, "", self.host)))

    def access(self, *, helper_image: str = "helper:1") -> Access:
        return Access(
            kube=self.kube(),
            nodes=self.nodes,
            meter=FakeMeter(self),
            helper_image=helper_image,
            control_plane="master",
            clock=self.clock,
        )

    def cluster(self, kubeconfig: Path, *, context: str = "fake", helper_image: str = "helper:1") -> Cluster:
        return Cluster(
            name="fake",
            provider="fake",
            kube_context=KubeContext(kubeconfig, context),
            identity=str(self.kube_system["metadata"]["uid"]),
            nodes=tuple(Node(name, address, name == "master") for name, address in NODES.items()),
            endpoints=Endpoints(),
            node_control=self.nodes,
            helper_image=helper_image,
        )

    # What helpers see.

    def restart(self, uid: str, reason: str) -> None:
        self.pods.restart(uid, reason)

    def measure(self, subject: str, probe: dict[str, Any]) -> float | None:
        if probe["kind"] not in HEALTHY:
            return None
        if probe["kind"] in ("dns", "rcode") and not self._dns_runs():
            return 0.0 if probe["kind"] == "dns" else None
        if probe["kind"] == "rcode":
            return self._rcode(str(probe["query"]))
        return self.world.value(subject, probe["kind"])

    def _dns_runs(self) -> bool:
        pods = self.store.items("pods", "kube-system", "k8s-app=kube-dns")
        return any(pod["status"]["conditions"][0]["status"] == "True" for _, pod in pods)

    def _rcode(self, name: str) -> float:
        """What CoreDNS answers with its present Corefile: a changed name shows beside the code it gets."""
        settings = self.store.get("configmaps", "kube-system", "coredns") or {}
        text = str(settings.get("data", {}).get("Corefile", ""))
        if name.rstrip(".").replace(".", r"\.") not in text and name.rstrip(".") not in text:
            return 0.0
        return next((code for word, code in (("NXDOMAIN", 3.0), ("SERVFAIL", 2.0)) if word in text), 0.0)

    # What tests do.

    @property
    def writes(self) -> list[str]:
        """Every request that changes something, as `METHOD path`, and every act on a node, as `ACT what`."""
        return [str(write) for write in self.server.writes]

    @property
    def kube_system(self) -> Object:
        found = self.store.get("namespaces", "", "kube-system")
        assert found is not None
        return found

    def say_who(self, identity: str, *, consent: bool) -> None:
        """Be a cluster of this identity."""
        labels = {"faultcast.dev/consent": "true"} if consent else {}
        self.kube_system["metadata"].update(uid=identity, labels=labels)

    def make_inert(self) -> None:
        """From now on nothing a fault does has an effect, though all is granted."""
        self.server.inert = self.world.inert = self.nodes.inert = True

    def apply(self, resource: str, item: Object) -> Object:
        """Put an object there, without asking the API."""
        return self.store.put(resource, item)

    def spoil(self, pod: str, **status: Any) -> None:
        """Let the status of the pods whose names begin so differ from what it would be."""
        for key, item in self.store.items("pods"):
            if key.name.startswith(pod):
                self.pods.spoiled[item["metadata"]["uid"]] = status
                self.store.put("pods", item)
        self.settle()

    def deploy(self, name: str, replicas: int, *, namespace: str = "shop", warm_up: float = 0.0) -> None:
        """A deployment whose pods carry `app=<name>`, ready at once; later ones after `warm_up` seconds."""
        self.apply("deployments", workload(namespace, name, replicas))
        self.settle()
        self.pods.warm_up[name] = warm_up

    def install_stack(self) -> None:
        """The shop, the cluster's DNS, and monitoring."""
        self.deploy("gateway", 2, warm_up=2.0)
        self.deploy("store", 1, warm_up=3.0)
        dns = workload(
            "kube-system",
            "coredns",
            1,
            labels={"k8s-app": "kube-dns"},
            selector={"kubernetes.io/hostname": "master"},
        )
        self.apply("configmaps", config("kube-system", "coredns", Corefile=COREFILE))
        self.apply("deployments", dns)
        for name in ("prometheus", "alertmanager"):
            self.apply(
                "statefulsets",
                workload("monitoring", name, 1, selector={"kubernetes.io/hostname": "master"}),
            )
        self.apply("daemonsets", daemon_set("monitoring", "node-exporter"))
        self.apply("services", service("kube-system", "kube-dns", "10.2.0.10", "coredns", dns=53))
        self.apply("services", service("default", "kubernetes", "10.2.0.1", "", https=443))
        self.settle()
        self.pods.default_warm_up = 1.0

    def pass_time(self, seconds: float, step: float = 0.5) -> None:
        """Let time pass, with everything that happens meanwhile."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.sleep(min(step, end - self.clock.now))
            self.settle()

    def settle(self) -> None:
        """Let the cluster catch up with the clock."""
        if self._settling or self._state() == self._settled:
            return
        self._settling = True
        try:
            self.nodes.strike_due()
            self.controllers.settle()
            self._settled = self._state()
        finally:
            self._settling = False

    def _state(self) -> tuple[object, ...]:
        """All on which it depends what happens next."""
        nodes = (frozenset(self.nodes.off), frozenset(self.nodes.cut), frozenset(self.nodes.stopped))
        return self.store.version, self.clock.now, *nodes, sum(self.pods.restarts.values())

    def snapshot(self) -> dict[str, Any]:
        """All that a fault must leave as it was; see `snapshot.snapshot_of`."""
        self.settle()
        return snapshot_of(self.store, self.nodes, self.world)
