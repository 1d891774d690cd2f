"""One trial: its verdict, the fault's window over the workload's metrics, alerts and log lines."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from faultcast.reports.grafana.source.frame import SPAN, TRIAL_LINK, choice, framed, label
from faultcast.reports.grafana.source.panels import graph, lines, sheet
from faultcast.reports.grafana.source.queries import PROMETHEUS, Logs, Sql, metric

__all__ = ["trial"]

_THIS = "trial_id = ${trial:sqlstring}"
_LOCAL = "only the local cluster's workload has these metrics"
_GONE = "no trial has been recorded"


def trial() -> Dashboard:
    """The dashboard."""
    verdict = (
        sheet(
            "Verdict",
            "What was concluded. A click on the trial shows its own time.",
            Sql(
                "SELECT t.started, t.experiment, t.status AS verdict, t.reason, t.outcome, "
                "COALESCE(t.known_weakness, t.known_blindness, '') AS known,\n"
                f"  t.repeat_command AS repeat_with, t.id AS trial, {SPAN}\n"
                "FROM trials t WHERE t.id = ${trial:sqlstring}"
            ),
            hidden=("opens", "closes"),
            links={"trial": ("show its time", TRIAL_LINK)},
            height=5,
            empty=_GONE,
        ),
        sheet(
            "Faults",
            "What was injected, where, and whether it was seen to land.",
            Sql(
                "SELECT fault, targets, started, ended, IF(proved, 'yes', 'no') AS proved, "
                "proof_after_seconds AS proved_after, proof_target AS target, proof_peer AS peer\n"
                f"FROM fault_windows WHERE {_THIS} ORDER BY number"
            ),
            units={"proved_after": "s"},
            height=5,
            empty="nothing was injected in this trial",
        ),
        sheet(
            "Metrics",
            "Each metric's verdict. The effect is the mean of measured minus forecast during the fault.",
            Sql(
                "SELECT metric, phase, status AS verdict, effect, unit, p_value AS p, "
                "detected_seconds AS detected_after, recovery_seconds AS recovered_after, "
                "smallest_visible, reason\n"
                f"FROM metric_verdicts WHERE {_THIS} ORDER BY weight DESC, metric, FIELD(phase, 'gate', 'during', 'after')"
            ),
            units={"detected_after": "s", "recovered_after": "s"},
            empty=_GONE,
        ),
    )
    workload = (
        graph(
            "Requests by outcome",
            "What the shop's sensors see, as users would.",
            metric("sum by (outcome) (rate(shop_client_requests_total[$__rate_interval]))", "{{outcome}}"),
            source=PROMETHEUS,
            unit="reqps",
            colours={"ok": "green", "error": "red", "timeout": "orange"},
            empty=_LOCAL,
        ),
        graph(
            "Latency of requests",
            "Half, and 95 of 100 of the sensors' requests are answered within this time.",
            *(
                metric(
                    f"histogram_quantile({share}, sum by (le) "
                    "(rate(shop_client_request_duration_seconds_bucket[$__rate_interval])))",
                    name,
                    ref,
                )
                for share, name, ref in (("0.95", "95 %", "A"), ("0.5", "50 %", "B"))
            ),
            source=PROMETHEUS,
            unit="s",
            empty=_LOCAL,
        ),
        graph(
            "Replicas that are missing",
            "Pods that deployments should have, and that are not available.",
            metric(
                'sum by (deployment) (kube_deployment_status_replicas_unavailable{namespace=~"$namespace"})',
                "{{deployment}}",
            ),
            source=PROMETHEUS,
        ),
        graph(
            "Alerts",
            "Alerts that fire, by name.",
            metric('count by (alertname) (ALERTS{alertstate="firing"})', "{{alertname}}"),
            source=PROMETHEUS,
            bars=True,
            empty="no alert fired in this time",
        ),
        graph(
            "CPU of pods",
            "Cores used by each pod.",
            metric(
                "sum by (pod) "
                '(rate(container_cpu_usage_seconds_total{namespace=~"$namespace",pod!=""}[$__rate_interval]))',
                "{{pod}}",
            ),
            source=PROMETHEUS,
            unit="cores",
        ),
        graph(
            "Pods that are not ready",
            "Pods without readiness, by name.",
            metric(
                'sum by (pod) (kube_pod_status_ready{namespace=~"$namespace",condition="false"}) > 0',
                "{{pod}}",
            ),
            source=PROMETHEUS,
            bars=True,
            empty="every pod was ready in this time",
        ),
    )
    told = (
        sheet(
            "Events",
            "What happened in the trial, in order.",
            Sql(f"SELECT at, kind, subject, text FROM events WHERE {_THIS} ORDER BY number"),
            empty="nothing happened in this trial",
        ),
        lines(
            "Log lines",
            "What the pods of these namespaces wrote in this time.",
            Logs('{namespace=~"$namespace"}', "kubernetes.pod_namespace:in($namespace)"),
        ),
    )
    return framed(
        "trial",
        "Trial",
        "One trial over its time: verdict, fault window, metrics, alerts and log lines.",
        (("Verdict", verdict), ("Workload", workload), ("What was said", told)),
        variables=(
            choice("trial", "trial", "SELECT id FROM trials ORDER BY started DESC LIMIT 200"),
            label("namespace", "namespace", "kube_pod_info"),
        ),
        faults=True,
    )
