"""All nodes and what watches them, at one glance."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from faultcast.reports.grafana.source.frame import framed, label
from faultcast.reports.grafana.source.panels import graph, number, sheet
from faultcast.reports.grafana.source.queries import PROMETHEUS, ask, metric, rows

__all__ = ["infrastructure"]

_READY = 'kube_node_status_condition{condition="Ready",status="true",node=~"$node"}'
_WAITING = (("A", "cpu"), ("B", "memory"), ("C", "io"))


def infrastructure() -> Dashboard:
    """The dashboard."""
    sums = (
        number(
            "Nodes that are Ready",
            "Of the chosen nodes.",
            ask(f"sum({_READY})"),
            source=PROMETHEUS,
            base="blue",
        ),
        number(
            "Nodes that are not Ready",
            "Each one is an alert.",
            ask(f"count({_READY} == 0) or vector(0)"),
            source=PROMETHEUS,
            steps=((1, "red"),),
        ),
        number(
            "Targets that are down",
            "Scrape targets of Prometheus without an answer.",
            ask("count(up == 0) or vector(0)"),
            source=PROMETHEUS,
            steps=((1, "red"),),
        ),
        number(
            "Alerts that fire",
            "All alerts.",
            ask('count(ALERTS{alertstate="firing"}) or vector(0)'),
            source=PROMETHEUS,
            steps=((1, "red"),),
        ),
        number(
            "Pods that are not ready",
            "In all namespaces; pods that ran to their end are left out.",
            ask(
                'count(kube_pod_status_ready{condition="true"} == 0 unless on (namespace, pod) '
                'kube_pod_status_phase{phase="Succeeded"} == 1) or vector(0)'
            ),
            source=PROMETHEUS,
            steps=((1, "orange"), (5, "red")),
        ),
    )
    use = (
        graph(
            "CPU",
            "Share of the cores that are busy. On the local cluster the nodes share one machine, and both show it.",
            metric(
                '1 - sum by (node) (rate(node_cpu_seconds_total{mode=~"idle|iowait|steal",node=~"$node"}'
                "[$__rate_interval])) / sum by (node) "
                '(rate(node_cpu_seconds_total{node=~"$node"}[$__rate_interval]))',
                "{{node}}",
            ),
            source=PROMETHEUS,
            unit="percentunit",
            steps=((0.9, "red"),),
        ),
        graph(
            "Memory",
            "Share of the memory that is not available.",
            metric(
                '1 - node_memory_MemAvailable_bytes{node=~"$node"} / node_memory_MemTotal_bytes{node=~"$node"}',
                "{{node}}",
            ),
            source=PROMETHEUS,
            unit="percentunit",
            steps=((0.9, "red"),),
        ),
        graph(
            "Load",
            "Processes that run or wait for a core or a disk, mean of a minute.",
            metric('node_load1{node=~"$node"}', "{{node}}"),
            source=PROMETHEUS,
        ),
        graph(
            "Waiting",
            "Share of the time in which some process waited for a core, for memory or for a disk (PSI).",
            *(
                metric(
                    f'rate(node_pressure_{what}_waiting_seconds_total{{node=~"$node"}}[$__rate_interval])',
                    f"{{{{node}}}} {what}",
                    ref,
                )
                for ref, what in _WAITING
            ),
            source=PROMETHEUS,
            unit="percentunit",
        ),
        graph(
            "Network",
            "Bytes received (above) and sent (below), all interfaces but loopback.",
            metric(
                'sum by (node) (rate(node_network_receive_bytes_total{node=~"$node",device!="lo"}'
                "[$__rate_interval]))",
                "{{node}} received",
            ),
            metric(
                '-sum by (node) (rate(node_network_transmit_bytes_total{node=~"$node",device!="lo"}'
                "[$__rate_interval]))",
                "{{node}} sent",
                "B",
            ),
            source=PROMETHEUS,
            unit="Bps",
        ),
        graph(
            "Cores used outside of the cluster",
            "By other programs of the machine of a local cluster: a noisy neighbour explains a latency that no "
            "fault explains.",
            metric("faultcast:machine_outside_cores", "outside"),
            metric("faultcast:cluster_cores", "cluster", "B"),
            source=PROMETHEUS,
            unit="cores",
            empty="recorded on the local cluster only",
        ),
        graph(
            "Room on file systems",
            "Share of each file system that is free.",
            metric(
                'node_filesystem_avail_bytes{node=~"$node",fstype!~"tmpfs|overlay"} '
                '/ node_filesystem_size_bytes{node=~"$node",fstype!~"tmpfs|overlay"}',
                "{{node}} {{mountpoint}}",
            ),
            source=PROMETHEUS,
            unit="percentunit",
            steps=((0.1, "red"),),
            empty="not collected on the local cluster, whose nodes share the machine's disk",
        ),
        graph(
            "Pods on each node",
            "Pods that run.",
            metric(
                'sum by (node) (kube_pod_info{node=~"$node"} * on (namespace, pod, uid) group_left () '
                '(kube_pod_status_phase{phase="Running"} == 1))',
                "{{node}}",
            ),
            source=PROMETHEUS,
        ),
    )
    watching = (
        sheet(
            "Scrape targets",
            "What Prometheus reads, and whether it answers.",
            rows("sort(up)"),
            source=PROMETHEUS,
            names={"Value": "up"},
            empty="Prometheus scrapes nothing",
        ),
    )
    return framed(
        "infrastructure",
        "Global infrastructure",
        "Nodes, their use, and the monitoring itself.",
        (("Now", sums), ("Nodes", use), ("Monitoring", watching)),
        variables=(label("node", "node", "kube_node_status_condition"),),
        faults=True,
    )
