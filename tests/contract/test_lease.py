"""What leader election relies on, held against the API server in memory."""

import pytest

from tests.contract.lease import check_lease
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install


def test_the_fake_keeps_what_leader_election_relies_on(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeApi()
    install(monkeypatch, {HOST: fake})
    before = fake.snapshot()
    check_lease(fake.kube(), fake.clock)
    assert fake.snapshot() == before
