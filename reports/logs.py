"""Log lines around a fault, from wherever the cluster keeps them.

A selector names pods by label, as in `app=store`, inside one namespace: `shop/app=store`.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Protocol

import requests
from kubernetes.client.exceptions import ApiException

from faultcast.infra.errors import ClusterError
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.redaction import redacted
from faultcast.reports.loglines import once

__all__ = [
    "MOST_BYTES",
    "MOST_LINES",
    "KubernetesLogSource",
    "LogSource",
    "VictoriaLogsSource",
]

MOST_LINES = 400
MOST_BYTES = 64 * 1024
"""Bounds of one excerpt: what a person reads, and what a report can carry."""

_MOST_ENTRIES = 4 * MOST_LINES
"""What is asked of a store in which a line is as often as collectors delivered it, also after a restart."""


class LogSource(Protocol):
    """Somewhere logs can be read."""

    def excerpt(self, selector: str, start: datetime, end: datetime) -> str:
        """Lines of the selected pods, in order of time, at most `MOST_LINES` and `MOST_BYTES`.

        A last line says when there are more.

        Args:
            selector: `<namespace>/<label>=<value>`.
            start: First moment, in UTC.
            end: Last moment, in UTC.

        Raises:
            ClusterError: The logs could not be read.
            ValueError: The selector has another form.
        """
        ...


class VictoriaLogsSource:
    """Reads VictoriaLogs, which also has the lines of pods that are gone; each line once (`loglines.once`).

    Args:
        url: Base URL.
        fields: Names of the fields of namespace and pod, and the prefix of labels, as the collector
            writes them.
    """

    def __init__(
        self,
        url: str,
        *,
        fields: tuple[str, str, str] = (
            "kubernetes.pod_namespace",
            "kubernetes.pod_name",
            "kubernetes.pod_labels.",
        ),
    ) -> None:
        self._url = url.rstrip("/")
        self._namespace, self._pod, self._labels = fields

    def excerpt(self, selector: str, start: datetime, end: datetime) -> str:
        """Query LogsQL for the first lines of the span.

        Raises:
            ClusterError: VictoriaLogs is away, or refuses the query.
            ValueError: The selector has another form.
        """
        namespace, label, value = _parts(selector)
        query = (
            f'_time:[{_stamp(start)}, {_stamp(end)}] "{self._namespace}":="{namespace}" '
            f'"{self._labels}{label}":="{value}" '
            f"| sort by (_time) limit {_MOST_ENTRIES}"
        )
        remedy = "check the log store: faultcast status"
        try:
            answer = requests.post(
                f"{self._url}/select/logsql/query",
                data={"query": query, "timeout": "10s"},
                timeout=(3.0, 15.0),
            )
            answer.raise_for_status()
        except requests.RequestException as error:
            message = f"cannot read logs of {selector}: {redacted(str(error))[:300]}"
            raise ClusterError(message, remedy=remedy) from error
        try:
            entries = [json.loads(line) for line in answer.text.splitlines() if line.strip()]
            lines = [_line(self._pod, entry) for entry in once(entries)]
        except (AttributeError, ValueError, RecursionError) as error:
            message = f"cannot read logs of {selector}: what answers at {self._url} is no log store"
            raise ClusterError(message, remedy=remedy) from error
        return _bounded(lines, more=len(entries) == _MOST_ENTRIES)


class KubernetesLogSource:
    """Reads the logs that kubelets still hold; lines of deleted pods are gone.

    Args:
        kube: The cluster.
    """

    def __init__(self, kube: KubeClient) -> None:
        self._kube = kube

    def excerpt(self, selector: str, start: datetime, end: datetime) -> str:
        """Ask the API server for each selected pod that is there.

        Raises:
            ClusterError: The API server is away, or refuses.
            ValueError: The selector has another form.
        """
        namespace, label, value = _parts(selector)
        with calling(f"read logs of {selector}"):
            pods: Any = self._kube.core.list_namespaced_pod(namespace, label_selector=f"{label}={value}")
            lines = [
                line for pod in pods.items for line in self._lines(namespace, pod.metadata.name, start, end)
            ]
        return _bounded(line for _, line in sorted(lines, key=itemgetter(0)))

    def _lines(self, namespace: str, pod: str, start: datetime, end: datetime) -> list[tuple[datetime, str]]:
        """The pod's lines of the span, each with its time: a stamp's fraction has any number of digits."""
        first, last = start.astimezone(UTC), end.astimezone(UTC)
        since = max(1, round((datetime.now(UTC) - start).total_seconds()))
        try:
            text: Any = self._kube.core.read_namespaced_pod_log(
                pod, namespace, timestamps=True, since_seconds=since, limit_bytes=4 * MOST_BYTES
            )  # fmt: skip
        except ApiException as error:
            if error.status in {400, 404}:  # not started yet, or just gone: no lines, and no reason to stop
                return []
            raise
        found = []
        for line in str(text).splitlines():
            stamp, _, rest = line.partition(" ")
            moment = _moment(stamp)
            if moment is not None and first <= moment <= last:
                found.append((moment, f"{stamp} {pod} {rest}"))
        return found


def _parts(selector: str) -> tuple[str, str, str]:
    namespace, slash, labels = selector.partition("/")
    label, equals, value = labels.rpartition("=")
    if not (namespace and slash and label and equals and value) or '"' in selector:
        message = f"{selector!r} is not a log selector: write <namespace>/<label>=<value>"
        raise ValueError(message)
    return namespace, label, value


def _moment(stamp: str) -> datetime | None:
    """A line's time; None for a line that the answer's size limit cut in two."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return moment if moment.tzinfo else None  # half a stamp may be a date, or a time of nowhere


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _line(pod: str, entry: Mapping[str, Any]) -> str:
    text = str(entry.get("_msg", "")).rstrip()
    return f"{entry.get('_time', '')} {entry.get(pod, '?')} {text}"


def _bounded(lines: Iterable[str], *, more: bool = False) -> str:
    """The first lines, as many as an excerpt may have, and a notice where there are more."""
    kept: list[str] = []
    size = 0
    for line in lines:
        size += len(line.encode()) + 1
        if len(kept) == MOST_LINES or size > MOST_BYTES:
            more = True
            break
        kept.append(line)
    if more:
        kept.append("… cut here: the log store has more")
    return "\n".join(kept) + "\n" if kept else ""
