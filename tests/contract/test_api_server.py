"""The contract of API servers, held against the one in memory."""

import pytest
from kubernetes.client.exceptions import ApiException

from tests.contract.api_server import check_api_server
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    fake = FakeApi()
    install(monkeypatch, {HOST: fake})
    return fake


def test_the_fake_keeps_the_contract(api: FakeApi) -> None:
    before = api.snapshot()
    check_api_server(api.kube(), {"name": "main", "image": "main:1"}, api.clock)
    assert api.snapshot() == before


def test_what_it_does_not_know_is_no_silent_success(api: FakeApi) -> None:
    with pytest.raises(ApiException) as caught:
        api.kube().core.list_persistent_volume()
    assert caught.value.status == 404


def test_writes_are_listed_whether_granted_or_not(api: FakeApi) -> None:
    kube = api.kube("shop/nobody")
    with pytest.raises(ApiException):
        kube.core.delete_namespaced_pod("x", "shop")
    [write] = api.server.writes
    assert (str(write), write.account, write.status) == (
        "DELETE /api/v1/namespaces/shop/pods/x",
        "shop/nobody",
        403,
    )
    assert api.server.denied == ["delete pods x in shop"]
