"""Calls of the Kubernetes API, with every way in which they fail put into words."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from faultcast.infra.errors import ClusterError, NotFoundError
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import KubeClient

__all__ = ["MERGE", "amount", "ask", "ask_for", "call", "each", "items_of", "read_json", "restarts_of"]

MERGE = "application/merge-patch+json"


def ask(doing: str, request: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call the API within the usual time-outs.

    Args:
        doing: What is attempted, as in "list the pods of shop".
        request: A method of the Kubernetes client.
        *arguments: Its arguments.
        **named: Its named arguments.

    Raises:
        ClusterError: The API server refuses, does not answer, or answers what the client cannot read.
    """
    try:
        with calling(doing):
            return request(*arguments, **named)
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise _no_answer(doing, str(error)) from error


def ask_for(doing: str, request: Callable[..., Any], *arguments: Any, **named: Any) -> Any | None:
    """As `ask`, for one object; None when the API server says that there is no such thing."""
    try:
        found = ask(doing, request, *arguments, **named)
    except NotFoundError:
        return None
    if found is None or getattr(found, "metadata", found) is None:
        raise _no_answer(doing, "it has no metadata")
    return found


def _no_answer(doing: str, why: str) -> ClusterError:
    message = f"cannot {doing}: the answer is none of a Kubernetes API server: {why}"
    return ClusterError(message, remedy="check the server's address in the kubeconfig")


def each(found: Any) -> list[Any]:
    """The items of a list that may be absent, or have holes."""
    return [one for one in found or () if one is not None]


def restarts_of(status: Any) -> int:
    """How often a container was started again; 0 when its status does not say."""
    count = getattr(status, "restart_count", None)
    return count if isinstance(count, int) else 0


def items_of(listed: Any) -> list[Any]:
    """The objects of a list that are there and have a name."""
    return [one for one in each(listed and listed.items) if one.metadata and one.metadata.name]


def call(
    kube: KubeClient,
    method: str,
    path: str,
    body: Any = None,
    content: str = MERGE,
) -> Any:
    """One request for plain JSON values; the client's errors pass through.

    Args:
        kube: The client.
        method: HTTP method.
        path: API path.
        body: What is sent.
        content: Its content type.
    """
    headers = {"Accept": "application/json", **({"Content-Type": content} if body is not None else {})}
    return kube.api.call_api(
        path,
        method,
        header_params=headers,
        body=body,
        response_type="object",
        auth_settings=["BearerToken"],
        _return_http_data_only=True,
    )


def read_json(kube: KubeClient, path: str, what: str = "") -> dict[str, Any] | None:
    """An object of any kind, as JSON values; None when there is none.

    Args:
        kube: The client.
        path: API path.
        what: What it is, in words; the path when not given.

    Raises:
        ClusterError: The API server refuses, does not answer, or answers something else.
    """
    found = ask_for(f"read {what or path}", call, kube, "GET", path)
    if found is not None and not isinstance(found, dict):
        raise _no_answer(f"read {what or path}", "it is no object")
    return found


def amount(quantity: str) -> float:
    """A quantity as Kubernetes writes it, such as `200m` or `96Mi`; 0 for an empty text, or none of these."""
    from kubernetes.utils.quantity import parse_quantity

    try:
        value: Decimal | Any = parse_quantity(quantity) if quantity else 0
    except (ValueError, ArithmeticError):
        return 0.0
    return float(value)
