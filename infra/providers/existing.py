"""A cluster that exists already, and whose machines are somebody else's."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faultcast.infra.cluster import Cluster, Endpoints, Node, NoNodeControl
from faultcast.infra.errors import ClusterError, ConfigurationError
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import connect, identity_of
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.redaction import redacted_document

__all__ = ["ExistingProvider", "connect_existing", "read_nodes"]

_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


def read_nodes(listed: Any) -> tuple[Node, ...]:
    """Nodes from the API's answer to a list of nodes."""
    nodes = []
    for item in listed.items:
        addresses = (item.status.addresses if item.status else None) or []
        address = next((a.address for a in addresses if a.type == "InternalIP"), "")
        labels = item.metadata.labels or {}
        nodes.append(Node(item.metadata.name, address, any(label in labels for label in _CONTROL_PLANE)))
    return tuple(nodes)


def connect_existing(
    context: KubeContext, prometheus: PrometheusAccess | None = None, helper_image: str = ""
) -> Cluster:
    """The handle of a cluster that runs somewhere.

    Args:
        context: The kubeconfig and context to use.
        prometheus: Its Prometheus; None where nothing is judged.
        helper_image: Image of helper pods that its nodes can pull.

    Raises:
        ConfigurationError: The kubeconfig is not usable.
        ClusterError: The API server does not answer.
    """
    kube = connect(context)
    identity = identity_of(kube)
    with calling("list the nodes"):
        nodes = read_nodes(kube.core.list_node())
    return Cluster(
        name=context.name,
        provider="existing",
        kube_context=context,
        identity=identity,
        nodes=nodes,
        endpoints=Endpoints(prometheus=prometheus),
        node_control=NoNodeControl(),
        helper_image=helper_image,
    )


@dataclass(frozen=True, slots=True)
class ExistingProvider:
    """Connects to a cluster; brings nothing up and takes nothing down.

    Attributes:
        context: The kubeconfig and context to use; always named by the user.
        prometheus: Its Prometheus; without one nothing can be judged.
        helper_image: Image of helper pods that its nodes can pull; faults that need one are refused without.
        progress: Called with lines for people.
    """

    context: KubeContext
    prometheus: PrometheusAccess | None
    helper_image: str = ""
    progress: Callable[[str], None] = lambda _: None

    def start(self) -> Cluster:
        """Connect.

        Raises:
            ConfigurationError: No Prometheus was named, or the kubeconfig is not usable.
            ClusterError: The API server does not answer.
        """
        if self.prometheus is None:
            message = (
                "an existing cluster needs the address of its Prometheus: without metrics nothing is judged"
            )
            raise ConfigurationError(message, remedy="add --faultcast-prometheus-url http://HOST:PORT")
        cluster = connect_existing(self.context, self.prometheus, self.helper_image)
        self.progress(f"connected to the cluster with identity {cluster.identity}")
        return cluster

    def stop(self) -> None:
        """Nothing: the cluster is not ours."""

    def is_up(self) -> bool:
        """Always: it exists."""
        return True

    def collect_logs(self, folder: Path) -> None:
        """Write what the API says of nodes, pods and events; the machines are not ours to read.

        What cannot be read is said in a text of that name: that it gave no answer is evidence too.

        Raises:
            ConfigurationError: The kubeconfig is not usable.
        """
        kube = connect(self.context)
        folder.mkdir(parents=True, exist_ok=True)
        for name, listing in (
            ("nodes", kube.core.list_node),
            ("pods", kube.core.list_pod_for_all_namespaces),
            ("events", kube.core.list_event_for_all_namespaces),
        ):
            try:
                with calling(f"list the {name}"):
                    text = listing(_preload_content=False).data.decode(errors="replace")
            except ClusterError as error:
                (folder / f"{name}.txt").write_text(f"{error.what}\n")
            else:
                (folder / f"{name}.json").write_text(redacted_document(text))
