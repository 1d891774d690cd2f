"""The forecaster on the local cluster: image on the workers, objects in place, an address that answers."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import requests

from faultcast.infra.errors import ApiError, NotFoundError, WaitTimeoutError
from faultcast.infra.forecaster.objects import NAME, VARIANTS, ForecasterOptions, render_forecaster
from faultcast.infra.images import ImageArchive
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.providers.local.nodes import LocalNodes
from faultcast.infra.stack.apply import apply, path_of, title
from faultcast.infra.stack.ready import wait_ready
from faultcast.infra.stack.render import Manifest
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["deploy_forecaster", "load_image", "remove_forecaster", "wait_answers"]

_READY = Wait(240.0, 0.5)
_ANSWER = Wait(30.0, 0.3)
_GONE = Wait(60.0, 0.3)
_KNOCK = 2.0
_CTR = ("ctr", "--namespace", "k8s.io", "images")


def load_image(
    nodes: LocalNodes, names: Iterable[str], image: ImageArchive, progress: Callable[[str], None]
) -> None:
    """Give the image to the nodes that lack it.

    Args:
        nodes: Control of the nodes.
        names: Names of the workers.
        image: The image.
        progress: Told in words what goes on.

    Raises:
        ClusterError: A node is off, or its container runtime refuses.
    """
    for name in names:
        there = nodes.run(name, [*_CTR, "ls", "--quiet"]).stdout.split()
        if image.ref not in there:
            progress(f"importing image {image.ref} on node {name}")
            nodes.load(name, image.path)


def deploy_forecaster(
    kube: KubeClient, options: ForecasterOptions, address: str, progress: Callable[[str], None]
) -> str:
    """Put the objects of one variant in place, take those of the other away, and wait until it answers.

    Args:
        kube: The local cluster.
        options: What to render.
        address: Address of a worker, which becomes that of the LoadBalancer service: nothing else on the
            local cluster gives out addresses. K3s does the same by itself.
        progress: Told in words what goes on.

    Returns:
        URL at which it answers; empty for the variant that serves nothing.

    Raises:
        ClusterError: The API server refuses, or the pods do not become ready; the text says why.
        WaitTimeoutError: It is ready, but does not answer from this machine.
    """
    manifests = render_forecaster(options)
    wanted = {path_of(manifest) for manifest in manifests}
    _delete(kube, (one for one in _both(options) if path_of(one) not in wanted))
    progress(f"deploying {len(manifests)} objects of the forecaster")
    apply(kube, manifests)
    if options.variant == "cronjob":
        return ""
    wait_ready(kube, manifests, progress, _READY)
    _assign(kube, options.namespace, address)
    return wait_answers(address, options.node_port)


def wait_answers(address: str, node_port: int | None) -> str:
    """Wait until the service answers from this machine, at the address of the load balancer.

    Args:
        address: That address.
        node_port: Tried too, so that the error can say what still works.

    Returns:
        The URL.

    Raises:
        WaitTimeoutError: It does not answer.
    """
    url = f"http://{address}/"
    try:
        wait_until(f"an answer of {url}healthz", lambda: _answers(f"{url}healthz"), _ANSWER)
    except WaitTimeoutError as error:
        other = f"http://{address}:{node_port}/"
        if node_port is not None and _answers(f"{other}healthz"):
            message = f"the forecaster answers at {other}, but not at the load balancer's {url}"
            raise WaitTimeoutError(message, remedy=f"use {other}; see kube-proxy's log for why") from error
        raise
    return url


def remove_forecaster(kube: KubeClient, options: ForecasterOptions) -> tuple[str, ...]:
    """Take every object of the forecaster away, of both variants; its namespace and results stay.

    Args:
        kube: The cluster.
        options: Names its namespace.

    Returns:
        What was there, as kind and name.

    Raises:
        ClusterError: The API server refuses.
        WaitTimeoutError: A pod does not end.
    """
    removed = _delete(kube, _both(options))

    def no_pods() -> bool:
        with calling("list the forecaster's pods"):
            found: Any = kube.core.list_namespaced_pod(options.namespace, label_selector=f"app={NAME}")
        return not found.items

    wait_until("the end of the forecaster's pods", no_pods, _GONE, transient=(ApiError,))
    return removed


def _both(options: ForecasterOptions) -> Sequence[Manifest]:
    """The objects of both variants, what starts pods first; no Secret that somebody made."""
    every = {
        path_of(one): one
        for variant in VARIANTS
        for one in render_forecaster(replace(options, variant=variant, models=options.models or "any"))
    }
    return sorted(every.values(), key=lambda one: one["kind"] not in ("Deployment", "CronJob"))


def _delete(kube: KubeClient, manifests: Iterable[Manifest]) -> tuple[str, ...]:
    removed = []
    for manifest in manifests:
        with suppress(NotFoundError), calling(f"delete {title(manifest)}"):
            kube.api.call_api(
                path_of(manifest),
                "DELETE",
                query_params=[("propagationPolicy", "Background")],
                header_params={"Accept": "application/json"},
                auth_settings=["BearerToken"],
                _preload_content=False,
            )
            removed.append(title(manifest))
    return tuple(removed)


def _assign(kube: KubeClient, namespace: str, address: str) -> None:
    body = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
    with calling("give the forecaster its address"):
        kube.core.patch_namespaced_service_status(NAME, namespace, body)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=_KNOCK).status_code == HTTPStatus.OK
    except requests.RequestException:
        return False
