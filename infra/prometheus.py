"""Prometheus' HTTP API: bounded in time, with the server's own words when it refuses.

Built on prometheus-api-client, whose session gets time-outs, few retries and no compression (over loopback,
gzip costs four times what it saves). What that library would do on its own and must not: wait for ever,
round the ends of a range to seconds, hide the reason of a refusal in a byte string.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from urllib3.util.retry import Retry

from faultcast.infra.errors import ConfigurationError, MetricSourceError

__all__ = ["Alert", "Metadata", "PrometheusClient", "RawSeries", "Sample", "Target"]

_TIMEOUT = (3.0, 15.0)
_RETRY = Retry(total=3, backoff_factor=0.2, status_forcelist=(502, 503, 504), raise_on_status=False)
_NEVER = Retry(total=0, raise_on_status=False)
_MOST_POINTS = 10_000
"""Points of a range asked for at once; a server refuses more than 11,000."""
_PART = re.compile(r"(\d+)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series.

    Attributes:
        labels: Its labels.
        value: The value; may be NaN or infinite.
        at: When it was evaluated, in UTC.
    """

    labels: Mapping[str, str]
    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class RawSeries:
    """One series over a range, as the server sent it.

    Attributes:
        labels: Its labels.
        samples: Values by time in seconds since the epoch, in order; a time without a value is not there.
    """

    labels: Mapping[str, str]
    samples: Mapping[float, float]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an exporter says of a metric.

    Attributes:
        kind: `counter`, `gauge`, `histogram`, `summary`, or `unknown`.
        unit: Its unit, often empty.
        text: Its help text.
    """

    kind: str
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert that is pending or firing.

    Attributes:
        name: Its name.
        labels: All labels.
        state: `pending` or `firing`.
        since: Since when, in UTC.
    """

    name: str
    labels: Mapping[str, str]
    state: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """One target that is scraped.

    Attributes:
        job: Its job.
        url: What is scraped.
        up: Whether the last scrape succeeded.
        error: Why it did not; empty when it did.
        interval: Seconds between two scrapes.
        scraped: When it was last scraped, in UTC.
    """

    job: str
    url: str
    up: bool
    error: str
    interval: float
    scraped: datetime


class PrometheusClient:
    """Asks one Prometheus.

    Args:
        url: Its base URL, such as `http://192.168.253.135:31539`.
        timeout: Seconds to connect, and seconds without an answer.
        patient: Whether it asks again when there is no answer; otherwise the first failure is the answer.

    Raises:
        ConfigurationError: The URL is none.
    """

    def __init__(self, url: str, *, timeout: tuple[float, float] = _TIMEOUT, patient: bool = True) -> None:
        if not re.match(r"https?://[^/]", url):
            message = f"{url!r} is not the URL of a Prometheus"
            raise ConfigurationError(
                message, remedy="give one with --prometheus-url, such as http://prometheus.example:9090"
            )
        from prometheus_api_client import PrometheusConnect

        self.url = url.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        self._session.headers["Accept-Encoding"] = "identity"
        self._session.hooks["response"].append(self._refuse)
        self._api = PrometheusConnect(
            self.url, retry=_RETRY if patient else _NEVER, session=self._session, timeout=timeout
        )

    def instant(self, query: str, at: datetime | None = None) -> list[Sample]:
        """Evaluate a query at one moment.

        Args:
            query: PromQL that gives a vector or a scalar.
            at: The moment; the server's present when None.

        Raises:
            MetricSourceError: Nobody answers, or the query is refused.
        """
        params = {} if at is None else {"time": at.timestamp()}
        result = self._ask(lambda: self._api.custom_query(query, params=params))
        if result and not isinstance(result[0], Mapping):  # a scalar: [time, value]
            return [Sample({}, float(result[1]), _moment(result[0]))]
        return [
            Sample(one["metric"], float(one["value"][1]), _moment(one["value"][0]))
            for one in result
            if "value" in one
        ]

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
        found: dict[tuple[tuple[str, str], ...], RawSeries] = {}
        part = timedelta(seconds=(_MOST_POINTS - 1) * step)
        while start <= end:
            until = min(end, start + part)
            for one in self._part(query, start, until, step):
                key = tuple(sorted(one["metric"].items()))
                series = found.setdefault(key, RawSeries(one["metric"], {}))
                values = {float(at): float(value) for at, value in one["values"]}
                found[key] = RawSeries(series.labels, {**series.samples, **values})
            start = until + timedelta(seconds=step)
        return list(found.values())

    def metadata(self, metric: str) -> Metadata | None:
        """What the exporters say of a metric; None when none says anything.

        Raises:
            MetricSourceError: Nobody answers.
        """
        found = self._ask(lambda: self._api.get_metric_metadata(metric))
        if not found:
            return None
        return Metadata(found[0]["type"], found[0]["unit"], found[0]["help"])

    def alerts(self) -> list[Alert]:
        """The alerts that are pending or firing now.

        Raises:
            MetricSourceError: Nobody answers.
        """
        answer = self._ask(
            lambda: self._session.get(f"{self.url}/api/v1/alerts", timeout=self._timeout).json()
        )
        return [
            Alert(one["labels"].get("alertname", ""), one["labels"], one["state"], _parsed(one["activeAt"]))
            for one in answer["data"]["alerts"]
        ]

    def targets(self) -> list[Target]:
        """What is scraped now, and whether that succeeds.

        Raises:
            MetricSourceError: Nobody answers.
        """
        found = self._ask(lambda: self._api.get_targets(state="active"))
        return [
            Target(
                job=one["labels"].get("job", ""),
                url=one["scrapeUrl"],
                up=one["health"] == "up",
                error=one.get("lastError", ""),
                interval=_duration(one.get("scrapeInterval", "")),
                scraped=_parsed(one["lastScrape"]),
            )
            for one in found["activeTargets"]
        ]

    def scrape_interval(self) -> float:
        """Seconds between two scrapes, as most targets have it.

        Raises:
            MetricSourceError: Nobody answers, or nothing is scraped.
        """
        intervals = Counter(target.interval for target in self.targets() if target.interval > 0)
        if not intervals:
            message = f"Prometheus at {self.url} scrapes nothing"
            raise MetricSourceError(message, remedy="look at its page /targets and at its configuration")
        return intervals.most_common(1)[0][0]

    def _part(self, query: str, start: datetime, end: datetime, step: float) -> list[dict[str, Any]]:
        # The library rounds both ends to whole seconds; its `params` win over that.
        ends = {"start": start.timestamp(), "end": end.timestamp()}
        found: list[dict[str, Any]] = self._ask(
            lambda: self._api.custom_query_range(query, start, end, str(step), params=ends)
        )
        return found

    def _ask(self, request: Callable[[], Any]) -> Any:
        """Send a request; every way it can fail becomes one kind of error."""
        try:
            return request()
        except requests.RequestException as error:
            message = f"Prometheus at {self.url} does not answer: {_cause(error)}"
            raise MetricSourceError(
                message, remedy=f"see whether it runs and can be reached: curl {self.url}/-/ready"
            ) from error
        except (KeyError, IndexError, TypeError, ValueError) as error:
            message = f"what answers at {self.url} is not Prometheus: {type(error).__name__}: {error}"
            raise MetricSourceError(message, remedy="check the URL") from error

    def _refuse(self, response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
        """Turn an answer that is a refusal into an error with the server's words."""
        if response.ok:
            return
        try:
            said = response.json()
            reason = f"{said['errorType']}: {said['error']}"
        except (KeyError, TypeError, ValueError):
            reason = response.text[:200].strip() or response.reason
        message = f"Prometheus at {self.url} refuses (HTTP {response.status_code}): {reason}"
        wrong = response.status_code in (400, 422)
        remedy = "correct the query" if wrong else f"look at its log; {self.url}/-/ready should answer"
        raise MetricSourceError(message, remedy=remedy)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(float(at), UTC)


def _parsed(text: str) -> datetime:
    """A time of Go's RFC 3339, which may carry nanoseconds."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).astimezone(UTC)


def _duration(text: str) -> float:
    """Seconds of a duration such as `1m30s`; 0 when it is none."""
    return sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(text))


def _cause(error: Exception) -> str:
    """The innermost reason of a failed request, without addresses of objects."""
    reason: Any = error
    while getattr(reason, "args", ()) and isinstance(reason.args[0], Exception):
        reason = reason.args[0]
    inner = getattr(reason, "reason", None)
    text = str(inner if inner is not None else reason)
    return re.sub(r"<[^>]*>[:,]?\s*|\(Caused by .*", "", text).strip() or type(error).__name__
