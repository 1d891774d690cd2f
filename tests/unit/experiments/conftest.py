from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from faultcast.infra.cluster import Cluster, Endpoints, NoNodeControl
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.settings import Settings, load_settings
from tests.contract.conftest import stage
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install
from tests.fakekube import IDENTITY, FakeKube
from tests.kubeconfigs import write_kubeconfig

__all__ = ["stage"]

type WriteExperiment = Callable[..., Path]

CATALOG = Path(__file__).parents[3] / "experiments" / "catalog"


@pytest.fixture
def shop() -> FakeKube:
    """A fake cluster with the shop: two gateways, one store."""
    fake = FakeKube()
    fake.deploy("gateway", 2)
    fake.deploy("store", 1, warm_up=3.0)
    return fake


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    """A fake cluster below the real client: the shop, DNS and monitoring on two nodes."""
    fake = FakeApi()
    install(monkeypatch, {HOST: fake})
    fake.install_stack()
    return fake


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(state_dir=tmp_path / "state", cache_dir=tmp_path / "cache")


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig")
    return Cluster(
        name="fake",
        provider="existing",
        kube_context=KubeContext.of(kubeconfig),
        identity=IDENTITY,
        nodes=(),
        endpoints=Endpoints(),
        node_control=NoNodeControl(),
    )


@pytest.fixture
def write_experiment(tmp_path: Path) -> WriteExperiment:
    """Writes a copy of a catalog file with changed fault arguments and radius."""

    def write(
        base: str = "gateway-pod-delete",
        *,
        arguments: dict[str, Any] | None = None,
        radius: dict[str, Any] | None = None,
        change: Callable[[Any], None] | None = None,
    ) -> Path:
        yaml = YAML()
        document = yaml.load((CATALOG / f"{base}.yaml").read_text())
        provider = document["method"][0]["provider"]
        for key, value in (arguments or {}).items():
            provider["arguments"].pop(key, None)
            if value is not None:
                provider["arguments"][key] = value
        document["extensions"][0]["blast_radius"].update(radius or {})
        if change:
            change(document)
        path = tmp_path / f"{base}.yaml"
        with path.open("w") as file:
            yaml.dump(document, file)
        return path

    return write
