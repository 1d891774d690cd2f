"""One package or module for each way to come by a cluster."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faultcast.infra.cluster import Cluster, NodeControl
    from faultcast.infra.settings import Settings

__all__ = ["node_control_of", "open_cluster"]


def open_cluster(
    settings: "Settings", kubeconfig: Path | None = None, context: str = "", prometheus_url: str = ""
) -> "Cluster":
    """The handle of a cluster that is up; brings nothing up.

    Args:
        settings: They name the local cluster.
        kubeconfig: Of any cluster, a local one of any name included; the settings' local one when None.
        context: Context inside the kubeconfig; its current one when empty.
        prometheus_url: Prometheus to use; may be empty for a local cluster, and where nothing is judged.

    Raises:
        ConfigurationError: The kubeconfig is not usable.
        ClusterError: The cluster is not up, or does not answer.
    """
    from faultcast.infra.providers.local.provider import LocalProvider

    if kubeconfig is None:
        return LocalProvider(settings).attach()
    from faultcast.infra.kube import connect
    from faultcast.infra.providers.local.record import cluster_of

    ours = cluster_of(settings, kubeconfig)
    # A context that somebody added to the file of a local cluster may lead elsewhere.
    if ours and LocalProvider(ours).serves(connect(kubeconfig, context)):
        cluster = LocalProvider(ours).attach()
        prometheus = prometheus_url.rstrip("/") or cluster.endpoints.prometheus
        return replace(cluster, context=context, endpoints=replace(cluster.endpoints, prometheus=prometheus))
    from faultcast.infra.providers.existing import connect_existing

    return connect_existing(kubeconfig, context, prometheus_url, settings.helper_image)


def node_control_of(settings: "Settings", kubeconfig: Path | None = None) -> "NodeControl":
    """Control of the nodes of a cluster, even while its API server does not answer.

    Args:
        settings: They name the local cluster.
        kubeconfig: Of any cluster, a local one of any name included; the settings' local one when None.

    Returns:
        One that refuses, when the machines are not Faultcast's.

    Raises:
        ConfigurationError: The record of the local cluster holds a wrong value.
    """
    from faultcast.infra.cluster import NoNodeControl
    from faultcast.infra.providers.local.nodes import nodes_of
    from faultcast.infra.providers.local.record import cluster_of, settings_of

    ours = cluster_of(settings, kubeconfig) if kubeconfig else settings_of(settings.cluster_dir)
    return nodes_of(ours) if ours else NoNodeControl()
