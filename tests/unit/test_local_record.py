"""A local cluster is found by its kubeconfig, whichever cluster the environment names."""

from pathlib import Path
from typing import Any

import pytest

from faultcast.infra.cluster import Cluster, Endpoints, NoNodeControl
from faultcast.infra.prometheus_access import PrometheusAccess
from faultcast.infra.providers import existing, node_control_of, open_cluster
from faultcast.infra.providers.local.files import write_json
from faultcast.infra.providers.local.layout import Layout
from faultcast.infra.providers.local.nodes import LocalNodes
from faultcast.infra.providers.local.provider import LocalProvider
from faultcast.infra.providers.local.record import cluster_of, settings_of, shape_of
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
    write_json(layout.record, {"shape": shape_of(other), "images": []})
    layout.kubeconfig.write_text(KUBECONFIG)
    return other


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which way each cluster was opened."""
    ways: list[str] = []

    def handle(self: Any) -> Cluster:
        ways.append("local")
        layout = self.layout
        return Cluster(
            "other",
            "local",
            layout.kubeconfig,
            "uid",
            (),
            Endpoints(PrometheusAccess("http://p")),
            NoNodeControl(),
        )

    def connect(kubeconfig: Path, context: str, prometheus: str, helper: str) -> Cluster:
        ways.append("existing")
        return Cluster(context, "existing", kubeconfig, "uid", (), Endpoints(prometheus), NoNodeControl())

    monkeypatch.setattr(LocalProvider, "attach", handle)
    monkeypatch.setattr(existing, "connect_existing", connect)
    return ways


def test_the_settings_are_those_it_was_brought_up_with(settings: Settings, other: Settings) -> None:
    found = cluster_of(settings, Layout.of(other).kubeconfig)
    assert found is not None
    assert (found.cluster, shape_of(found)) == ("other", shape_of(other))
    assert found.worker_names == ("worker", "worker-2")
    assert settings_of(settings.cluster_dir) is None, "never brought up"


def test_a_kubeconfig_elsewhere_is_nobodys(settings: Settings, other: Settings, tmp_path: Path) -> None:
    for path in (tmp_path / "kubeconfig", tmp_path / "clusters" / "other" / "pki" / "kubeconfig"):
        assert cluster_of(settings, path) is None
    abroad = settings.model_copy(update={"state_dir": tmp_path / "abroad"})
    assert cluster_of(abroad, Layout.of(other).kubeconfig) is None


def test_its_nodes_are_controlled_without_asking_the_api(settings: Settings, other: Settings) -> None:
    control = node_control_of(settings, Layout.of(other).kubeconfig)
    assert isinstance(control, LocalNodes)
    assert [str(node.address) for node in control.topology.nodes] == [
        "10.77.0.135",
        "10.77.0.134",
        "10.77.0.133",
    ]
    assert control.node_cpus == 0.5
    assert isinstance(node_control_of(settings), NoNodeControl), "the settings' own one was never up"
    assert isinstance(node_control_of(other), LocalNodes)


def test_it_is_opened_as_the_local_cluster_it_is(
    settings: Settings, other: Settings, opened: list[str]
) -> None:
    kubeconfig = Layout.of(other).kubeconfig
    cluster = open_cluster(settings, kubeconfig, context="here")
    assert (cluster.provider, cluster.context, cluster.endpoints.prometheus) == (
        "local",
        "here",
        PrometheusAccess("http://p"),
    )
    assert open_cluster(
        settings, kubeconfig, prometheus_url="http://q/"
    ).endpoints.prometheus == PrometheusAccess("http://q")
    assert opened == ["local", "local"]


def test_a_context_that_leads_elsewhere_is_another_cluster(
    settings: Settings, other: Settings, opened: list[str]
) -> None:
    cluster = open_cluster(
        settings, Layout.of(other).kubeconfig, context="elsewhere", prometheus_url="http://q"
    )
    assert cluster.provider == "existing"
    assert opened == ["existing"]
