"""Everything that runs on the local cluster: DNS, monitoring, logs, database, and a workload to break."""

from collections.abc import Callable, Sequence
from typing import Any

from faultcast.infra.cluster import DatabaseAccess, Endpoints
from faultcast.infra.images import ImageArchive
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.settings import Settings
from faultcast.infra.stack.apply import apply
from faultcast.infra.stack.ready import wait_ready
from faultcast.infra.stack.render import PORTS, render_stack, render_workload
from faultcast.infra.stack.secrets import (
    READER,
    SHOP,
    WRITER,
    Account,
    read_accounts,
    read_or_make_accounts,
    read_or_make_certificate,
)

__all__ = ["deploy_stack", "endpoints"]


def deploy_stack(
    kube: KubeClient,
    settings: Settings,
    images: Sequence[ImageArchive],
    progress: Callable[[str], None],
    *,
    workload: bool = True,
) -> None:
    """Deploy monitoring, logs, database and the workload, all at once; harmless when they run already.

    Args:
        kube: The cluster.
        settings: Names and networks of the cluster.
        images: The images that its nodes have.
        progress: Told in words what goes on.
        workload: Deploy the shop as well.

    Raises:
        ClusterError: The API server refuses, or something does not become ready; the text says what and why.
        WaitTimeoutError: The API server does not answer.
    """
    accounts = read_or_make_accounts(kube)
    tls = read_or_make_certificate(kube, "kube-system", "metrics-server-tls", "metrics-server")
    manifests = render_stack(settings, images, accounts, tls)
    if workload:
        shop = next(account for account in accounts if account.user == SHOP.user)
        manifests += render_workload(settings, images, shop)
    progress(f"deploying {len(manifests)} objects")
    apply(kube, manifests)
    wait_ready(kube, manifests, progress)


def endpoints(kube: KubeClient, settings: Settings) -> Endpoints:
    """Where the stack answers, on the master's address.

    Args:
        kube: The cluster.
        settings: Says which node is the master.

    Raises:
        ClusterError: The API server does not answer, or refuses.
    """
    with calling("read where the stack answers"):
        node: Any = kube.core.read_node(settings.master)
        accounts = read_accounts(kube)
    host = next(address.address for address in node.status.addresses if address.type == "InternalIP")
    return Endpoints(
        prometheus=PrometheusAccess(f"http://{host}:{PORTS.prometheus}"),
        alertmanager=f"http://{host}:{PORTS.alertmanager}",
        pushgateway=f"http://{host}:{PORTS.pushgateway}",
        logs=f"http://{host}:{PORTS.logs}",
        database=_access(host, accounts.get(WRITER.user)),
        database_reader=_access(host, accounts.get(READER.user)),
    )


def _access(host: str, account: Account | None) -> DatabaseAccess | None:
    if account is None:
        return None
    return DatabaseAccess(host, PORTS.database, account.schema, account.user, account.password)
