"""The first things asked of a new API server: are the nodes Ready, and the cluster's first rights."""

import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from faultcast.infra.kube.client import KubeClient, connect
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.providers.local.nodes import LocalNodes
from faultcast.infra.providers.local.pki import KUBELET_CLIENT
from faultcast.infra.providers.local.topology import API_PORT, Topology
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["CONSENT", "api_listens", "prepare", "ready_nodes", "wait_ready"]

CONSENT = "faultcast.dev/consent"
"""Label of the namespace kube-system by which a cluster agrees to be broken."""

_QUICK = (2.0, 5.0)
_NODES_WAIT = Wait(120.0, 0.1)
_PREPARE_WAIT = Wait(20.0, 0.2)
_BINDING = "faultcast:kubelet-api"
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"


def wait_ready(context: KubeContext, nodes: LocalNodes, progress: Callable[[str], None]) -> KubeClient:
    """Wait until every node is Ready; returns the client that saw it.

    A node that was off for less than the grace period still looks Ready: only a sign of life after its start
    counts.

    Raises:
        ComponentDiedError: A program of a node died meanwhile.
        WaitTimeoutError: A node was not Ready in time; the text says which were.
    """
    names = {node.name for node in nodes.topology.nodes}
    progress(f"waiting for the nodes {', '.join(sorted(names))}")
    kube = connect(context)
    ready: set[str] = set()

    def all_ready() -> bool:
        for name in names:
            nodes.check_alive(name)
        if not api_listens(nodes.topology):
            return False  # the client would warn, and try again by itself
        ready.clear()
        ready.update(name for name, sign in ready_nodes(kube).items() if sign >= nodes.started(name))
        return names <= ready

    wait_until(
        "all nodes are Ready",
        all_ready,
        _NODES_WAIT,
        transient=(HTTPError, ApiException),
        last_seen=lambda: f"Ready: {', '.join(sorted(ready)) or 'none'}",
        remedy=f"read the logs in {nodes.layout.root / 'nodes'}",
    )
    return kube


def api_listens(topology: Topology) -> bool:
    """Whether something accepts connections where the API server should be."""
    try:
        with socket.create_connection((str(topology.master.address), API_PORT), timeout=_QUICK[0]):
            return True
    except OSError:
        return False


def ready_nodes(kube: KubeClient) -> dict[str, float]:
    """The nodes that are Ready, each with its kubelet's last sign of life in seconds since the epoch.

    The client's errors pass through.
    """
    found: Any = kube.core.list_node(_request_timeout=_QUICK)
    return {
        node.metadata.name: condition.last_heartbeat_time.timestamp()
        for node in found.items
        for condition in node.status.conditions or ()
        if condition.type == "Ready" and condition.status == "True"
    }


def prepare(kube: KubeClient, topology: Topology) -> None:
    """Do once what nothing else does: rights of the API server on the kubelets, label of the master, consent.

    Raises:
        WaitTimeoutError: The API server kept refusing.
    """
    rbac = "rbac.authorization.k8s.io"
    binding = {
        "metadata": {"name": _BINDING},
        "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "system:kubelet-api-admin"},
        "subjects": [{"apiGroup": rbac, "kind": "User", "name": KUBELET_CLIENT}],
    }

    def done() -> bool:
        kube.core.patch_namespace("kube-system", _label(CONSENT, "true"), _request_timeout=_QUICK)
        kube.core.patch_node(topology.master.name, _label(_CONTROL_PLANE, ""), _request_timeout=_QUICK)
        try:
            kube.rbac.create_cluster_role_binding(binding, _request_timeout=_QUICK)
        except ApiException as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
        return True

    wait_until("first objects in the cluster", done, _PREPARE_WAIT, transient=(HTTPError, ApiException))


def _label(name: str, value: str) -> dict[str, Any]:
    return {"metadata": {"labels": {name: value}}}
