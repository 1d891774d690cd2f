import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from faultcast.experiments.fault import Fault
from faultcast.infra.settings import load_settings
from tests.contract.stage import Stage
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Stage]:
    """Makes the stage for a fault, with a cluster of its own."""

    def make(fault: Fault[Any], given: Mapping[str, Any] | None = None) -> Stage:
        api = FakeApi()
        install(monkeypatch, {HOST: api})
        monkeypatch.setattr(socket, "create_connection", api.nodes.dial)
        api.install_stack()
        folder = Path(mkdtemp(dir=tmp_path))
        return Stage(api, load_settings(state_dir=folder / "state"), folder, fault, given)

    return make
