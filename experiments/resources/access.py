"""What a fault acts through: one cluster's API under the fault's own rights, its nodes, its metrics."""

import math
from dataclasses import dataclass, field
from typing import Protocol

from faultcast.infra.cluster import Cluster, NodeControl, NoNodeControl
from faultcast.infra.errors import MetricSourceError, NoNumbersError, QueryRefusedError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.prometheus.timeouts import HASTY
from faultcast.infra.waiting import Clock, SystemClock

__all__ = ["DIVIDED", "Access", "Meter", "NoMeter", "PrometheusMeter", "Reading", "access_to", "meter_of"]

_SEVERAL = "add the series up, as in sum(...), or select one"
_NOTHING = "see in Prometheus whether the metric exists; `... or vector(0)` gives 0 where there is nothing"
DIVIDED = "if it divides by 0, write the divisor as clamp_min(..., 1)"
"""What to do about a query that gives NaN or infinity."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a query gave at one moment.

    Attributes:
        number: The one number it gave; infinite ones count, NaN is none.
        instead: What it gave in place of one number, such as `2 series`; empty when it gave one.
        lasting: Whether that lies in the query itself, so that asking again would not help: it gives several
            series or a text, or is wrong.
        remedy: How to mend that; empty when it gave one number.
    """

    number: float | None
    instead: str = ""
    lasting: bool = False
    remedy: str = ""


class Meter(Protocol):
    """Reads one number at a time."""

    def read(self, query: str) -> Reading:
        """What a query gives now."""
        ...

    def value(self, query: str) -> float | None:
        """The present value of a query that gives one number; None when it does not, or nobody answers."""
        ...


class NoMeter:
    """Metrics of a cluster without Prometheus: nothing can be read."""

    def read(self, query: str) -> Reading:  # noqa: ARG002
        """Nothing."""
        remedy = "name one with --prometheus-url (pytest: --faultcast-prometheus-url)"
        return Reading(None, "no answer: no Prometheus is named", remedy=remedy)

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

    def read(self, query: str) -> Reading:
        """What an instant query gives; it has to be one series, with whatever labels, or a scalar."""
        try:
            samples = self.client.instant(query)
        except NoNumbersError as error:
            return Reading(None, error.gives, lasting=True, remedy=error.remedy)
        except QueryRefusedError as error:
            return Reading(None, f"an error: {error.what}", lasting=True, remedy=error.remedy)
        except MetricSourceError as error:
            return Reading(None, f"no answer: {error.what}", remedy=error.remedy)
        if len(samples) > 1:
            return Reading(None, f"{len(samples)} series", lasting=True, remedy=_SEVERAL)
        if not samples:
            return Reading(None, "no series", remedy=_NOTHING)
        number = samples[0].value
        return Reading(None, "NaN", remedy=DIVIDED) if math.isnan(number) else Reading(number)

    def value(self, query: str) -> float | None:
        """The number of `read`, when it is one and finite."""
        number = self.read(query).number
        return number if number is not None and math.isfinite(number) else None


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
