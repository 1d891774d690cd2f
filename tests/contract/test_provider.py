"""The contract of providers for a cluster that exists; the local one is brought up in tests/e2e."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.providers.existing import ExistingProvider
from faultcast.infra.redaction import keep
from tests.contract.provider import check_down, check_unreachable, check_up
from tests.fakeapi import FakeApi
from tests.fakeapi.transport import install
from tests.kubeconfigs import MEANT, OTHER, write_kubeconfig

SECRET = "geheim-geheim"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    meant, other = FakeApi(host=MEANT), FakeApi(host=OTHER, identity="another")
    install(monkeypatch, {MEANT: meant, OTHER: other})
    meant.install_stack()
    keep(SECRET)
    event = {"metadata": {"name": "e", "namespace": "shop"}, "message": f"login as root:{SECRET} failed"}
    meant.apply("events", event)
    return meant


@pytest.fixture
def provider(api: FakeApi, tmp_path: Path) -> ExistingProvider:
    context = KubeContext.of(write_kubeconfig(tmp_path / "kubeconfig"))
    return ExistingProvider(context, PrometheusAccess("http://prometheus:9090"), "helper:1")


def test_an_existing_cluster(provider: ExistingProvider, api: FakeApi, tmp_path: Path) -> None:
    before = api.snapshot()
    cluster = check_up(provider, tmp_path / "up", secret=SECRET)
    assert cluster.helper_image == "helper:1"
    assert [node.name for node in cluster.nodes if node.control_plane] == ["master"]
    check_down(provider, tmp_path / "down", owned=False)
    assert api.writes == []
    assert api.snapshot() == before


def test_an_existing_cluster_that_does_not_answer(
    provider: ExistingProvider, api: FakeApi, tmp_path: Path
) -> None:
    api.nodes.power_off("master")
    check_unreachable(provider, tmp_path / "logs")


def test_what_of_an_existing_cluster_may_not_be_read_is_said_beside_the_rest(
    provider: ExistingProvider, api: FakeApi, tmp_path: Path
) -> None:
    api.server.refuse = lambda _method, path: 403 if path.endswith("/pods") else None
    provider.collect_logs(tmp_path / "logs")
    assert "worker" in (tmp_path / "logs" / "nodes.json").read_text()
    assert json.loads((tmp_path / "logs" / "events.json").read_text())["items"]
    [told] = (tmp_path / "logs").glob("pods*")
    assert "cannot list the pods" in told.read_text()


def test_without_metrics_nothing_is_begun(provider: ExistingProvider, api: FakeApi, tmp_path: Path) -> None:
    check_unreachable(replace(provider, prometheus=None), tmp_path / "logs")
    assert api.writes == []
