"""The functions that may be called beside faults only read: each is tried on a cluster that counts."""

import importlib
import inspect
from contextlib import suppress
from typing import Any

import pytest
from chaoslib.exceptions import ActivityFailed
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from faultcast.experiments.loading.readers import READERS
from faultcast.experiments.safety.isolation import NOWHERE, isolated
from faultcast.infra.kube.client import client_of
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install

FUNCTIONS = sorted(
    (module, func)
    for module, functions in READERS.items()
    for func in functions
    if module.startswith("chaosk8s")
)
LOOKS_AT_A_VALUE = ("should_be_found_in_logs",)
GIVEN: dict[str, Any] = {
    "name": "gateway",
    "service_name": "gateway",
    "ingress": "gateway",
    "label_selector": "app=gateway",
    "phase": "Running",
    "conditions": [{"type": "Ready", "status": "True"}],
    "condition_type": "Ready",
    "condition_status": "True",
    "value": "hello",
    "pod_name_pattern": "gateway",
    "group": "example.dev",
    "version": "v1",
    "plural": "things",
    "ns": "shop",
    "min_count": 1,
    "timeout": 1,
    "secret_name": "key",
    "pattern": "hello",
}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    """A fake cluster with the shop. A watch makes a client of the default configuration and never asks it."""
    fake = FakeApi()
    install(monkeypatch, {HOST: fake, NOWHERE: fake})
    fake.install_stack()
    return fake


@pytest.mark.parametrize(("module", "func"), FUNCTIONS)
def test_it_sends_nothing_but_get(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, module: str, func: str
) -> None:
    sent: list[str] = []
    plain = client.ApiClient.request

    def request(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        sent.append(method)
        return plain(self, method, url, *args, **kwargs)

    monkeypatch.setattr(client.ApiClient, "request", request)
    function = getattr(importlib.import_module(module), func)
    names = inspect.signature(function).parameters
    kube = client_of(client.ApiClient(client.Configuration(host=HOST)))
    # It may not like what it sees, and the fake answers a watch with a list.
    with isolated(lambda: kube), suppress(ActivityFailed, ApiException, KeyError, TypeError):
        function(**{name: GIVEN[name] for name in names if name in GIVEN})
    assert set(sent) == (set() if func in LOOKS_AT_A_VALUE else {"GET"})
    assert api.writes == []


def test_every_probe_of_the_package_is_on_the_list_or_left_out_on_purpose() -> None:
    known = set()
    for module in READERS:
        loaded = importlib.import_module(module)
        known |= {
            (module, name)
            for name, one in inspect.getmembers(loaded, inspect.isfunction)
            if (one.__module__ == module and not name.startswith("_"))
            or name in getattr(loaded, "__all__", ())
        }
    ours = {(module, func) for module, functions in READERS.items() for func in functions}
    assert ours - known == set(), "these are not there"
    assert known - ours == set(), "these are neither known to read, nor refused on purpose"
