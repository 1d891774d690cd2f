"""What a fault acts through: one cluster's API under the fault's own rights, its nodes, its metrics."""

from dataclasses import dataclass, field
from typing import Protocol

from faultcast.infra.cluster import Cluster, NodeControl, NoNodeControl
from faultcast.infra.errors import MetricSourceError
from faultcast.infra.kube import KubeClient
from faultcast.infra.prometheus import PrometheusClient
from faultcast.infra.prometheus_access import HASTY, PrometheusAccess
from faultcast.infra.waiting import Clock, SystemClock

__all__ = ["Access", "Meter", "NoMeter", "PrometheusMeter", "access_to", "meter_of"]


class Meter(Protocol):
    """Reads one number at a time."""

    def value(self, query: str) -> float | None:
        """The present value of a query with one result; None when there is none, or nobody answers."""
        ...


class NoMeter:
    """Metrics of a cluster without Prometheus: nothing can be read."""

    def value(self, query: str) -> float | None:  # noqa: ARG002
        """Nothing."""
        return None


@dataclass(frozen=True, slots=True)
class PrometheusMeter:
    """Reads from Prometheus.

    Attributes:
        client: The client.
    """

    client: PrometheusClient

    def value(self, query: str) -> float | None:
        """The first result of an instant query; None when there is none, or Prometheus does not answer."""
        try:
            samples = self.client.instant(query)
        except MetricSourceError:
            return None
        return samples[0].value if samples else None


def meter_of(prometheus: PrometheusAccess | None) -> Meter:
    """Metrics of a Prometheus; nothing can be read when there is none.

    It gives up soon: whoever asks while a fault is in place must not be held up by a Prometheus that the
    fault took away.
    """
    return PrometheusMeter(prometheus.client(timeout=HASTY, patient=False)) if prometheus else NoMeter()


@dataclass(frozen=True, slots=True)
class Access:
    """One cluster, as faults see it.

    Attributes:
        kube: The API; while a fault is carried out, with the rights of its kind and no others.
        nodes: Power, network and services of the nodes.
        meter: Metrics.
        helper_image: Image of helper pods; empty where there is none.
        control_plane: The node that runs the API server; empty when that is not known.
        clock: Time.
        account: Service account of helper pods, in the namespace `faultcast`.
    """

    kube: KubeClient
    nodes: NodeControl = field(default_factory=NoNodeControl)
    meter: Meter = field(default_factory=NoMeter)
    helper_image: str = ""
    control_plane: str = ""
    clock: Clock = field(default_factory=SystemClock)
    account: str = "default"


def access_to(cluster: Cluster, kube: KubeClient, clock: Clock | None = None) -> Access:
    """Access to a cluster with the rights of its kubeconfig.

    Args:
        cluster: The cluster.
        kube: A client for it.
        clock: Time.
    """
    return Access(
        kube=kube,
        nodes=cluster.node_control,
        meter=meter_of(cluster.endpoints.prometheus),
        helper_image=cluster.helper_image,
        control_plane=next((node.name for node in cluster.nodes if node.control_plane), ""),
        clock=clock or SystemClock(),
    )
