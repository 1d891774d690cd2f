"""How Prometheus is asked: bounded in time, with secrets for its own host only, refusals in plain words.

Built on the session of prometheus-api-client, which gets time-outs, few retries and no compression (over
loopback, gzip costs four times what it saves).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from faultcast.infra.bounded import in_time
from faultcast.infra.errors import (
    ConfigurationError,
    MetricSourceError,
    NoNumbersError,
    QueryRefusedError,
    WaitTimeoutError,
    without_control,
)
from faultcast.infra.prometheus import answers
from faultcast.infra.prometheus.answers import AnswerError, Refused
from faultcast.infra.prometheus.auth import PrometheusAuth, locked_out, separated
from faultcast.infra.urls import is_url

__all__ = ["NoSuchAnswerError", "PrometheusHttp"]

_RETRY = Retry(
    total=3, backoff_factor=0.2, status_forcelist=(502, 503, 504), raise_on_status=False,
    respect_retry_after_header=False,
)  # fmt: skip
_NEVER = Retry(total=0, raise_on_status=False, respect_retry_after_header=False)
"""Nobody's Retry-After is followed: it may be hours, or no time at all."""
_PATIENCE = 300.0
"""Seconds an answer may take in all, however much it is: the other time-outs count from byte to byte."""
_WRONG_QUERY = (400, 422)
_LOCKED = (401, 403)
_MISSING = (404, 405, 501)
_VICTORIA = "X-Server-Hostname"
_AS_MEASURED = {"nocache": ["1"], "latency_offset": ["1ms"]}
"""Keeps VictoriaMetrics from moving the ends of a range, and from repeating one value for its last 30 s."""
_TOKEN = "FAULTCAST_PROMETHEUS_TOKEN"  # noqa: S105 - the name of a variable


class NoSuchAnswerError(MetricSourceError):
    """There is no such endpoint, or it is not for us."""


class PrometheusHttp:
    """Sends requests to one Prometheus, and gives what it answers once that was checked.

    Args:
        url: Its base URL; a user, a password and parameters in it are used, and shown nowhere.
        timeout: Seconds to connect, and seconds without an answer.
        patient: Whether it asks again when there is no answer; otherwise the first failure is the answer.
        auth: What it asks for; None for nothing.

    Raises:
        ConfigurationError: The URL is none, or its certificates cannot be read.
    """

    def __init__(
        self, url: str, *, timeout: tuple[float, float], patient: bool, auth: PrometheusAuth | None
    ) -> None:
        self.url, self._auth = separated(url, auth)
        if not is_url(self.url):
            # What was given is not shown: it may hold a password where no URL has one.
            raise ConfigurationError(
                "what was given is not the URL of a Prometheus",
                remedy="give one, such as http://prometheus.example:9090, with --prometheus-url "
                "(pytest: --faultcast-prometheus-url)",
            )
        from prometheus_api_client import PrometheusConnect

        self._timeout = timeout
        self._whole = _PATIENCE if patient else sum(timeout) + 1.0
        self._session = requests.Session()
        self._session.headers["Accept-Encoding"] = "identity"
        self._session.hooks["response"].append(self._checked)
        if self._auth is not None:
            self._auth.prepare(self._session)
        self.library = PrometheusConnect(
            self.url, retry=_RETRY if patient else _NEVER, session=self._session, timeout=timeout
        )

    def get[T](self, path: str, params: Mapping[str, Any], read: Callable[[Any], T]) -> T:
        """What one endpoint of the API says.

        Args:
            path: Below `/api/v1/`.
            params: Parameters.
            read: Makes something of the data.

        Raises:
            MetricSourceError: Nobody answers, or the answer is a refusal or cannot be used.
        """
        # `verify` is given, because requests would take an environment's certificates over the session's.
        options: Any = {"params": params, "timeout": self._timeout, "verify": self._session.verify}
        return self.ask(
            lambda: self._session.get(f"{self.url}/api/v1/{path}", **options).json()["data"], read
        )

    def ask[T](self, request: Callable[[], Any], read: Callable[[Any], T]) -> T:
        """Send a request and read its answer; every way it can fail becomes one kind of error.

        Args:
            request: Sends it, with the session or the library.
            read: Makes something of what it gives.

        Raises:
            MetricSourceError: Nobody answers, or the answer is a refusal or cannot be used.
        """
        try:
            return read(in_time(f"Prometheus at {self.url}", request, self._whole))
        except WaitTimeoutError as error:
            message = f"Prometheus at {self.url} does not answer in full within {self._whole:g} s"
            raise MetricSourceError(
                message, remedy="see what slows it down, or stands in between; or ask for less"
            ) from error
        except AnswerError as error:
            raise self._unusable(error) from error
        except requests.exceptions.SSLError as error:
            message = f"the certificate of Prometheus at {self.url} is not trusted: {_cause(error)}"
            raise MetricSourceError(
                message, remedy="name its authority's certificate: FAULTCAST_PROMETHEUS_CA_FILE"
            ) from error
        except UnicodeError as error:
            message = f"a question to Prometheus at {self.url} holds characters that cannot be sent"
            raise QueryRefusedError(message, remedy="correct the query") from error
        except (HTTPError, OSError) as error:  # every error of requests is an OSError
            message = f"Prometheus at {self.url} does not answer: {_cause(error)}"
            raise MetricSourceError(
                message, remedy=f"see whether it runs and can be reached: curl {self.url}/-/ready"
            ) from error

    def _checked(self, response: requests.Response, *_args: Any, **_kwargs: Any) -> requests.Response:
        """An answer that can be used, read once; anything else becomes an error with the server's words."""
        if response.is_redirect and response.headers["Location"]:
            self._stay(response)
            return response
        try:
            data = answers.opened(response.content)
        except Refused as refused:
            raise self._refused(response, str(refused), passing=refused.passing) from refused
        except AnswerError as error:
            if response.ok:
                raise self._unusable(error) from error
            text = str(error) if error.page else response.text[:200].strip() or response.reason
            raise self._refused(response, text) from error
        if response.status_code != requests.codes.ok:
            raise self._refused(response, response.reason)
        if _VICTORIA in response.headers:
            self._session.params = _AS_MEASURED | (self._auth.grouped if self._auth else {})
        return _Answer(response, data)

    def _stay(self, response: requests.Response) -> None:
        """Follow nobody to another host: what is sent there was meant for this one."""
        here = urlsplit(response.url)
        try:
            there = urlsplit(urljoin(response.url, response.headers.get("Location", "")))
            safe = here.scheme == there.scheme or (here.scheme, there.scheme) == ("http", "https")
            if (
                here.hostname == there.hostname
                and safe
                and (here.scheme != there.scheme or here.port == there.port)
            ):
                return
            where = f"{there.scheme}://{there.hostname}" if there.hostname else "no host"
        except ValueError:
            where = "an address that is none"
        response.close()
        message = f"Prometheus at {self.url} sends us on to {where}, where nothing is asked"
        remedy = f"if that is a login: set {_TOKEN}, or give the address behind it; else give the new address"
        raise MetricSourceError(message, remedy=remedy)

    def _unusable(self, error: AnswerError) -> MetricSourceError:
        message = f"what answers at {self.url} {error}"
        if error.gives:
            return NoNumbersError(message, gives=error.gives, remedy=error.remedy)
        if not error.page:
            return MetricSourceError(message, remedy=error.remedy or "check the URL: is it Prometheus?")
        sent = self._auth.shown if self._auth else ""
        if sent:
            return MetricSourceError(
                f"{message}; it was sent a {sent}", remedy="check the URL, and what is sent"
            )
        remedy = f"if that is a login: set {_TOKEN}, or give the address behind it; else check the URL"
        return MetricSourceError(message, remedy=remedy)

    def _refused(
        self, response: requests.Response, reason: str, *, passing: bool = False
    ) -> MetricSourceError:
        """The error of an answer that is a refusal; a passing one says nothing about the query."""
        reason = " ".join(without_control(reason).split())
        status = response.status_code
        if status in _LOCKED:
            event, remedy = locked_out(status, self._auth)
            kind = NoSuchAnswerError if status == requests.codes.forbidden else MetricSourceError
            return kind(f"Prometheus at {self.url} {event} (HTTP {status})", remedy=remedy)
        if response.ok and not passing:
            message = f"Prometheus at {self.url} refuses: {reason}"
            return QueryRefusedError(message, remedy="correct the query, or ask for less")
        message = f"Prometheus at {self.url} refuses (HTTP {status}): {reason}"
        if status in _WRONG_QUERY and not passing:
            return QueryRefusedError(message, remedy="correct the query")
        if status in _MISSING:
            remedy = "give its base URL, the part before /api/v1, as in https://mimir.example/prometheus"
            return NoSuchAnswerError(message, remedy=remedy)
        return MetricSourceError(message, remedy=f"look at its log; {self.url}/-/ready should answer")


class _Answer(requests.Response):
    """An answer that was read and checked already."""

    def __init__(self, response: requests.Response, data: Any) -> None:
        super().__init__()
        self.__dict__.update(response.__dict__)
        self._data = data

    def json(self, **_: Any) -> Any:
        """What is taken out of it, also by the library."""
        return {"status": "success", "data": self._data}


def _cause(error: Exception) -> str:
    """The innermost reason of a failed request, without addresses of objects."""
    reason: Any = error
    while getattr(reason, "args", ()) and isinstance(reason.args[0], Exception):
        reason = reason.args[0]
    inner = getattr(reason, "reason", None)
    text = str(inner if inner is not None else reason)
    return re.sub(r"<[^>]*>[:,]?\s*|\(Caused by .*", "", text).strip() or type(error).__name__
