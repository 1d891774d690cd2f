"""Prometheus' HTTP API: bounded in time, with the server's own words when it refuses.

Built on prometheus-api-client, whose session gets time-outs, few retries and no compression (over loopback,
gzip costs four times what it saves). What that library would do on its own and must not: wait for ever,
round the ends of a range to seconds, hide the reason of a refusal in a byte string.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import requests
from urllib3.util.retry import Retry

from faultcast.infra.errors import ConfigurationError, MetricSourceError, QueryRefusedError
from faultcast.infra.prometheus_answers import cause, duration, in_parts, moment, most_said, parsed
from faultcast.infra.prometheus_auth import PrometheusAuth, locked_out, separated
from faultcast.infra.prometheus_data import Alert, Metadata, RawSeries, Sample, Target

__all__ = [
    "Alert",
    "Metadata",
    "PrometheusAuth",
    "PrometheusClient",
    "RawSeries",
    "Sample",
    "Target",
]

_TIMEOUT = (3.0, 15.0)
_RETRY = Retry(total=3, backoff_factor=0.2, status_forcelist=(502, 503, 504), raise_on_status=False)
_NEVER = Retry(total=0, raise_on_status=False)
_MOST_POINTS = 10_000
"""Points of a range asked for at once; a server refuses more than 11,000."""
_LONGEST_RAW = timedelta(days=1)
"""Raw samples that are asked for at once: a longer answer is too large for a server with little memory."""
_WRONG_QUERY = (400, 422)
_LOCKED = (401, 403)


class PrometheusClient:
    """Asks one Prometheus.

    Args:
        url: Its base URL, such as `http://192.168.253.135:31539`; a user and a password in it are used, and
            shown nowhere.
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
        timeout: tuple[float, float] = _TIMEOUT,
        patient: bool = True,
        auth: PrometheusAuth | None = None,
    ) -> None:
        plain, self._auth = separated(url, auth)
        if not re.match(r"https?://[^/]", plain):
            message = f"{plain!r} is not the URL of a Prometheus"
            raise ConfigurationError(
                message, remedy="give one with --prometheus-url, such as http://prometheus.example:9090"
            )
        from prometheus_api_client import PrometheusConnect

        self.url = plain.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        self._session.headers["Accept-Encoding"] = "identity"
        self._session.hooks["response"].append(self._refuse)
        if self._auth is not None:
            self._auth.prepare(self._session)
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
            return [Sample({}, float(result[1]), moment(result[0]))]
        return [
            Sample(one["metric"], float(one["value"][1]), moment(one["value"][0]))
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
        found: dict[tuple[tuple[str, str], ...], dict[float, float]] = {}
        part = timedelta(seconds=(_MOST_POINTS - 1) * step)
        while start <= end:
            until = min(end, start + part)
            for one in self._part(query, start, until, step):
                samples = found.setdefault(tuple(sorted(one["metric"].items())), {})
                samples.update([(float(at), float(value)) for at, value in one["values"]])
            start = until + timedelta(seconds=step)
        return [RawSeries(dict(labels), samples) for labels, samples in found.items()]

    def metrics(self) -> list[str]:
        """Names of all metrics, in order.

        Raises:
            MetricSourceError: Nobody answers.
        """
        names: list[str] = self._ask(self._api.all_metrics)
        return sorted(names)

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
        for part in in_parts([match] if isinstance(match, str) else match):
            answer = self._ask(partial(self._api.get_series, start, end, params={"match[]": part}))
            found.update({tuple(sorted(labels.items())): labels for labels in answer})
        return [found[key] for key in sorted(found)]

    def all_metadata(self) -> dict[str, Metadata]:
        """What the exporters say of every metric, by its name, in one request.

        Where they contradict each other, what most of them say counts.

        Raises:
            MetricSourceError: Nobody answers.
        """
        found = self._get("metadata", {})
        return {name: most_said(said) for name, said in found.items() if said}

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
            params = {"time": until.timestamp()}
            query = f"{selector}[{milliseconds}ms]"
            for one in self._ask(partial(self._api.custom_query, query, params)):
                samples = found.setdefault(tuple(sorted(one["metric"].items())), {})
                samples.update(
                    {at: float(value) for at, value in one["values"] if first - 5e-4 < at < last + 5e-4}
                )
            start = until if until < end else end + timedelta(seconds=1)
        return [RawSeries(dict(labels), samples) for labels, samples in found.items() if samples]

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
        return [
            Alert(one["labels"].get("alertname", ""), one["labels"], one["state"], parsed(one["activeAt"]))
            for one in self._get("alerts", {})["alerts"]
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
                interval=duration(one.get("scrapeInterval", "")),
                scraped=parsed(one["lastScrape"]),
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

    def _get(self, path: str, params: Mapping[str, Any]) -> Any:
        """The data of one endpoint of the API."""
        # `verify` is given, because requests would take an environment's certificates over the session's.
        options: Any = {"params": params, "timeout": self._timeout, "verify": self._session.verify}
        return self._ask(lambda: self._session.get(f"{self.url}/api/v1/{path}", **options).json()["data"])

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
        except requests.exceptions.SSLError as error:
            message = f"the certificate of Prometheus at {self.url} is not trusted: {cause(error)}"
            raise MetricSourceError(
                message, remedy="name its authority's certificate: FAULTCAST_PROMETHEUS_CA_FILE"
            ) from error
        except requests.RequestException as error:
            message = f"Prometheus at {self.url} does not answer: {cause(error)}"
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
        if response.status_code in _LOCKED:
            event, remedy = locked_out(response.status_code, self._auth)
            message = f"Prometheus at {self.url} {event} (HTTP {response.status_code})"
            raise MetricSourceError(message, remedy=remedy)
        message = f"Prometheus at {self.url} refuses (HTTP {response.status_code}): {reason}"
        if response.status_code in _WRONG_QUERY:
            raise QueryRefusedError(message, remedy="correct the query")
        raise MetricSourceError(message, remedy=f"look at its log; {self.url}/-/ready should answer")
