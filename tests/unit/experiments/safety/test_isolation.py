"""While an experiment runs, nothing in the process finds a cluster other than the named one."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.config import kube_config
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import MaxRetryError

from faultcast.experiments.execution.preview import Preview, preview
from faultcast.experiments.execution.runner import MethodResult, run_method
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.safety.isolation import NOWHERE, ReadingClient, isolated
from faultcast.infra.errors import RefusedError
from faultcast.infra.kube.client import KubeClient, client_of, connect
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.settings import Settings
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install

PROD = "https://prod:6443"
type CarryOut = Callable[[str], tuple[Preview, MethodResult, str]]

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: prod
clusters:
  - {{name: test, cluster: {{server: "{test}"}}}}
  - {{name: prod, cluster: {{server: "{prod}"}}}}
users: [{{name: me, user: {{}}}}]
contexts:
  - {{name: test, context: {{cluster: test, user: me}}}}
  - {{name: prod, context: {{cluster: prod, user: me}}}}
"""


QUIET = """\
title: t
description: d
method:
  - type: probe
    name: how-many
    provider:
      type: python
      module: chaosk8s.pod.probes
      func: count_pods
      arguments: {label_selector: app=gateway, ns: shop}
  - type: action
    name: nothing
    provider:
      type: python
      module: faultcast.experiments.faults.none
      func: do_nothing
      arguments: {duration: 10s}
extensions:
  - name: faultcast
    metrics: [{name: m, query: q}]
    blast_radius: {namespaces: [shop]}
"""


class Counting:
    """An API server that must not be asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def answer(self, method: str, path: str, *_: Any) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        return 200, {"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": []}


class Nobody:
    """No API server."""

    def answer(self, _method: str, path: str, *_: Any) -> tuple[int, Any]:
        raise MaxRetryError(None, f"{NOWHERE}{path}", ConnectionRefusedError("nobody listens"))  # type: ignore[arg-type]


@pytest.fixture
def prod(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kubeconfig: Path, api: FakeApi
) -> Iterator[Counting]:
    """Another cluster, which everything in the environment leads to."""
    counting = Counting()
    install(monkeypatch, {HOST: api, PROD: counting, NOWHERE: Nobody()})
    home = tmp_path / "home"
    (home / ".kube").mkdir(parents=True)
    (home / ".kube" / "config").write_text(kubeconfig.read_text())
    for name, value in {
        "HOME": str(home),
        "KUBECONFIG": str(kubeconfig),
        "KUBERNETES_CONTEXT": "prod",
        "KUBERNETES_HOST": PROD,
        "KUBERNETES_SERVICE_HOST": "prod",
        "KUBERNETES_SERVICE_PORT": "6443",
        "CHAOSTOOLKIT_IN_POD": "true",
        "K8S_AUTH_KUBECONFIG": str(kubeconfig),
        "K8S_AUTH_HOST": PROD,
        "KUBIE_KUBECONFIG": str(kubeconfig),
        "KUBE_TOKEN": "t",
        "TF_VAR_kube_host": PROD,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(kubeconfig))
    monkeypatch.setattr(config, "KUBE_CONFIG_DEFAULT_LOCATION", str(kubeconfig))
    before = client.Configuration._default
    config.load_kube_config()  # what somebody's conftest.py did
    yield counting
    client.Configuration._default = before


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    path = tmp_path / "two.yaml"
    path.write_text(KUBECONFIG.format(test=HOST, prod=PROD))
    return path


def _named(kubeconfig: Path) -> KubeClient:
    return connect(KubeContext(kubeconfig, "test"))


def test_a_probe_asks_the_named_context_and_no_other(prod: Counting, kubeconfig: Path, api: FakeApi) -> None:
    from chaosk8s.pod.probes import count_pods

    with isolated(lambda: _named(kubeconfig)):
        assert (
            count_pods(label_selector="app=gateway", ns="shop", secrets={"KUBERNETES_CONTEXT": "prod"}) == 2
        )
    assert prod.asked == []
    assert api.server.reads > 0
    count_pods(label_selector="app=gateway", ns="shop")
    assert prod.asked == ["GET /api/v1/namespaces/shop/pods"], (
        "that it would have asked is what this test stands on"
    )


@pytest.fixture
def carry_out(kubeconfig: Path, api: FakeApi, settings: Settings, tmp_path: Path) -> CarryOut:
    """Previews and runs an experiment on the named context; gives the preview, the result and the journal."""

    def carry_out(text: str) -> tuple[Preview, MethodResult, str]:
        (tmp_path / "quiet.yaml").write_text(text)
        experiment = load_experiment(tmp_path / "quiet.yaml")
        cluster, kube = api.cluster(kubeconfig, context="test"), _named(kubeconfig)
        seen = preview(experiment, kube, cluster, settings, 1)
        result = run_method(
            experiment,
            seen,
            cluster,
            seed=1,
            run="run",
            trial="trial",
            settings=settings,
            folder=tmp_path / "trial",
            kube=kube,
            clock=api.clock,
        )
        return seen, result, (tmp_path / "trial" / "journal.json").read_text()

    return carry_out


def test_a_whole_run_asks_the_named_context_and_no_other(prod: Counting, carry_out: CarryOut) -> None:
    seen, result, journal = carry_out(QUIET)
    assert seen.besides == ("how-many: chaosk8s.pod.probes.count_pods",)
    assert (result.outcome, result.reason) == ("completed", "")
    assert json.loads(journal)["run"][0]["output"] == 2
    assert prod.asked == []


def test_secrets_are_not_in_the_journal(carry_out: CarryOut, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "s3cret-canary")
    probe = "{type: probe, name: p, provider: {type: process, path: echo, arguments: [hi]}}"
    secrets = "{k: {t: {type: env, key: CANARY}, u: another-canary}}"
    text = QUIET.replace("name: faultcast\n", "name: faultcast\n    programs: [echo]\n")
    _, result, journal = carry_out(f"{text}configuration: {{x: {probe}}}\nsecrets: {secrets}\n")
    assert result.outcome == "completed"
    assert '"how-many"' in journal
    assert "canary" not in journal


def test_a_probe_that_is_imported_only_then_asks_the_named_one_too(
    prod: Counting, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "chaosk8s.namespace.probes", raising=False)
    with isolated(lambda: _named(kubeconfig)):
        probes = importlib.import_module("chaosk8s.namespace.probes")
        probes.namespace_exists("shop")
    assert prod.asked == []
    assert probes.create_k8s_api_client.__module__ == "chaosk8s", "and it has its own function back"


@pytest.mark.parametrize(
    "find",
    [
        config.load_kube_config,
        config.load_incluster_config,
        config.load_config,
        config.new_client_from_config,
        kube_config.load_kube_config,
        config.list_kube_config_contexts,
    ],
    ids=lambda find: find.__name__,
)
def test_the_client_library_finds_no_cluster_by_itself(prod: Counting, kubeconfig: Path, find: Any) -> None:
    with isolated(lambda: _named(kubeconfig)), pytest.raises(ConfigException):
        find()
    assert prod.asked == []


def test_a_client_of_the_default_configuration_reaches_nothing(
    prod: Counting, kubeconfig: Path, api: FakeApi
) -> None:
    with isolated(lambda: _named(kubeconfig)):
        assert (
            "no-default-cluster"
            in client.ApiClient(client.Configuration.get_default_copy()).configuration.host
        )
        with pytest.raises(MaxRetryError, match="no-default-cluster"):
            client.CoreV1Api().list_node()
    assert (prod.asked, api.server.reads) == ([], 0)


def test_a_program_that_is_started_is_led_nowhere(prod: Counting, kubeconfig: Path) -> None:
    script = (
        "import os; print({k: v for k, v in os.environ.items() "
        "if 'KUBE' in k.upper() or k.startswith(('K8S', 'CHAOSTOOLKIT'))})"
    )
    with isolated(lambda: _named(kubeconfig)):
        seen = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout
    assert seen.strip() == str({"KUBECONFIG": os.devnull})
    assert Path(os.devnull).read_text() == ""


@pytest.mark.parametrize(
    ("func", "arguments"),
    [
        ("pod.probes.count_pods", {"label_selector": "a=b", "ns": "../../nodes/w1/proxy"}),
        (
            "crd.probes.get_custom_object",
            {"group": "g", "version": "v1", "plural": "pods", "name": "gateway-1/exec?command=rm"},
        ),
    ],
)
def test_a_probe_cannot_reach_into_a_pod_through_a_name(
    kubeconfig: Path, api: FakeApi, func: str, arguments: dict[str, str]
) -> None:
    module, _, name = func.rpartition(".")
    probe = getattr(importlib.import_module(f"chaosk8s.{module}"), name)
    with isolated(lambda: _named(kubeconfig)), pytest.raises(RefusedError, match="nothing was sent"):
        probe(**arguments)
    assert api.server.reads == 0


def test_a_name_with_signs_of_its_own_may_be_read(api: FakeApi) -> None:
    reading = ReadingClient(client_of(client.ApiClient(client.Configuration(host=HOST))).api.configuration)
    with pytest.raises(client.ApiException):
        client.RbacAuthorizationV1Api(reading).read_cluster_role("system:nobody.x-y")
    assert api.server.reads == 1


def test_afterwards_everything_is_as_it_was(prod: Counting, kubeconfig: Path) -> None:
    def state() -> tuple[object, ...]:
        return (
            dict(os.environ),
            kube_config.KUBE_CONFIG_DEFAULT_LOCATION,
            config.KUBE_CONFIG_DEFAULT_LOCATION,
            client.Configuration._default,
        )

    before = state()
    with pytest.raises(RuntimeError, match="crash"), isolated(lambda: _named(kubeconfig)):
        raise RuntimeError("crash")
    assert state() == before
    assert prod.asked == []


@pytest.mark.parametrize(
    "attempt",
    [
        lambda api: client.CoreV1Api(api).delete_namespaced_pod("gateway-1", "shop"),
        lambda api: client.CoreV1Api(api).delete_collection_namespaced_pod("shop"),
        lambda api: client.CoreV1Api(api).create_namespace({"metadata": {"name": "x"}}),
        lambda api: client.AppsV1Api(api).patch_namespaced_deployment_scale("gateway", "shop", {}),
        lambda api: client.CoreV1Api(api).replace_node("worker", {}),
        lambda api: client.CoreV1Api(api).connect_get_namespaced_pod_exec("g", "shop", command="reboot"),
        lambda api: client.CoreV1Api(api).connect_get_namespaced_pod_attach("g", "shop"),
        lambda api: client.CoreV1Api(api).connect_get_namespaced_pod_proxy("g", "shop"),
        lambda api: client.CoreV1Api(api).connect_get_namespaced_service_proxy_with_path("g", "shop", "x"),
        lambda api: client.CoreV1Api(api).connect_get_namespaced_pod_portforward("g", "shop"),
        lambda api: client.CoreV1Api(api).list_namespaced_pod("../../nodes/w1/proxy"),
        lambda api: client.CoreV1Api(api).list_namespaced_pod(".."),
        lambda api: client.CoreV1Api(api).read_namespaced_pod("gateway-1/log", "shop"),
        lambda api: client.CoreV1Api(api).read_namespaced_pod("gateway-1%2Fexec", "shop"),
        lambda api: client.CoreV1Api(api).read_node("w1\\proxy"),
        lambda api: client.CustomObjectsApi(api).get_namespaced_custom_object(
            "g", "v1", "shop", "pods", "gateway-1/exec?command=rm"
        ),
        lambda api: client.CustomObjectsApi(api).get_namespaced_custom_object(
            "g", "v1", "shop", "pods/gateway-1", "exec"
        ),
        lambda api: client.CustomObjectsApi(api).get_cluster_custom_object("..", "v1", "nodes", "w1#"),
    ],
)
def test_a_client_of_probes_cannot_write(api: FakeApi, attempt: Any) -> None:
    reading = ReadingClient(client_of(client.ApiClient(client.Configuration(host=HOST))).api.configuration)
    with pytest.raises(RefusedError, match="probes may only read; nothing was sent"):
        attempt(reading)
    assert (api.writes, api.server.reads) == ([], 0)
