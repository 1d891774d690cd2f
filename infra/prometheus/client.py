"""Prometheus' HTTP API: what it knows, as data.

Names, series and targets are found with prometheus-api-client. What that library would do on its own and must
not: wait for ever, round the ends of a range to seconds, hide the reason of a refusal in a byte string, take
any JSON for an answer (`infra.prometheus.http`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from faultcast.infra.errors import QueryRefusedError
from faultcast.infra.prometheus import answers
from faultcast.infra.prometheus.auth import PrometheusAuth
from faultcast.infra.prometheus.data import Alert, Metadata, RawSeries, Sample, ScrapeTarget
from faultcast.infra.prometheus.http import NoSuchAnswerError, PrometheusHttp
from faultcast.infra.prometheus.timeouts import PATIENT

__all__ = [
    "Alert",
    "Metadata",
    "PrometheusAuth",
    "PrometheusClient",
    "RawSeries",
    "Sample",
    "ScrapeTarget",
]

_MOST_POINTS = 10_000
"""Points of a range asked for at once; a server refuses more than 11,000."""
_LONGEST_RAW = timedelta(days=1)
"""Raw samples that are asked for at once: a longer answer is too large for a server with little memory."""
_LONGEST_MATCH = 6000
"""Characters of selectors in one request: proxies refuse longer URLs than 8 KiB."""


class PrometheusClient:
    """Asks one Prometheus.

    Args:
        url: Its base URL, such as `http://192.168.253.135:31539`; a user, a password and parameters in it are
            used, and shown nowhere.
        timeout: Seconds to connect, and seconds without an answer.
        patient: Whether it asks again when there is no answer; otherwise the first failure is the answer.
        auth: What it asks for; None for nothing.

    Raises:
        ConfigurationError: The URL is none, or its certificates cannot be read.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: tuple[float, float] = PATIENT,
        patient: bool = True,
        auth: PrometheusAuth | None = None,
    ) -> None:
        self._http = PrometheusHttp(url, timeout=timeout, patient=patient, auth=auth)

    @property
    def url(self) -> str:
        """Its base URL, which may be shown."""
        return self._http.url

    def instant(self, query: str, at: datetime | None = None, *, mixed: bool = False) -> list[Sample]:
        """Evaluate a query at one moment.

        Args:
            query: PromQL that gives a vector or a scalar.
            at: The moment; the server's present when None.
            mixed: Whether series without a number, such as native histograms, may stand beside others; they
                are left out then.

        Raises:
            MetricSourceError: Nobody answers, or the query is refused.
        """
        params: dict[str, Any] = {"query": query} | ({} if at is None else {"time": at.timestamp()})
        return self._http.get("query", params, partial(answers.vector, mixed=mixed))

    def range(self, query: str, start: datetime, end: datetime, step: float) -> list[RawSeries]:
        """Evaluate a query on a grid.

        Args:
            query: PromQL that gives a vector or a scalar.
            start: First moment.
            end: Last possible moment.
            step: Seconds between two moments.

        Returns:
            One entry for each series, in the order of its first appearance. A range of more than 10,000
            moments is asked for in parts that share no moment, so that nothing comes twice.

        Raises:
            MetricSourceError: Nobody answers, or the query is refused.
        """
        found: dict[tuple[tuple[str, str], ...], dict[float, float]] = {}
        part = timedelta(seconds=(_MOST_POINTS - 1) * step)
        while start <= end:
            until = min(end, start + part)
            ends = {"start": start.timestamp(), "end": until.timestamp(), "step": str(step)}
            for one in self._http.get("query_range", {"query": query, **ends}, answers.matrix):
                found.setdefault(tuple(sorted(one.labels.items())), {}).update(one.samples)
            start = until + timedelta(seconds=step)
        return [RawSeries(dict(labels), samples) for labels, samples in found.items()]

    def metrics(self) -> list[str]:
        """Names of all metrics, in order.

        Raises:
            MetricSourceError: Nobody answers.
        """
        return self._http.ask(self._http.library.all_metrics, answers.names)

    def series(self, match: str | Sequence[str], start: datetime, end: datetime) -> list[Mapping[str, str]]:
        """Labels of the series of a stretch of time, the metric's name among them, in order.

        Prometheus looks at the times of its blocks here and not at each sample: a series may have ended hours
        before `start`.

        Args:
            match: A selector, or several.
            start: First moment.
            end: Last moment.

        Raises:
            MetricSourceError: Nobody answers, or a selector is refused.
        """
        found: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}
        for part in _in_parts([match] if isinstance(match, str) else match):
            asked = partial(self._http.library.get_series, start, end, params={"match[]": part})
            found.update(
                {tuple(sorted(labels.items())): labels for labels in self._http.ask(asked, answers.series)}
            )
        return [found[key] for key in sorted(found)]

    def all_metadata(self) -> dict[str, Metadata]:
        """What the exporters say of every metric, by its name, in one request.

        Where they contradict each other, what most of them say counts.

        Raises:
            MetricSourceError: Nobody answers.
        """
        return self._http.get("metadata", {}, answers.metadata)

    def raw(self, selector: str, start: datetime, end: datetime) -> list[RawSeries]:
        """Samples as they were scraped, without any grid; those at both ends are included.

        Asked for by the day. A range includes its left end before Prometheus 3 and not since; here each part
        begins a millisecond early, and what comes twice or too early counts once or not.

        Args:
            selector: A selector of series.
            start: First moment.
            end: Last moment.

        Returns:
            One entry for each series that has samples, in the order of its first appearance.

        Raises:
            MetricSourceError: Nobody answers, or the selector is refused.
        """
        found: dict[tuple[tuple[str, str], ...], dict[float, float]] = {}
        first, last = start.timestamp(), end.timestamp()
        while start <= end:
            until = min(end, start + _LONGEST_RAW)
            milliseconds = round((until - start).total_seconds() * 1000) + 1
            params = {"query": f"{selector}[{milliseconds}ms]", "time": until.timestamp()}
            for one in self._http.get("query", params, partial(answers.matrix, mixed=True)):
                samples = found.setdefault(tuple(sorted(one.labels.items())), {})
                samples.update(
                    {at: value for at, value in one.samples.items() if first - 5e-4 < at < last + 5e-4}
                )
            start = until if until < end else end + timedelta(seconds=1)
        return [RawSeries(dict(labels), samples) for labels, samples in found.items() if samples]

    def metadata(self, metric: str) -> Metadata | None:
        """What the exporters say of a metric; None when none says anything.

        Raises:
            MetricSourceError: Nobody answers.
        """
        return self._http.get("metadata", {"metric": metric}, answers.metadata).get(metric)

    def alerts(self) -> list[Alert]:
        """The alerts that are pending or firing now.

        Raises:
            MetricSourceError: Nobody answers.
        """
        return self._http.get("alerts", {}, answers.alerts)

    def targets(self) -> list[ScrapeTarget]:
        """What is scraped now, and whether that succeeds.

        Raises:
            MetricSourceError: Nobody answers.
        """
        return self._http.ask(partial(self._http.library.get_targets, state="active"), answers.targets)

    def scrape_interval(self) -> float | None:
        """Seconds between two scrapes, as most targets have it.

        Returns:
            None where it does not say: a relative of Prometheus that scrapes nothing itself has no list of
            targets, or one without intervals.

        Raises:
            MetricSourceError: Nobody answers, or lets us in.
        """
        try:
            found = self.targets()
        except (NoSuchAnswerError, QueryRefusedError):
            return None
        intervals = Counter(target.interval for target in found if target.interval > 0)
        return intervals.most_common(1)[0][0] if intervals else None


def _in_parts(selectors: Sequence[str]) -> Iterator[list[str]]:
    """Selectors in groups that fit into a URL."""
    part: list[str] = []
    for selector in selectors:
        if part and sum(map(len, part)) + len(selector) > _LONGEST_MATCH:
            yield part
            part = []
        part.append(selector)
    if part:
        yield part
