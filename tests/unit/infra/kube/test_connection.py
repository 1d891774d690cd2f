"""An answer becomes objects once, and as the client itself would make them."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client import api_client

from faultcast.infra.kube import connection
from faultcast.infra.kube.connection import Connection
from faultcast.infra.kube.errors import Origin
from tests.fakeapi import FakeApi

KINDS = ("pods", "nodes", "deployments", "daemonsets", "services")
LISTS = {"pods": "V1PodList", "nodes": "V1NodeList", "deployments": "V1DeploymentList"}
LISTS |= {"daemonsets": "V1DaemonSetList", "services": "V1ServiceList"}


def answer(kind: str) -> Any:
    fake = FakeApi()
    fake.install_stack()
    items = [item for _, item in fake.store.items(kind)]
    assert items
    listed = {"kind": LISTS[kind].removeprefix("V1"), "apiVersion": "v1", "metadata": {}, "items": items}
    return SimpleNamespace(data=json.dumps(listed), status=200)


@pytest.fixture
def own() -> Connection:
    configuration = client.Configuration()
    configuration.host = "http://fake"
    return Connection(configuration, Origin(None, "", "http://fake"))


@pytest.mark.parametrize("kind", KINDS)
def test_objects_are_those_of_the_client_itself(own: Connection, kind: str) -> None:
    given = answer(kind)
    found = own.deserialize(given, LISTS[kind])
    assert found == client.ApiClient().deserialize(given, LISTS[kind])
    assert len(found.items) > 0


def test_a_list_is_parsed_once_and_makes_no_configuration(
    own: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, parsed = answer("pods"), list[str]()

    def loads(text: str) -> object:
        parsed.append(text)
        return json.loads(text)

    monkeypatch.setattr(client.Configuration, "__init__", lambda *_: pytest.fail("a configuration was made"))
    monkeypatch.setattr(connection, "json", SimpleNamespace(loads=loads))
    monkeypatch.setattr(api_client, "json", SimpleNamespace(loads=lambda _: pytest.fail("parsed twice")))
    assert own.deserialize(given, "V1PodList").items
    assert len(parsed) == 1
