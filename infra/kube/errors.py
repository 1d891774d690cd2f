"""What went wrong with a call of the Kubernetes API, in words: the true cause, and who can mend it."""

import json
import re
import ssl
from dataclasses import dataclass
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from faultcast.infra.errors import ApiError, ConflictError, NotFoundError, without_control
from faultcast.infra.kube.kubeconfig import KubeContext

__all__ = ["NotKubernetesError", "Origin", "answer_of", "api_error", "mark", "status_message"]

_FORBIDDEN = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)"'
    r' in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)")?'
)
_ANONYMOUS = "system:anonymous"
_LONGEST = 300
_KINDS: dict[int | None, type[ApiError]] = {404: NotFoundError, 409: ConflictError}


@dataclass(frozen=True, slots=True)
class Origin:
    """With what a call was made.

    Attributes:
        context: The kubeconfig and its context; None inside of a pod.
        user: The user in the kubeconfig; empty for none.
        server: URL of the API server.
    """

    context: KubeContext | None
    user: str
    server: str


class NotKubernetesError(ApiException):  # type: ignore[misc]
    """An answer that no API server gives, such as a login page."""


def mark(error: Exception, origin: Origin) -> None:
    """Note on what a client raised with what the call was made."""
    error.origin = origin  # type: ignore[attr-defined]


def status_message(error: ApiException) -> str:
    """What the API server itself says of its refusal; empty when it says nothing."""
    said = _status(error)
    return without_control(str(said.get("message") or "")) if said is not None else ""


def answer_of(error: ApiException) -> str:
    """What the API server says about a call that it refused, its causes first.

    Args:
        error: What the client raised; its body is a `Status` as JSON, or anything else.

    Returns:
        Such as `The disruption budget store needs 1 healthy pods and has 1 currently`.
    """
    status = _status(error)
    if status is None:
        return str(error.reason or "")
    causes = (status.get("details") or {}).get("causes") or ()
    said = [str(cause["message"]) for cause in causes if cause.get("message")]
    return without_control("; ".join(said) or str(status.get("message") or error.reason))


def _status(error: ApiException) -> dict[str, Any] | None:
    """The `Status` that a refusal carries; None when its body is anything else."""
    try:
        said: Any = json.loads(error.body or "")
    except (ValueError, TypeError):
        return None
    return said if isinstance(said, dict) else None


def api_error(doing: str, error: ApiException | HTTPError) -> ApiError:
    """Put a failed call of the Kubernetes API into words.

    Args:
        doing: What was attempted, as in "list the pods of shop".
        error: What the client raised.
    """
    origin: Origin | None = getattr(error, "origin", None)
    if not isinstance(error, ApiException) or not (error.status or isinstance(error, NotKubernetesError)):
        said, remedy = _silence(error, origin)
        return ApiError(f"cannot {doing}: {said}", remedy=remedy)
    said, remedy = _refusal(error, origin)
    kind = _KINDS.get(error.status, ApiError)
    return kind(f"cannot {doing}: {said}", remedy=remedy, status=error.status or 0, answer=answer_of(error))


def _refusal(error: ApiException, origin: Origin | None) -> tuple[str, str]:
    server = origin.server if origin else "the kubeconfig's server"
    if isinstance(error, NotKubernetesError):
        said = f"what answers at {server} is not a Kubernetes API server: {error.reason}"
        return said, "check the server in the kubeconfig, and whether a login or a proxy stands before it"
    said = f"the API server answered {error.status} {error.reason}".rstrip()
    message = status_message(error)[:_LONGEST]
    if error.status == 401:
        return f"{said}: the login of {_whose(origin)} has expired or is wrong", _log_in(origin)
    if error.status == 403 and (found := _FORBIDDEN.search(message)):
        return _forbidden(said, found, origin)
    if error.status in (301, 302, 303, 307, 308):
        return (
            f"{said}: {server} sends its callers elsewhere, as a login page does, and is not followed",
            "check the server in the kubeconfig, and log in again",
        )
    if message:
        said = f"{said}: {message}"
    elif error.status == 404:
        said = f"{said}: {server} knows nothing of what was asked, as what is no Kubernetes API server does"
        return said, "check the server in the kubeconfig: its address, and the path in it"
    if error.status == 403:
        return said, "check the rights of the kubeconfig's user"
    if error.status == 429 or error.status >= 500:
        return said, "see whether the cluster is well, and try again"
    return said, "see the answer above"


def _forbidden(said: str, found: re.Match[str], origin: Origin | None) -> tuple[str, str]:
    if found["user"] == _ANONYMOUS:
        return f"{said}: it took the login of {_whose(origin)} for nobody's", _log_in(origin)
    what = f"{found['resource']}.{found['group']}" if found["group"] else found["resource"]
    where = f"in namespace {found['namespace']}" if found["namespace"] else "in the whole cluster"
    right = f"{found['verb']} {what} {where}"
    return (
        f"{said}: user {found['user']} lacks the right to {right}",
        f"have the right given: {right}; faultcast roles FILE prints what experiments need",
    )


def _whose(origin: Origin | None) -> str:
    if origin is None or origin.context is None:
        return "the client"
    return f"user {origin.user or '(none)'} in {origin.context}"


def _log_in(origin: Origin | None) -> str:
    of = f" for {origin.context}" if origin and origin.context else ""
    return f"log in again, or get a new token or certificate{of}"


def _silence(error: Exception, origin: Origin | None) -> tuple[str, str]:
    """Why there was no answer at all."""
    reason: Any = error.reason if isinstance(error, MaxRetryError) else error
    server = origin.server if origin else "the kubeconfig's server"
    runs = f"check that the cluster runs (a local one: faultcast status), and that {server} is its address"
    silent = "the API server does not answer"
    if isinstance(reason, ProxyError):
        return (
            f"{silent}: the proxy on the way to {server} refuses or is away: {_last(reason)}",
            "check proxy-url in the kubeconfig, HTTPS_PROXY and NO_PROXY",
        )
    if isinstance(reason, SSLError | ApiException | ssl.SSLError):
        return _distrust(reason, server)
    if isinstance(reason, NameResolutionError):
        return f"{silent}: nobody knows the host name in {server}", f"{runs}; a VPN may be needed"
    if isinstance(reason, NewConnectionError):
        return f"{silent}: no connection to {server}: {_last(reason)}", runs
    if isinstance(reason, ConnectTimeoutError | ReadTimeoutError):
        what = "connections" if isinstance(reason, ConnectTimeoutError) else "a request"
        return (
            f"{silent}: {server} let {what} wait too long",
            f"{runs}; a VPN or a firewall may be in between",
        )
    return f"{silent}: {server}: {_last(reason)}", runs


def _distrust(reason: Any, server: str) -> tuple[str, str]:
    text = str(getattr(reason, "reason", None) or reason)
    if "CERTIFICATE_VERIFY_FAILED" in text or "doesn't match" in text or "Hostname mismatch" in text:
        cause = re.search(r"verify failed: ([^(\[]+)", text)
        said = cause[1].strip() if cause else "it does not fit the name or the authority"
        return (
            f"the certificate of {server} is not trusted: {said}",
            "check certificate-authority and tls-server-name in the kubeconfig: it may be another cluster's",
        )
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER" in text:
        return f"{server} does not speak TLS", "check the scheme and the port of the server in the kubeconfig"
    return (
        f"no secure connection to {server}: {_clean(text)}",
        "check the certificates in the kubeconfig, and that the server is the API server's address",
    )


def _last(reason: object) -> str:
    inner = getattr(reason, "original_error", None) or reason
    return _clean(str(inner)) or type(inner).__name__


def _clean(text: str) -> str:
    """Without addresses of objects and repeats of the request."""
    text = re.sub(r"<[^>]*>[:,]?\s*|\(Caused by .*|^.*?: Failed to establish a new connection: ", "", text)
    return " ".join(text.split())[:_LONGEST].strip(" :")
