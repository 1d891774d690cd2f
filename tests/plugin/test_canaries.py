"""Whole runs with canaries wherever a secret can be: none is in anything that was written or printed."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import platformdirs
import pytest

from bench.private import free_port
from tests.canaries import canary, found_below, found_in
from tests.plugin.standin import Standin, standin

pytestmark = pytest.mark.slow

pytest_plugins = ("pytester",)

CACHE = platformdirs.user_cache_dir("faultcast")
"""Where Allure is installed; read before `pytester` gives each test a home of its own."""
PLACES = (
    "url", "parameter", "kube-token", "kube-password", "kube-key", "kube-exec", "database", "env-token",
    "env-header", "experiment", "experiment-env", "abort",
)  # fmt: skip
SECRETS = {place: canary(place) for place in PLACES}
SECRETS["env-header"] = SECRETS["env-header"].encode("ascii", "ignore").decode()
TOKEN = SECRETS["kube-token"].encode("ascii", "ignore").decode().replace(" ", "")
"""A token holds no other characters."""
SEARCHED = [*SECRETS.values(), TOKEN]

EXPERIMENT = """
version: 1.0.0
title: Quiet
description: Nothing is done.
secrets:
  app: {{password: {experiment}, token: {{type: env, key: CANARY_OF_EXPERIMENT}}}}
configuration:
  db_password: {{type: env, key: CANARY_OF_EXPERIMENT}}
method:
  - type: action
    name: nothing
    provider:
      type: python
      module: faultcast.experiments.faults.none
      func: do_nothing
      arguments: {{duration: 4s}}
extensions:
  - name: faultcast
    metrics:
      - {{name: rate, query: served, unit: req/s, smallest_effect: 10, lookback: 1s}}
    blast_radius: {{namespaces: [shop]}}
    windows: {{baseline: 60s, fault: 10s, recovery: 10s}}
    abort:
      - {{url: {abort}, status: 200}}
"""

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
clusters:
- name: c
  cluster: {{server: "{server}/k8s"}}
users:
- name: me
  user: {{token: {token}, client-certificate-data: {certificate}, client-key-data: {key}}}
- name: other
  user:
    username: admin
    password: {password}
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: "false"
      interactiveMode: Never
      env: [{{name: VAULT_LOGIN, value: {exec}}}]
contexts:
- name: c
  context: {{cluster: c, user: me}}
"""

CONFTEST = """
import logging, os, sys, warnings
from dataclasses import replace
import pytest, requests
import faultcast.fixtures.trial.runner as trial
from faultcast.infra.cluster import DatabaseAccess

BROKEN, METHOD = False, trial.run_method

def run_method(experiment, plan, cluster, **more):
    told = " ".join(sys.argv) + repr(dict(os.environ)) + os.environ["CANARY_OF_DATABASE"]
    print("printed", told)
    print("said", told, file=sys.stderr)
    logging.getLogger("anything").error("logged %s", told)
    if experiment.name.startswith("b-"):
        requests.get(f"{os.environ['STANDIN']}/shift", params={"seconds": 12}, timeout=5)
    if experiment.name.startswith("c-"):
        raise RuntimeError(f"cannot reach {told}")
    return METHOD(experiment, plan, cluster, **more)

trial.run_method = run_method

@pytest.fixture(scope="session")
def faultcast_cluster(faultcast_cluster):
    access = DatabaseAccess("127.0.0.1", 9, "faultcast", "me", os.environ["CANARY_OF_DATABASE"])
    endpoints = replace(faultcast_cluster.endpoints, database=access, pushgateway="http://me:p@127.0.0.1:9")
    return replace(faultcast_cluster, endpoints=endpoints)

@pytest.fixture(autouse=True)
def attached(record_property):
    import allure
    told = " ".join(sys.argv)
    record_property("told", told)
    allure.attach(told, "told")
    allure.attach(told.encode(), "told", extension="log")
    allure.dynamic.parameter("told", told)
    allure.dynamic.description(told)
"""


@pytest.fixture
def servers() -> Iterator[Standin]:
    with standin() as both:
        yield both


@pytest.fixture
def place(pytester: pytest.Pytester, servers: Standin, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An experiment for each ending, a kubeconfig, and an environment, all of them full of canaries."""
    login = quote(SECRETS["abort"], safe="")
    text = EXPERIMENT.format(
        experiment=json.dumps(SECRETS["experiment"]),
        abort=json.dumps(servers.url.replace("//", f"//me:{login}@") + "/prom/ready"),
    )
    chaos = pytester.mkdir("chaos")
    for name in ("a-holds", "b-deviates", "c-crashes"):
        (chaos / f"{name}.yaml").write_text(text)
    key = f"-----BEGIN PRIVATE KEY-----\n{SECRETS['kube-key']}\n-----END PRIVATE KEY-----\n"
    (pytester.mkdir("secret") / "kubeconfig").write_text(
        KUBECONFIG.format(
            server=servers.url,
            token=json.dumps(TOKEN),
            certificate=base64.b64encode(b"-----BEGIN CERTIFICATE-----\nMIIB\n").decode(),
            key=base64.b64encode(key.encode()).decode(),
            password=json.dumps(SECRETS["kube-password"]),
            exec=json.dumps(SECRETS["kube-exec"]),
        )
    )
    pytester.makeconftest(CONFTEST)
    for name, value in {
        "FAULTCAST_STATE_DIR": str(pytester.path / "state"),
        "FAULTCAST_CACHE_DIR": CACHE,
        "FAULTCAST_PROMETHEUS_HEADERS": f"Authorization: Bearer {SECRETS['env-header']}",
        "SOME_API_TOKEN": SECRETS["env-token"],
        "CANARY_OF_EXPERIMENT": SECRETS["experiment-env"],
        "CANARY_OF_DATABASE": SECRETS["database"],
        "STANDIN": servers.url,
        "COLUMNS": "500",
    }.items():
        monkeypatch.setenv(name, value)
    return pytester


def _run(place: pytest.Pytester, url: str, *more: str) -> tuple[pytest.RunResult, bytes]:
    result = place.runpytest_subprocess(
        "--faultcast-experiments", "chaos",
        "--faultcast-cluster", "existing", "--faultcast-kubeconfig", "secret/kubeconfig",
        "--faultcast-prometheus-url", url, "--faultcast-seed", "1", "--faultcast-alpha", "0.01", *more,
    )  # fmt: skip
    return result, (result.stdout.str() + result.stderr.str()).encode()


def _everything(place: pytest.Pytester) -> list[Path]:
    return [path for path in place.path.iterdir() if path.name not in ("secret", "chaos", "conftest.py")]


@pytest.mark.slow
def test_no_canary_is_in_anything_a_run_writes_or_prints(place: pytest.Pytester, servers: Standin) -> None:
    url = servers.url.replace("//", f"//me:{SECRETS['url']}@") + "/prom"
    html = ("-p", "metadata", "-p", "html", "-p", "html_fixtures", "--html", "page.html")
    result, printed = _run(place, url, "-rA", "--showlocals", "--debug=debug.log", *html)
    text = printed.decode()
    verdicts = {
        name: f"{name}: {word}" in text for name, word in (("a-holds", "HELD"), ("b-deviates", "DEVIATED"))
    }
    assert all(verdicts.values()), text[-6000:]
    assert "no report was made" not in text
    result.assert_outcomes(passed=1, failed=2)
    login = base64.b64encode(f"me:{SECRETS['url']}".encode()).decode()
    assert f"Basic {login}" in servers.authorized, "the login has to arrive where it is meant"
    (run,) = (path for path in (place.path / "runs").iterdir() if not path.is_symlink())
    made = {path.name for path in run.rglob("*")}
    assert {
        "run.json",
        "junit.xml",
        "repeat.txt",
        "journal.json",
        "history.json",
        "environment.properties",
    } <= made
    assert list((place.path / "state" / "spool").glob("*.json"))
    assert "a-holds" in (place.path / "page.html").read_text()
    assert found_in(printed, SEARCHED) == set()
    assert found_below(_everything(place), SEARCHED) == {}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param((), marks=pytest.mark.slow),
        ("--no-such-option=http://me:{}@h",),
        ("--faultcast-alpha", "7"),
    ],
)
def test_no_canary_is_in_what_a_run_with_a_wrong_url_says(
    place: pytest.Pytester, more: tuple[str, ...]
) -> None:
    parameter = quote(SECRETS["parameter"], safe="")
    url = f"http://me:{SECRETS['url']}@127.0.0.1:{free_port()}/prom?token={parameter}"
    result, printed = _run(place, url, *(word.format(SECRETS["url"]) for word in more), "--showlocals")
    assert result.ret != 0
    assert found_in(printed, SEARCHED) == set()
    assert found_below(_everything(place), SEARCHED) == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "url",
    ["me:{}@127.0.0.1:9/plain", "http:me:{}@127.0.0.1:9", "//me:{}@h", "http://me:{}", "http://h/?p={}#{}"],
)
def test_no_canary_is_in_what_a_run_says_whose_url_is_none(place: pytest.Pytester, url: str) -> None:
    secret = quote(SECRETS["url"], safe="")
    given = url.format(*[secret] * url.count("{}"))
    words = ["--faultcast-prometheus-url", given] if "//" in url else [f"--faultcast-prometheus-url={given}"]
    result = place.runpytest_subprocess(
        "--faultcast-experiments", "chaos",
        "--faultcast-cluster", "existing", "--faultcast-kubeconfig", "secret/kubeconfig", *words,
        "--showlocals", "--debug=debug.log",
    )  # fmt: skip
    assert result.ret != 0
    assert found_in((result.stdout.str() + result.stderr.str()).encode(), SEARCHED) == set()
    assert found_below(_everything(place), SEARCHED) == {}
