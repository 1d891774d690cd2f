"""While an experiment runs, no library of this process sees a cluster other than the named one.

Libraries look for a cluster by themselves: in `KUBECONFIG`, in `~/.kube/config`, and in what every pod is
told of its own cluster. All of these are shut off, for programs that are started as well. The probes of
chaosk8s get a client for the named cluster that cannot write.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import chaosk8s
from kubernetes import client, config
from kubernetes.config import kube_config

from faultcast.infra.errors import RefusedError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.kube.connection import TIMEOUT

__all__ = ["NOWHERE", "ReadingClient", "isolated"]

_POINTERS = re.compile(r"(?!FAULTCAST_).*KUBE.*|K8S_.+|CHAOSTOOLKIT_IN_POD", re.IGNORECASE)
"""Environment variables that lead a library or a program to a cluster.

Faultcast's own name the cluster that is meant; under plain `chaos run` they are read while this holds.
"""

NOWHERE = "http://127.0.0.1:0/no-default-cluster-while-an-experiment-runs"
"""Where the client library's default configuration leads then: nobody can listen there."""

_ACTING = re.compile(r"/(exec|attach|portforward|proxy)(/|$)")
_NO_NAME = re.compile(r"[/\\?#%\x00-\x20]|^\.\.?$")
"""What no name in Kubernetes holds; in a part of a path, it would lead to another one."""
_MAKER = "create_k8s_api_client"


class ReadingClient(client.ApiClient):  # type: ignore[misc]
    """A client that refuses everything but reading, and never waits for ever."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send a GET or HEAD.

        Raises:
            RefusedError: It would write, or reach into a pod; nothing was sent.
        """
        path = urlsplit(url).path
        astray = any(_NO_NAME.search(unquote(part)) for part in path.split("/"))
        if method not in ("GET", "HEAD") or astray or _ACTING.search(unquote(path)):
            message = f"a probe wanted to {method} {path}, and probes may only read; nothing was sent"
            raise RefusedError(message, remedy="remove the probe from the experiment")
        if kwargs.get("_request_timeout") is None:
            kwargs["_request_timeout"] = TIMEOUT
        return super().request(method, url, *args, **kwargs)


@contextmanager
def isolated(named: Callable[[], KubeClient]) -> Iterator[None]:
    """Shut off every cluster but the named one until the block ends, for the whole process.

    Args:
        named: Gives a client for the named cluster; asked when a probe needs it.
    """

    def reading(secrets: object = None) -> ReadingClient:  # noqa: ARG001 - they cannot name another cluster
        return ReadingClient(named().api.configuration)

    environment = {name: value for name, value in os.environ.items() if _POINTERS.fullmatch(name)}
    location, default = kube_config.KUBE_CONFIG_DEFAULT_LOCATION, client.Configuration._default  # noqa: SLF001
    original = getattr(chaosk8s, _MAKER)
    try:
        for name in environment:
            del os.environ[name]
        os.environ["KUBECONFIG"] = os.devnull
        _default_location(os.devnull)
        client.Configuration.set_default(client.Configuration(host=NOWHERE))
        _replace(original, reading)
        yield
    finally:
        _replace(reading, original)
        client.Configuration._default = default  # noqa: SLF001 - set_default would make a copy
        _default_location(location)
        os.environ.pop("KUBECONFIG", None)
        os.environ.update(environment)


def _default_location(path: str) -> None:
    """The library reads `KUBECONFIG` once, when it is imported, and into two places."""
    kube_config.KUBE_CONFIG_DEFAULT_LOCATION = config.KUBE_CONFIG_DEFAULT_LOCATION = path


def _replace(old: object, new: object) -> None:
    """Every module of chaosk8s has the function under a name of its own."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "chaosk8s" and getattr(module, _MAKER, None) is old:
            setattr(module, _MAKER, new)
