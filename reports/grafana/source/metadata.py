"""What runs where, in which version: pods, nodes, deployments, and the runs of Faultcast."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from faultcast.reports.grafana.source.frame import framed, label
from faultcast.reports.grafana.source.panels import number, sheet
from faultcast.reports.grafana.source.queries import PROMETHEUS, Sql, ask, rows

__all__ = ["metadata"]

_IN = 'namespace=~"$namespace"'
_NAMES = {"created_by_kind": "owner kind", "created_by_name": "owner", "pod_ip": "address"}


def metadata() -> Dashboard:
    """The dashboard."""
    counts = tuple(
        number(title, description, ask(expr), source=PROMETHEUS, base="blue")
        for title, description, expr in (
            ("Nodes", "Nodes of the cluster.", "count(group by (node) (kube_node_status_condition))"),
            ("Namespaces", "Namespaces with pods.", "count(group by (namespace) (kube_pod_info))"),
            ("Deployments", "Deployments of all namespaces.", "count(kube_deployment_spec_replicas)"),
            ("Pods", "Pods of all namespaces.", "count(kube_pod_info)"),
            ("Series", "Series in Prometheus' memory.", "sum(prometheus_tsdb_head_series)"),
        )
    )
    cluster = (
        sheet(
            "Conditions of nodes",
            "Which conditions hold on each node; all but Ready are bad.",
            rows('sort_desc(max by (node, condition) (kube_node_status_condition{status="true"}) == 1)'),
            source=PROMETHEUS,
            names={},
            width=12,
        ),
        sheet(
            "Versions of the monitoring",
            "What the programs of the monitoring say of themselves.",
            rows(
                'max by (job, version, revision, goversion) ({__name__=~"(prometheus|loki|alertmanager)_build_info"})'
            ),
            source=PROMETHEUS,
            names={},
            width=12,
        ),
        sheet(
            "Where pods run",
            "Where each pod runs, with which address, and who made it.",
            rows(
                f"max by (namespace, pod, node, pod_ip, created_by_kind, created_by_name) (kube_pod_info{{{_IN}}})"
            ),
            source=PROMETHEUS,
            names=_NAMES,
            height=14,
            links={
                "pod": (
                    "log lines",
                    "/d/faultcast-logs?var-namespace=${__data.fields.namespace}&var-pod=${__data.fields.pod}",
                )
            },
        ),
        sheet(
            "Limits of containers",
            "What each container may use at most: cores, or bytes.",
            rows(
                "sum by (namespace, pod, container, resource, unit) "
                f"(kube_pod_container_resource_limits{{{_IN}}})"
            ),
            source=PROMETHEUS,
            names={"Value": "limit"},
        ),
    )
    runs = (
        sheet(
            "Runs of Faultcast",
            "Which version judged which cluster, from the results database.",
            Sql(
                "SELECT started, cluster_name, cluster_provider AS provider, cluster_identity, faultcast_version, "
                "git_revision, JSON_UNQUOTE(JSON_EXTRACT(versions, '$.darts')) AS darts, seed, id AS run\n"
                "FROM runs WHERE $__timeFilter(started) ORDER BY started DESC LIMIT 100"
            ),
            empty="no run in this time",
        ),
    )
    return framed(
        "metadata",
        "Cluster metadata",
        "What runs where, in which version.",
        (("How many", counts), ("Cluster", cluster), ("Faultcast", runs)),
        variables=(label("namespace", "namespace", "kube_pod_info"),),
        begin="now-7d",
        refresh="1m",
    )
