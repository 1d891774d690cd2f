"""What every provider of clusters owes: held against a fake cluster here, the local one in tests/e2e."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from faultcast.infra.cluster import Cluster, ClusterProvider
from faultcast.infra.errors import FaultcastError
from faultcast.infra.kube.client import connect, identity_of

__all__ = ["check_down", "check_unreachable", "check_up"]


def check_up(provider: ClusterProvider, folder: Path, *, secret: str) -> Cluster:
    """What a provider owes while its cluster can be had.

    Args:
        provider: The provider; whether its cluster is up already does not matter.
        folder: An empty folder.
        secret: A text that must not be in what is collected.

    Returns:
        The cluster, which is up.
    """
    cluster = provider.start()
    assert provider.is_up()
    assert cluster.name
    assert cluster.provider
    with pytest.raises(FrozenInstanceError):
        cluster.identity = "another"  # type: ignore[misc]
    kube = connect(cluster.kube_context)
    assert identity_of(kube) == cluster.identity, "the handle leads to the cluster it names"
    listed = {node.metadata.name for node in kube.core.list_node().items}
    assert [node.name for node in cluster.nodes] == list(dict.fromkeys(node.name for node in cluster.nodes))
    assert {node.name for node in cluster.nodes} == listed
    assert all(node.address for node in cluster.nodes)
    assert cluster.node_control.guards() == ()
    cluster.node_control.release("never-was")

    again = provider.start()
    assert (again.identity, again.nodes, again.endpoints, again.kube_context, again.helper_image) == (
        cluster.identity,
        cluster.nodes,
        cluster.endpoints,
        cluster.kube_context,
        cluster.helper_image,
    ), "start is harmless when it is up"

    for _ in range(2):
        provider.collect_logs(folder / "not" / "there" / "yet")
    texts = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert any(node.encode() in text for node in listed for text in texts.values())
    for path, text in texts.items():
        assert b"PRIVATE KEY" not in text, path
        assert secret.encode() not in text, path
    assert provider.is_up(), "who looks changes nothing"
    return cluster


def check_down(provider: ClusterProvider, folder: Path, *, owned: bool) -> None:
    """What a provider owes at the end.

    Args:
        provider: The provider; its cluster is up.
        folder: An empty folder.
        owned: Whether the cluster is the provider's own; another's goes on.
    """
    for _ in range(2):
        provider.stop()
        assert provider.is_up() is not owned
    provider.collect_logs(folder)
    assert folder.is_dir(), "looking for an explanation where there is nothing is no error"
    if not owned:
        provider.start()


def check_unreachable(provider: ClusterProvider, folder: Path) -> None:
    """A cluster that cannot be had is an error with a way on, and its logs hide nothing of that.

    Args:
        provider: The provider of a cluster that does not answer.
        folder: An empty folder.
    """
    with pytest.raises(FaultcastError) as error:
        provider.start()
    assert error.value.remedy
    provider.collect_logs(folder)
    assert folder.is_dir()
    provider.stop()
