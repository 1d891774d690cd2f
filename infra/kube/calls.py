"""Calls of the Kubernetes API: every failure is put into words, with a remedy and a type.

    with calling("list the pods of shop"):
        pods = kube.core.list_namespaced_pod("shop")

How long a call may take is the connection's business.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from faultcast.infra.errors import FaultcastError

__all__ = ["calling"]


@contextmanager
def calling(doing: str, raising: type[FaultcastError] | None = None) -> Iterator[None]:
    """Turn what the Kubernetes client raises into an error of the tree.

    Args:
        doing: What is attempted, as in "list the pods of shop".
        raising: What to raise in place of `ApiError` and its kinds, with the same words and remedy.

    Raises:
        NotFoundError: The API server says that there is no such object.
        ConflictError: It says that somebody else was faster.
        ApiError: It refuses otherwise, does not answer, or is none.

    Example:
        >>> with calling("read node worker"):
        ...     node = kube.core.read_node("worker")
    """
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    from faultcast.infra.kube.errors import api_error

    try:
        yield
    except (ApiException, HTTPError) as error:
        found = api_error(doing, error)
        raise (raising(found.what, remedy=found.remedy) if raising else found) from error
