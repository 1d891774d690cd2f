"""What is wrong with the monitoring of a cluster, in plain sentences; an empty list says that all is well."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pymysql
import requests

from faultcast.infra.cluster import Cluster, DatabaseAccess
from faultcast.infra.stack.collectors import QUESTION, silence_findings

__all__ = [
    "EXPECTED_JOBS",
    "Asker",
    "alert_findings",
    "findings",
    "skew_findings",
    "target_findings",
]

EXPECTED_JOBS = frozenset(
    {
        "alertmanager",
        "cadvisor",
        "coredns",
        "kube-state",
        "node-exporter",
        "prometheus",
        "pushgateway",
        "victoria-logs",
        "vlagent",
        "workload",
    }
)
"""Jobs that Prometheus of a local cluster scrapes."""

_LOCAL = "local"
_TIMEOUT = 5.0
_MOST_SKEW = 1.0
"""Seconds by which two clocks may differ: half a scrape interval."""
_NODE_SKEW = "node_time_seconds - timestamp(node_time_seconds)"


@dataclass(frozen=True, slots=True)
class Asker:
    """How questions reach the outside; replaced in tests.

    Attributes:
        get: Gives the decoded JSON, or the text, of a URL with query parameters; raises
            `requests.RequestException`.
        try_database: Logs in and asks the simplest question; raises `pymysql.MySQLError` or OSError.
        now: Unix time of this machine.
    """

    get: Callable[[str, Mapping[str, str]], Any]
    try_database: Callable[[DatabaseAccess], None]
    now: Callable[[], float] = time.time


def findings(cluster: Cluster, asker: Asker | None = None) -> list[str]:
    """Everything that is wrong, most important first.

    Args:
        cluster: The cluster; what it does not have is not asked for.
        asker: How to ask; really, when not given.
    """
    asker = asker or Asker(_get, _try_database)
    where = cluster.endpoints
    found: list[str] = []
    if where.prometheus:
        expected = EXPECTED_JOBS if cluster.provider == _LOCAL else frozenset()
        found += _ask("Prometheus", where.prometheus.url, lambda: _prometheus(asker, cluster, expected))
    for name, base, path in (
        ("Alertmanager", where.alertmanager, "/-/ready"),
        ("the Pushgateway", where.pushgateway, "/-/ready"),
    ):
        if base:
            found += _ask(name, base, partial(_health, asker, f"{base}{path}"))
    if where.logs:
        ask_logs = partial(_logs, asker, where.logs, local=cluster.provider == _LOCAL)
        found += _ask("the log store", where.logs, ask_logs)
    for access in filter(None, (where.database, where.database_reader)):
        try:
            asker.try_database(access)
        except (pymysql.MySQLError, OSError) as error:
            found.append(f"the database does not serve {access!r}: {error}")
    return found


def target_findings(targets: Mapping[str, Any], expected: Collection[str]) -> list[str]:
    """Scrape targets that fail, and jobs that have none.

    Args:
        targets: Answer of `/api/v1/targets`, its `data`.
        expected: Jobs that must have a target.
    """
    active = targets["activeTargets"]
    found = [
        f"job {target['labels']['job']} cannot scrape {target['scrapeUrl']}: "
        f"{target['lastError'] or 'not scraped yet'}"
        for target in active
        if target["health"] != "up"
    ]
    missing = set(expected) - {target["labels"]["job"] for target in active}
    return found + [f"job {job} has no target" for job in sorted(missing)]


def alert_findings(alerts: Mapping[str, Any]) -> list[str]:
    """Alerts that fire.

    Args:
        alerts: Answer of `/api/v1/alerts`, its `data`.
    """
    return [
        f"alert {alert['labels']['alertname']} fires since {alert['activeAt'][:19]}Z: "
        f"{alert['annotations'].get('summary', 'no summary')}"
        for alert in alerts["alerts"]
        if alert["state"] == "firing"
    ]


def skew_findings(who: str, seconds: float) -> list[str]:
    """A sentence when a clock is too far away.

    Args:
        who: Whose clock, compared with whose.
        seconds: By how much it is ahead; negative when behind.
    """
    if abs(seconds) <= _MOST_SKEW:
        return []
    return [f"the clock of {who} is {abs(seconds):.1f} s {'ahead' if seconds > 0 else 'behind'}"]


def _prometheus(asker: Asker, cluster: Cluster, expected: Collection[str]) -> list[str]:
    base = cluster.endpoints.prometheus
    found = target_findings(asker.get(f"{base}/api/v1/targets", {"state": "active"})["data"], expected)
    before = asker.now()
    answer = asker.get(f"{base}/api/v1/query", {"query": "time()"})["data"]["result"]
    middle = (before + asker.now()) / 2
    found += skew_findings("Prometheus compared with this machine", float(answer[1]) - middle)
    for series in asker.get(f"{base}/api/v1/query", {"query": _NODE_SKEW})["data"]["result"]:
        node = series["metric"].get("node", series["metric"].get("instance", "?"))
        found += skew_findings(f"node {node} compared with Prometheus", float(series["value"][1]))
    return found + alert_findings(asker.get(f"{base}/api/v1/alerts", {})["data"])


def _ask(name: str, base: str, question: Callable[[], list[str]]) -> list[str]:
    try:
        return question()
    except requests.RequestException as error:
        return [f"{name} does not answer at {base}: {type(error).__name__}"]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        return [f"what answers at {base} is not {name}: {type(error).__name__}"]


def _health(asker: Asker, url: str) -> list[str]:
    asker.get(url, {})
    return []


def _logs(asker: Asker, base: str, *, local: bool) -> list[str]:
    asker.get(f"{base}/health", {})
    if not local:
        return []
    return silence_findings(asker.get(f"{base}/select/logsql/stats_query", {"query": QUESTION}))


def _get(url: str, parameters: Mapping[str, str]) -> Any:
    answer = requests.get(url, params=parameters, timeout=_TIMEOUT)
    answer.raise_for_status()
    return answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.text


def _try_database(access: DatabaseAccess) -> None:
    connection = pymysql.connect(
        host=access.host,
        port=access.port,
        user=access.user,
        password=access.password,
        database=access.schema,
        connect_timeout=int(_TIMEOUT),
        read_timeout=int(_TIMEOUT),
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
