"""How a Prometheus is reached that asks who is there: token, password, headers, and its certificate."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qsl

import requests
from requests.auth import HTTPBasicAuth

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.redaction import split_login
from faultcast.infra.settings import Settings

__all__ = ["PrometheusAuth", "auth_of", "headers_of", "locked_out", "separated"]

_OURS = frozenset({"query", "start", "end", "step", "time", "timeout", "match[]", "state", "metric", "limit"})
"""Parameters that requests have of their own."""
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VARIABLES = "FAULTCAST_PROMETHEUS_TOKEN, or FAULTCAST_PROMETHEUS_USER and FAULTCAST_PROMETHEUS_PASSWORD"


@dataclass(frozen=True, slots=True)
class PrometheusAuth:
    """What a Prometheus asks for; its secrets are in neither its text nor any error.

    Attributes:
        token: Bearer token; empty for none.
        user: User of basic authentication; empty for none.
        password: The user's password.
        ca_file: File with the certificates that the server's is checked with; the system's when None.
        insecure: Whether the server's certificate is not checked at all.
        headers: Headers that go with every request, such as the tenant of a Mimir; names and values.
        parameters: Parameters of the URL that go with every request; names and values.

    Raises:
        ConfigurationError: Token and user are both given, or the token is none.
    """

    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    insecure: bool = False
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Check that one way is meant, and that it can be sent."""
        object.__setattr__(self, "token", self.token.strip())
        if self.token and self.user:
            message = "a token and a user are given for Prometheus: only one of them can be used"
            raise ConfigurationError(message, remedy=f"set {_VARIABLES}")
        if self.password and not self.user:
            message = "a password is given for Prometheus, but no user"
            raise ConfigurationError(message, remedy="set FAULTCAST_PROMETHEUS_USER")
        if not re.fullmatch(r"[\x21-\x7e]*", self.token):
            message = "the token for Prometheus holds blanks, line ends or characters that no token has"
            raise ConfigurationError(message, remedy="correct FAULTCAST_PROMETHEUS_TOKEN")

    @property
    def shown(self) -> str:
        """What is sent, for an error's text: `token`, `password`, or nothing."""
        if self.token or self.user:
            return "token" if self.token else "password"
        return "header" if self.headers else "parameter of the URL" if self.parameters else ""

    @property
    def grouped(self) -> dict[str, list[str]]:
        """The URL's parameters by name; one may be there several times."""
        names = dict.fromkeys(name for name, _ in self.parameters)
        return {name: [value for other, value in self.parameters if other == name] for name in names}

    def prepare(self, session: requests.Session) -> None:
        """Make a session send and check all this.

        Args:
            session: What requests are sent with.

        Raises:
            ConfigurationError: The file of certificates is not there.
        """
        if self.token:
            session.auth = _bearer(self.token)
        elif self.user:
            session.auth = HTTPBasicAuth(self.user.encode(), self.password.encode())
        session.headers.update(self.headers)
        session.params = self.grouped
        if self.insecure:
            import urllib3

            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            session.verify = False
        elif self.ca_file is not None:
            if not os.access(self.ca_file, os.R_OK):
                message = f"the certificates for Prometheus cannot be read: {self.ca_file}"
                raise ConfigurationError(message, remedy="correct FAULTCAST_PROMETHEUS_CA_FILE")
            session.verify = str(self.ca_file)


def auth_of(settings: Settings) -> PrometheusAuth | None:
    """What the settings say (`FAULTCAST_PROMETHEUS_*`); None when they say nothing.

    Args:
        settings: The settings.

    Raises:
        ConfigurationError: They contradict each other.
    """
    found = PrometheusAuth(
        token=settings.prometheus_token.get_secret_value(),
        user=settings.prometheus_user,
        password=settings.prometheus_password.get_secret_value(),
        ca_file=settings.prometheus_ca_file,
        insecure=settings.prometheus_insecure,
        headers=headers_of(settings.prometheus_headers.get_secret_value()),
    )
    return None if found == PrometheusAuth() else found


def headers_of(text: str) -> tuple[tuple[str, str], ...]:
    """Headers that somebody wrote, one a line: `X-Scope-OrgID: team-a`.

    Raises:
        ConfigurationError: A line is no header; the text shows nothing of it.
    """
    found = []
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
        name, colon, value = line.partition(":")
        if not (colon and _HEADER.fullmatch(name) and re.fullmatch(r"[\x20-\x7e]*", value.strip())):
            message = f"line {number} of the headers for Prometheus is no header"
            remedy = "write FAULTCAST_PROMETHEUS_HEADERS as in 'X-Scope-OrgID: team-a', one a line"
            raise ConfigurationError(message, remedy=remedy)
        found.append((name, value.strip()))
    return tuple(found)


def separated(url: str, auth: PrometheusAuth | None) -> tuple[str, PrometheusAuth | None]:
    """A URL that may be shown and kept, and what to send.

    The URL's parameters go with every request; its user does, where no other way in is given.

    Args:
        url: As somebody typed it.
        auth: What is sent anyway.

    Raises:
        ConfigurationError: The URL's user and password make no sense, or a parameter of it is one that
            requests have of their own.
    """
    plain, login = split_login(url.strip())
    plain, _, query = plain.partition("#")[0].partition("?")
    plain = plain.rstrip("/")
    parameters = tuple(parse_qsl(query, keep_blank_values=True))
    if taken := sorted({name for name, _ in parameters if name in _OURS or name.startswith("g0.")}):
        message = f"the URL of Prometheus holds {', '.join(taken)}, which is part of a question"
        raise ConfigurationError(message, remedy="give its base URL, as in http://prometheus.example:9090")
    if parameters:
        auth = replace(auth or PrometheusAuth(), parameters=parameters)
    if not login.user or (auth and (auth.token or auth.user)):
        return plain, auth
    return plain, replace(auth or PrometheusAuth(), user=login.user, password=login.password)


def locked_out(status: int, auth: PrometheusAuth | None) -> tuple[str, str]:
    """What a server did that does not let us in, to be put after its name, and what to do.

    Args:
        status: 401 or 403.
        auth: What was sent.
    """
    sent = auth.shown if auth else ""
    if not sent:
        return "asks for a token or a password, and none was given", f"set {_VARIABLES}"
    if status == requests.codes.forbidden:
        return f"knows the {sent}, but does not let it read", "ask whoever runs it for the right to query"
    return f"refuses the {sent}", f"correct {_VARIABLES}"


def _bearer(token: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    # A function and not a header: for a session without one, requests would send what ~/.netrc has instead.
    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign
