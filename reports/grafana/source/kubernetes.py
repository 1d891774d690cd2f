"""What is wrong with which pod: states, restarts, use against limits, replicas, and what the pods say."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from faultcast.reports.grafana.source.frame import framed, label
from faultcast.reports.grafana.source.panels import graph, lines, sheet
from faultcast.reports.grafana.source.queries import PROMETHEUS, Logs, metric, rows

__all__ = ["kubernetes"]

_IN = 'namespace=~"$namespace"'
_CONTAINER = f'{_IN},container!=""'
_POD = f'{_IN},pod!=""'
_RATE = "[$__rate_interval]"
_NO_NETWORK = "the local cluster's Prometheus keeps no network metrics of pods"


def kubernetes() -> Dashboard:
    """The dashboard."""
    states = (
        sheet(
            "Containers that do not run",
            "Why a container waits, as in CrashLoopBackOff or ImagePullBackOff.",
            rows(
                f"max by (namespace, pod, container, reason) (kube_pod_container_status_waiting_reason{{{_IN}}})"
            ),
            source=PROMETHEUS,
            names={},
            width=12,
            empty="no container waits",
        ),
        sheet(
            "How containers ended last time",
            "OOMKilled says that a container needed more memory than its limit.",
            rows(
                "max by (namespace, pod, container, reason) "
                f"(kube_pod_container_status_last_terminated_reason{{{_IN}}})"
            ),
            source=PROMETHEUS,
            names={},
            width=12,
            empty="no container has ended",
        ),
        graph(
            "Restarts",
            "Restarts of containers within ten minutes.",
            metric(
                f"sum by (pod, container) (increase(kube_pod_container_status_restarts_total{{{_IN}}}[10m])) > 0",
                "{{pod}} {{container}}",
            ),
            source=PROMETHEUS,
            bars=True,
            empty="no container was restarted",
        ),
        graph(
            "Pods by phase",
            "Pods of the chosen namespaces.",
            metric(f"sum by (phase) (kube_pod_status_phase{{{_IN}}}) > 0", "{{phase}}"),
            source=PROMETHEUS,
            colours={"Running": "green", "Pending": "orange", "Failed": "red", "Unknown": "red"},
            bars=True,
        ),
        graph(
            "Pods that are not ready",
            "Pods that get no requests from their service.",
            metric(
                f'sum by (namespace, pod) (kube_pod_status_ready{{{_IN},condition="false"}}) > 0', "{{pod}}"
            ),
            source=PROMETHEUS,
            bars=True,
            empty="every pod is ready",
        ),
        graph(
            "Replicas that are missing",
            "Pods that a deployment should have, and that are not available.",
            metric(
                f"kube_deployment_spec_replicas{{{_IN}}} - kube_deployment_status_replicas_available{{{_IN}}}",
                "{{deployment}}",
            ),
            source=PROMETHEUS,
        ),
    )
    use = (
        graph(
            "CPU",
            "Cores used by each pod.",
            metric(
                f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{_CONTAINER}}}{_RATE}))", "{{pod}}"
            ),
            source=PROMETHEUS,
            unit="cores",
        ),
        graph(
            "Throttling",
            "Share of the periods in which a container was held back by its CPU limit.",
            metric(
                f"sum by (pod, container) (rate(container_cpu_cfs_throttled_periods_total{{{_CONTAINER}}}{_RATE})) "
                f"/ sum by (pod, container) (rate(container_cpu_cfs_periods_total{{{_CONTAINER}}}{_RATE}))",
                "{{pod}} {{container}}",
            ),
            source=PROMETHEUS,
            unit="percentunit",
            steps=((0.25, "red"),),
            empty="no container with a CPU limit runs here",
        ),
        graph(
            "Memory",
            "Working set of each container as a share of its limit; at the limit the kernel kills it.",
            metric(
                f"max by (namespace, pod, container) (container_memory_working_set_bytes{{{_CONTAINER}}}) "
                "/ max by (namespace, pod, container) "
                f'(kube_pod_container_resource_limits{{{_IN},resource="memory"}})',
                "{{pod}} {{container}}",
            ),
            source=PROMETHEUS,
            unit="percentunit",
            steps=((0.9, "red"),),
        ),
        graph(
            "Network",
            "Bytes received by each pod.",
            metric(f"sum by (pod) (rate(container_network_receive_bytes_total{{{_POD}}}{_RATE}))", "{{pod}}"),
            source=PROMETHEUS,
            unit="Bps",
            empty=_NO_NETWORK,
        ),
        graph(
            "Packets dropped",
            "Packets that pods sent or received, and that were dropped.",
            metric(
                f"sum by (pod) (rate(container_network_receive_packets_dropped_total{{{_POD}}}{_RATE})"
                f" + rate(container_network_transmit_packets_dropped_total{{{_POD}}}{_RATE}))",
                "{{pod}}",
            ),
            source=PROMETHEUS,
            unit="pps",
            empty=_NO_NETWORK,
        ),
        graph(
            "Killed for memory",
            "Containers in which the kernel killed a process within ten minutes.",
            metric(
                f"sum by (pod, container) (increase(container_oom_events_total{{{_CONTAINER}}}[10m])) > 0",
                "{{pod}} {{container}}",
            ),
            source=PROMETHEUS,
            bars=True,
            empty="nothing was killed for memory",
        ),
    )
    told = (
        lines(
            "Lines about errors",
            "Lines of these namespaces with a word for something that went wrong.",
            Logs(
                '{namespace=~"$namespace"} |~ "(?i)error|warn|fail|refused|timeout|panic"',
                'kubernetes.pod_namespace:in($namespace) _msg:~"(?i)error|warn|fail|refused|timeout|panic"',
            ),
            empty="no line speaks of an error",
        ),
    )
    return framed(
        "kubernetes",
        "Kubernetes troubleshooting",
        "What is wrong with which pod.",
        (("State", states), ("Use", use), ("Log", told)),
        variables=(label("namespace", "namespace", "kube_pod_info"),),
        faults=True,
    )
