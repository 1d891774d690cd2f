"""What the log store itself needs, and whether lines get lost on their way: VictoriaLogs or Loki."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from faultcast.reports.grafana.source.frame import framed
from faultcast.reports.grafana.source.panels import graph, lines, number
from faultcast.reports.grafana.source.queries import PROMETHEUS, Logs, ask, metric

__all__ = ["logstore"]

_STORE = 'pod=~"victoria-logs.*|loki.*",container!=""'
_SENDERS = 'pod=~"vlagent.*|alloy.*|fluent-bit.*|promtail.*",container!=""'
_RATE = "[$__rate_interval]"


def logstore() -> Dashboard:
    """The dashboard."""
    sums = (
        number(
            "Lines a second",
            "Lines that arrive.",
            ask(
                "sum(rate(vl_rows_ingested_total[1m])) or sum(rate(loki_distributor_lines_received_total[1m]))"
            ),
            source=PROMETHEUS,
            unit="cps",
            base="blue",
        ),
        number(
            "Kept on disk",
            "Bytes of the store's files.",
            ask("sum(vl_data_size_bytes) or sum(loki_ingester_chunk_stored_bytes_total)"),
            source=PROMETHEUS,
            unit="bytes",
            base="blue",
        ),
        number(
            "Dropped lines",
            "Lines that were refused within an hour, as too old, too long or too many.",
            ask(
                "sum(increase(vl_rows_dropped_total[1h])) or sum(increase(loki_discarded_samples_total[1h])) "
                "or vector(0)"
            ),
            source=PROMETHEUS,
            steps=((1, "red"),),
        ),
        number(
            "Waits to be sent",
            "Bytes that collectors keep on disk, as while the store is away.",
            ask("sum(vlagent_remotewrite_pending_data_bytes) or vector(0)"),
            source=PROMETHEUS,
            unit="bytes",
            steps=((10_000_000, "orange"), (200_000_000, "red")),
        ),
        number(
            "Restarts",
            "Restarts of the store since it was deployed.",
            ask(f"sum(kube_pod_container_status_restarts_total{{{_STORE}}})"),
            source=PROMETHEUS,
            steps=((1, "orange"), (5, "red")),
        ),
    )
    store = (
        graph(
            "CPU of the store",
            "Cores, against its limit.",
            metric(f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{_STORE}}}{_RATE}))", "{{pod}}"),
            metric(
                f'sum by (pod) (kube_pod_container_resource_limits{{{_STORE},resource="cpu"}})',
                "{{pod}} limit",
                "B",
            ),
            source=PROMETHEUS,
            unit="cores",
        ),
        graph(
            "Memory of the store",
            "Working set, against its limit.",
            metric(f"sum by (pod) (container_memory_working_set_bytes{{{_STORE}}})", "{{pod}}"),
            metric(
                f'sum by (pod) (kube_pod_container_resource_limits{{{_STORE},resource="memory"}})',
                "{{pod}} limit",
                "B",
            ),
            source=PROMETHEUS,
            unit="bytes",
        ),
        graph(
            "Lines that arrive",
            "Lines a second.",
            metric(
                f"sum(rate(vl_rows_ingested_total{_RATE})) or sum(rate(loki_distributor_lines_received_total{_RATE}))",
                "lines",
            ),
            source=PROMETHEUS,
            unit="cps",
        ),
        graph(
            "Bytes that arrive",
            "Bytes a second.",
            metric(
                f"sum(rate(vl_bytes_ingested_total{_RATE})) or sum(rate(loki_distributor_bytes_received_total{_RATE}))",
                "bytes",
            ),
            source=PROMETHEUS,
            unit="Bps",
        ),
        graph(
            "Questions",
            "Queries a second.",
            metric(
                f'sum(rate(vl_http_requests_total{{path=~"/select/.*"}}{_RATE})) '
                f'or sum(rate(loki_request_duration_seconds_count{{route=~".*query.*"}}{_RATE}))',
                "queries",
            ),
            source=PROMETHEUS,
            unit="reqps",
        ),
        graph(
            "On disk",
            "Bytes of the store's files, and what is left on its volume.",
            metric("sum(vl_data_size_bytes)", "used"),
            metric("sum(vl_free_disk_space_bytes)", "free", "B"),
            source=PROMETHEUS,
            unit="bytes",
            empty="only VictoriaLogs says how much room it has",
        ),
    )
    senders = (
        graph(
            "CPU of the collectors",
            "Cores of each.",
            metric(f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{_SENDERS}}}{_RATE}))", "{{pod}}"),
            source=PROMETHEUS,
            unit="cores",
        ),
        graph(
            "Memory of the collectors",
            "Working set of each.",
            metric(f"sum by (pod) (container_memory_working_set_bytes{{{_SENDERS}}})", "{{pod}}"),
            source=PROMETHEUS,
            unit="bytes",
        ),
        lines(
            "What store and collectors say",
            "Their own log lines.",
            Logs(
                '{pod=~"(victoria-logs|loki|vlagent|alloy|fluent-bit).*"}',
                'kubernetes.pod_name:~"^(victoria-logs|loki|vlagent|alloy|fluent-bit)"',
            ),
        ),
    )
    return framed(
        "logstore",
        "Log store resources",
        "What the log store needs, and whether lines get lost on their way to it.",
        (("Now", sums), ("Store", store), ("Collectors", senders)),
        faults=True,
    )
