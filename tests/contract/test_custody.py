"""Every custody keeps the same promises."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.permissions import Permission, helper_rights
from faultcast.experiments.resources.targets import Target
from faultcast.experiments.safety.custody import ClusterCustody, Custody, NoCustody
from faultcast.experiments.safety.ledger import Entry
from faultcast.infra.processes import ProcessId
from tests.contract.custody import check_custody, check_refused_custody
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install
from tests.fakekube import IDENTITY

RIGHTS = (*helper_rights(), Permission(("get", "list", "patch"), "nodes"))
IMAGES = {ClusterCustody: "helper:1", NoCustody: ""}

every_custody = pytest.mark.parametrize("kind", IMAGES)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    fake = FakeApi()
    install(monkeypatch, {HOST: fake})
    fake.install_stack()
    return fake


@pytest.fixture
def entry(api: FakeApi, tmp_path: Path) -> Entry:
    now = datetime.fromtimestamp(api.epoch(), UTC)
    return Entry(
        cluster=IDENTITY,
        kubeconfig=tmp_path / "kubeconfig",
        context="it",
        run="r",
        trial="t",
        runner=ProcessId(2**22 - 3, 1.0),
        module="faultcast.experiments.faults.node_cordon",
        arguments={"node": "worker", "duration": 20.0},
        targets=(Target("node", "", "worker", "uid-of-worker", node="worker"),),
        state={"restore": [], "spread": {}, "lacking": []},
        written=now,
        expiry=now + timedelta(seconds=30),
    )


def access_for(api: FakeApi, kind: type[Custody]) -> Access:
    """One access, so that what is compared is the same object; the image says which custody is used."""
    return replace(api.access(), helper_image=IMAGES[kind])


@every_custody
def test_it_takes_effects_and_gives_them_back(api: FakeApi, entry: Entry, kind: type[Custody]) -> None:
    def outside() -> Mapping[str, Any]:
        api.pass_time(1.0)
        return {name: one for name, one in api.snapshot().items() if "faultcast" not in name}

    check_custody(kind(), access_for(api, kind), entry, RIGHTS, outside)


@every_custody
def test_what_is_refused_is_said_and_leaves_nothing(api: FakeApi, entry: Entry, kind: type[Custody]) -> None:
    @contextmanager
    def refuse(resource: str) -> Iterator[Callable[[], int]]:
        asked: list[str] = []

        def answer(method: str, path: str) -> int | None:
            if method == "POST" and path.endswith(f"/{resource}"):
                asked.append(path)
                return 403
            return None

        api.server.refuse = answer
        yield lambda: len(asked)
        api.server.refuse = lambda _method, _path: None

    check_refused_custody(kind(), access_for(api, kind), entry, RIGHTS, refuse)
