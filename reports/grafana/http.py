"""Grafana's HTTP API: how it is asked, and its refusals in plain words.

Written to the documentation of Grafana 11 (folders, dashboards, data sources, health); Grafana 12 and 13 keep
these paths beside their newer ones.
"""

from typing import Any

import requests

from faultcast.infra.errors import ConfigurationError, FaultcastError
from faultcast.infra.redaction import keep, redacted
from faultcast.infra.urls import is_url

__all__ = ["GrafanaHttp"]

_PATIENCE = (5.0, 30.0)
_TOKEN = "make a service account with the role Editor, and put its token into the file"  # noqa: S105 - words
_RIGHTS = (
    "give the token's service account the role Editor, and the right to read data sources (datasources:read)"
)


class GrafanaHttp:
    """One Grafana.

    Args:
        url: Its base URL, with its path where it has one.
        token: Token of a service account; it goes into one header, and is shown nowhere.

    Raises:
        ConfigurationError: The URL is none, or the token cannot be one.
    """

    def __init__(self, url: str, token: str) -> None:
        if not is_url(url) or "@" in url or "?" in url:
            message = "that is no URL of a Grafana"
            raise ConfigurationError(message, remedy="write it as in --url https://grafana.example/")
        if not token.isascii() or not token.isprintable() or not token or " " in token:
            message = "the file holds no token of Grafana: one word on one line"
            raise ConfigurationError(message, remedy=_TOKEN)
        keep(token)
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.auth = _Bearer(token)

    @property
    def url(self) -> str:
        """Its base URL."""
        return self._url

    def get(self, path: str) -> Any:
        """What is at a path below `/api`; None when there is nothing.

        Raises:
            ConfigurationError: Nobody answers, it is no Grafana, or the token may not.
            FaultcastError: It refuses for another reason.
        """
        return self._ask("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """Send something to a path below `/api`; gives the answer.

        Raises:
            ConfigurationError: Nobody answers, it is no Grafana, or the token may not.
            FaultcastError: It refuses for another reason.
        """
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        try:
            answer = self._session.request(
                method, f"{self._url}/api/{path}", json=body, timeout=_PATIENCE, allow_redirects=False
            )
        except requests.RequestException as error:
            message = f"no Grafana answers at {self._url}: {_cause(error)}"
            raise ConfigurationError(message, remedy="check --url, and whether Grafana runs") from error
        said = _message(answer)
        match answer.status_code:
            case status if 300 <= status < 400:
                place = redacted(answer.headers.get("Location", "")).partition("?")[0][:200]
                message = f"{self._url} does not answer, but leads to {place or 'another place'}"
                remedy = "a proxy may ask for a login there: name a URL that leads to Grafana itself"
                raise ConfigurationError(message, remedy=remedy)
            case 401:
                message = f"Grafana at {self._url} refuses the token: {said}"
                raise ConfigurationError(message, remedy=_TOKEN)
            case 403:
                raise ConfigurationError(f"the token may not do that in Grafana: {said}", remedy=_RIGHTS)
            case 404 if method == "GET" and isinstance(_json(answer), dict):
                return None
            case 200 if _json(answer) is not None:
                return _json(answer)
            case status if _json(answer) is None:
                message = f"what answers at {self._url} is no Grafana: HTTP {status}, and no JSON"
                raise ConfigurationError(message, remedy="check --url, and the path below which Grafana is")
            case status:
                message = f"Grafana refuses {path.partition('/')[0]}: {said} (HTTP {status})"
                raise FaultcastError(message, remedy=_remedy(status, said))


class _Bearer(requests.auth.AuthBase):
    """A function of the session and not a header, or requests would send what ~/.netrc has instead."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _message(answer: requests.Response) -> str:
    found = _json(answer)
    said = found.get("message") if isinstance(found, dict) else None
    return redacted(str(said))[:300] if said else f"HTTP {answer.status_code}"


def _cause(error: Exception) -> str:
    while error.__cause__ or error.__context__:
        inner = error.__cause__ or error.__context__
        if not isinstance(inner, Exception):
            break
        error = inner
    return redacted(str(error)).rpartition("] ")[2][:200] or type(error).__name__


def _remedy(status: int, said: str) -> str:
    if "provisioned" in said.lower():
        return "these dashboards come from files there: change those, with faultcast grafana render"
    if status == requests.codes.precondition_failed:
        return "another dashboard stands in the way: remove it, or name another --folder"
    return "see Grafana's own log"
