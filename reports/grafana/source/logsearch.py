"""Lines of logs by namespace, pod and words."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from faultcast.reports.grafana.source.frame import framed, label, typed
from faultcast.reports.grafana.source.panels import graph, lines
from faultcast.reports.grafana.source.queries import LOKI, Logs

__all__ = ["logsearch"]

_LOGQL = '{namespace=~"$namespace", pod=~"$pod"} |~ "(?i)$search"'
_LOGSQL = 'kubernetes.pod_namespace:in($namespace) kubernetes.pod_name:in($pod) _msg:~"(?i)$search"'
_NONE = "no line fits: choose more pods, fewer words, or a longer time"


def logsearch() -> Dashboard:
    """The dashboard."""
    return framed(
        "logs",
        "Log search",
        "Lines of the pods' logs, by namespace, pod and words.",
        (
            (
                "Lines",
                (
                    graph(
                        "Lines by namespace",
                        "How many lines fit.",
                        Logs(
                            f"sum by (namespace) (count_over_time({_LOGQL} [$__auto]))",
                            f"{_LOGSQL} | copy kubernetes.pod_namespace as namespace | stats by (namespace) count() as lines",
                            "{{namespace}}",
                        ),
                        source=LOKI,
                        bars=True,
                        width=24,
                        empty=_NONE,
                    ),
                    lines(
                        "Lines",
                        "The newest lines that fit.",
                        Logs(_LOGQL, _LOGSQL),
                        height=20,
                        empty=_NONE,
                    ),
                ),
            ),
        ),
        variables=(
            label("namespace", "namespace", "kube_pod_info"),
            label("pod", "pod", 'kube_pod_info{namespace=~"$namespace"}'),
            typed("search", "contains", "words, or a regular expression; upper and lower case are the same"),
        ),
        refresh="",
        faults=True,
    )
