"""The metrics of the shop. Their names are a promise: experiments and dashboards query them."""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram

__all__ = ["BUCKETS", "OUTCOMES", "ClientMetrics", "ServerMetrics"]

_MILLISECONDS = (
    *(1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5, 10, 11, 12, 13, 14, 16, 18, 20),
    *(25, 30, 40, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 2500, 3000),
)
BUCKETS = tuple(value / 1000 for value in _MILLISECONDS)
"""Upper bounds in seconds: dense around what is usual, and up to the longest time-out."""

OUTCOMES = ("ok", "error", "timeout")
"""How a sensor's request may end."""


class ClientMetrics:
    """What a sensor sees.

    Args:
        registry: Where the metrics are registered.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._requests = Counter(
            "shop_client_requests", "Requests of the sensors, by outcome", ["outcome"], registry=registry
        )
        self._duration = Histogram(
            "shop_client_request_duration_seconds",
            "Time of a sensor's request, whatever its outcome",
            buckets=BUCKETS,
            registry=registry,
        )
        for outcome in OUTCOMES:  # a counter that does not exist yet has no rate
            self._requests.labels(outcome)

    def observe(self, outcome: str, seconds: float) -> None:
        """Count one request that ended as one of `OUTCOMES` after `seconds`."""
        self._requests.labels(outcome).inc()
        self._duration.observe(seconds)


class ServerMetrics:
    """What a service sees.

    Args:
        service: Its name, a label of every series.
        registry: Where the metrics are registered.
    """

    def __init__(self, service: str, registry: CollectorRegistry = REGISTRY) -> None:
        requests = Counter(
            "shop_http_requests", "Requests served, by status code", ["service", "code"], registry=registry
        )
        duration = Histogram(
            "shop_http_request_duration_seconds",
            "Time to serve a request",
            ["service"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._requests = requests
        self._service = service
        self._duration = duration.labels(service)
        for code in (200, 503):
            requests.labels(service, str(code))

    def observe(self, code: int, seconds: float) -> None:
        """Count one request that was answered with `code` after `seconds`."""
        self._requests.labels(self._service, str(code)).inc()
        self._duration.observe(seconds)
