"""Where the gateways of the shop are, and how tests have one of them on each node."""

from typing import Any

from faultcast.experiments.resources.workloads import everything_lacking
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Wait, wait_until


def gateways(kube: KubeClient) -> dict[str, str]:
    """The node of each gateway that is not on its way out, by UID."""
    listed: Any = kube.core.list_namespaced_pod("shop", label_selector="app=gateway")
    return {
        pod.metadata.uid: pod.spec.node_name or ""
        for pod in listed.items
        if not pod.metadata.deletion_timestamp
    }


def spread_gateways(kube: KubeClient) -> None:
    """Have one gateway on each node; a runner that was killed may have left both on one."""

    def are_spread() -> bool:
        return sorted(gateways(kube).values()) == ["master", "worker"] and not everything_lacking(kube)

    if not are_spread():
        listed: Any = kube.core.list_namespaced_pod("shop", label_selector="app=gateway")
        kube.core.delete_namespaced_pod(listed.items[0].metadata.name, "shop")
    wait_until("the gateways are spread", are_spread, Wait(60, 0.5))
