"""One package or module for each way to come by a cluster."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faultcast.infra.cluster import Cluster
    from faultcast.infra.settings import Settings

__all__ = ["open_cluster"]


def open_cluster(
    settings: "Settings", kubeconfig: Path | None = None, context: str = "", prometheus_url: str = ""
) -> "Cluster":
    """The handle of a cluster that is up; brings nothing up.

    Args:
        settings: They name the local cluster.
        kubeconfig: Of an existing cluster; the local one is meant when None.
        context: Context inside the kubeconfig; its current one when empty.
        prometheus_url: Prometheus of an existing cluster; may be empty where nothing is judged.

    Raises:
        ConfigurationError: The kubeconfig is not usable.
        ClusterError: The cluster is not up, or does not answer.
    """
    if kubeconfig is not None:
        from faultcast.infra.providers.existing import connect_existing

        return connect_existing(kubeconfig, context, prometheus_url, settings.helper_image)
    from faultcast.infra.providers.local.provider import LocalProvider

    return LocalProvider(settings).attach()
