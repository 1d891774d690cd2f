"""Every way to say who leads keeps the same promises."""

import pytest
from kubernetes.client import CoordinationV1Api

from faultcast.infra.leadership.leadership import Leadership, NoLease
from faultcast.infra.leadership.lease import Lease
from tests.contract.leadership import check_failing_leadership, check_leadership, check_rivals
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    fake = FakeApi()
    install(monkeypatch, {HOST: fake})
    CoordinationV1Api(fake.kube().api).create_namespaced_lease("default", {"metadata": {"name": "seat"}})
    return fake


def lease(api: FakeApi, holder: str) -> Lease:
    there = CoordinationV1Api(api.kube().api)
    return Lease(there, "default", "seat", holder, clock=api.clock.monotonic)


@pytest.mark.parametrize("kind", ["lease", "none"])
def test_whoever_leads_says_so(api: FakeApi, kind: str) -> None:
    one: Leadership = lease(api, "one") if kind == "lease" else NoLease()
    check_leadership(one, lambda: api.server.reads + len(api.writes))


def test_of_two_one_leads(api: FakeApi) -> None:
    check_rivals(lease(api, "one"), lease(api, "other"), api.clock.sleep)


def test_a_server_that_refuses_is_an_error_with_a_way_on(api: FakeApi) -> None:
    def fail(now: bool) -> None:
        api.server.refuse = lambda _method, path: 503 if now and "leases" in path else None

    check_failing_leadership(lease(api, "one"), fail)


def test_whoever_is_alone_cannot_resign() -> None:
    alone = NoLease()
    term = alone.term()
    assert term is not None
    alone.resign(term, 5.0)
    assert alone.term() == term
