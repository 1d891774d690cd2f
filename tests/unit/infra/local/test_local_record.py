"""A local cluster is found by its kubeconfig, whichever cluster the environment names."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from faultcast.infra.cluster import Cluster, Endpoints, NoNodeControl
from faultcast.infra.errors import WaitTimeoutError
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.providers import existing, node_control_of, open_cluster
from faultcast.infra.providers.local import provider
from faultcast.infra.providers.local.files import write_json
from faultcast.infra.providers.local.layout import Layout
from faultcast.infra.providers.local.leftovers import Leftovers
from faultcast.infra.providers.local.nodes import LocalNodes
from faultcast.infra.providers.local.provider import LocalProvider
from faultcast.infra.providers.local.record import (
    cluster_of,
    note_taken_down,
    settings_of,
    shape_of,
    taken_down,
)
from faultcast.infra.settings import Settings, load_settings

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: here
clusters:
- {name: here, cluster: {server: "https://10.77.0.135:6443"}}
- {name: elsewhere, cluster: {server: "https://192.0.2.1:6443"}}
contexts:
- {name: here, context: {cluster: here, user: me}}
- {name: elsewhere, context: {cluster: elsewhere, user: me}}
users:
- {name: me, user: {token: x}}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(state_dir=tmp_path, cluster="mine")


@pytest.fixture
def other(settings: Settings) -> Settings:
    """A cluster of another name and shape that was brought up earlier."""
    other = load_settings(
        state_dir=settings.state_dir,
        cluster="other",
        subnet="10.77.0.0/24",
        pod_cidr="10.78.0.0/16",
        service_cidr="10.79.0.0/16",
        workers=2,
        node_cpus=0.5,
    )
    layout = Layout.of(other)
    layout.root.mkdir(parents=True)
    write_json(layout.record, {"shape": shape_of(other), "images": [], "identity": "uid-of-other"})
    layout.kubeconfig.write_text(KUBECONFIG)
    return other


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which way each cluster was opened."""
    ways: list[str] = []

    def handle(self: Any) -> Cluster:
        ways.append("local")
        access = PrometheusAccess("http://p")
        return Cluster("other", "local", self.kube_context, "uid", (), Endpoints(access), NoNodeControl())

    def connect(context: KubeContext, prometheus: PrometheusAccess | None, helper: str) -> Cluster:
        ways.append("existing")
        return Cluster(context.name, "existing", context, "uid", (), Endpoints(prometheus), NoNodeControl())

    monkeypatch.setattr(LocalProvider, "attach", handle)
    monkeypatch.setattr(existing, "connect_existing", connect)
    return ways


def here(other: Settings, name: str = "here") -> KubeContext:
    return KubeContext.of(Layout.of(other).kubeconfig, name)


def test_the_settings_are_those_it_was_brought_up_with(settings: Settings, other: Settings) -> None:
    found = cluster_of(settings, here(other))
    assert found is not None
    assert (found.cluster, shape_of(found)) == ("other", shape_of(other))
    assert found.worker_names == ("worker", "worker-2")
    assert settings_of(settings.cluster_dir) is None, "never brought up"


def test_a_copy_of_its_kubeconfig_leads_to_it_and_another_context_does_not(
    settings: Settings, other: Settings, tmp_path: Path
) -> None:
    copy = tmp_path / "mine.yaml"
    copy.write_text(KUBECONFIG)
    found = cluster_of(settings, KubeContext.of(copy, "here"))
    assert found is not None
    assert found.cluster == "other"
    assert cluster_of(settings, KubeContext.of(copy, "elsewhere")) is None
    abroad = settings.model_copy(update={"state_dir": tmp_path / "abroad"})
    assert cluster_of(abroad, here(other)) is None


def test_a_cluster_of_the_same_address_and_another_authority_is_not_it(
    settings: Settings, other: Settings, tmp_path: Path
) -> None:
    later = tmp_path / "later.yaml"
    later.write_text(KUBECONFIG.replace('135:6443"', '135:6443", certificate-authority-data: bmV3'))
    assert cluster_of(settings, KubeContext.of(later, "here")) is None


def test_its_nodes_are_controlled_without_asking_the_api(settings: Settings, other: Settings) -> None:
    control = node_control_of(settings, "uid-of-other")
    assert isinstance(control, LocalNodes)
    assert [str(node.address) for node in control.topology.nodes] == [
        "10.77.0.135",
        "10.77.0.134",
        "10.77.0.133",
    ]
    assert control.node_cpus == 0.5
    assert isinstance(node_control_of(settings), NoNodeControl), "the settings' own one was never up"
    assert isinstance(node_control_of(other), LocalNodes)


def test_nodes_of_another_identity_are_not_controlled(settings: Settings, other: Settings) -> None:
    assert isinstance(node_control_of(settings, "uid-of-an-earlier-one"), NoNodeControl)


def test_it_is_opened_as_the_local_cluster_it_is(
    settings: Settings, other: Settings, opened: list[str]
) -> None:
    cluster = open_cluster(settings, here(other))
    assert (cluster.provider, cluster.kube_context, cluster.endpoints.prometheus) == (
        "local",
        here(other),
        PrometheusAccess("http://p"),
    )
    with_another = open_cluster(settings, here(other), "http://q/")
    assert with_another.endpoints.prometheus == PrometheusAccess("http://q")
    assert opened == ["local", "local"]


def test_a_context_that_leads_elsewhere_is_another_cluster(
    settings: Settings, other: Settings, opened: list[str]
) -> None:
    cluster = open_cluster(settings, here(other, "elsewhere"), "http://q")
    assert cluster.provider == "existing"
    assert opened == ["existing"]


def test_what_was_taken_down_is_known_by_its_identity_and_nothing_else_is(
    settings: Settings, other: Settings
) -> None:
    note_taken_down(other, "uid-of-other")
    assert "cluster other was taken down at " in taken_down(settings, "uid-of-other")
    for unknown in ("", "uid-of-a-later-one", "../taken-down/uid-of-other"):
        assert taken_down(settings, unknown) == ""


@pytest.mark.parametrize("fails", [False, True])
def test_a_cluster_counts_as_taken_down_only_when_nothing_is_left_of_it(
    settings: Settings, other: Settings, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    def remove(_self: Leftovers) -> None:
        if fails:
            message = "a process did not die"
            raise WaitTimeoutError(message)

    monkeypatch.setattr(Leftovers, "remove", remove)
    monkeypatch.setattr(provider, "exclusive", lambda _layout: nullcontext())
    with pytest.raises(WaitTimeoutError) if fails else nullcontext():
        LocalProvider(other).stop()
    assert bool(taken_down(settings, "uid-of-other")) is not fails
