"""How the forecaster in a cluster does: pods, who writes, where it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubernetes.client import CoordinationV1Api

from faultcast.infra.errors import NotFoundError
from faultcast.infra.forecaster.objects import NAME, Variant
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import KubeClient

__all__ = ["ForecasterStatus", "forecaster_status"]


@dataclass(frozen=True, slots=True)
class ForecasterStatus:
    """What the API server says.

    Attributes:
        variant: Which one is deployed.
        image: Reference of its image.
        wanted: Pods that there should be; 0 for a batch.
        ready: Pods that are ready.
        addresses: Addresses of its load balancer.
        holder: Who holds the Lease, and so writes; empty when nobody does.
        renewed: When the holder last said so.
        batch: When the batch last succeeded.
    """

    variant: Variant
    image: str
    wanted: int = 0
    ready: int = 0
    addresses: tuple[str, ...] = ()
    holder: str = ""
    renewed: datetime | None = None
    batch: datetime | None = None


def forecaster_status(kube: KubeClient, namespace: str) -> ForecasterStatus | None:
    """What is deployed, and how it does; None when nothing is.

    Args:
        kube: The cluster.
        namespace: Where it is looked for.

    Raises:
        ClusterError: The API server does not answer, or refuses.
    """
    deployment = _found(kube.apps.read_namespaced_deployment, namespace)
    if deployment is None:
        return _batch(kube, namespace)
    service = _found(kube.core.read_namespaced_service, namespace)
    lease = _found(CoordinationV1Api(kube.api).read_namespaced_lease, namespace)
    ingress = (service and service.status.load_balancer.ingress) or ()
    spec = lease.spec if lease else None
    return ForecasterStatus(
        variant="deployment",
        image=deployment.spec.template.spec.containers[0].image,
        wanted=deployment.spec.replicas,
        ready=deployment.status.ready_replicas or 0,
        addresses=tuple(each.ip or each.hostname for each in ingress),
        holder=(spec and spec.holder_identity) or "",
        renewed=spec.renew_time if spec else None,
    )


def _batch(kube: KubeClient, namespace: str) -> ForecasterStatus | None:
    job = _found(kube.batch.read_namespaced_cron_job, namespace)
    if job is None:
        return None
    container = job.spec.job_template.spec.template.spec.containers[0]
    return ForecasterStatus("cronjob", container.image, batch=job.status.last_successful_time)


def _found(read: Any, namespace: str) -> Any:
    try:
        with calling("read how the forecaster does"):
            return read(NAME, namespace)
    except NotFoundError:
        return None
