"""A trial on a cluster of somebody's own, from the command line to the verdict: a Prometheus with a past."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from faultcast.infra.settings import load_settings
from tests.fakeprometheus import FakePrometheus, serving

pytest_plugins = ("pytester",)
CACHE = load_settings().cache_dir  # of the user, before the tests get a home of their own
pytestmark = pytest.mark.slow

EXPERIMENT = """
version: 1.0.0
title: Quiet
description: Nothing is done.
method:
  - type: action
    name: nothing
    provider:
      type: python
      module: faultcast.experiments.faults.none
      func: do_nothing
      arguments: {duration: 5s}
extensions:
  - name: faultcast
    metrics:
      - {name: rate, query: served, unit: req/s}
    blast_radius: {namespaces: [shop]}
    windows: {baseline: BASELINE, fault: 15s, recovery: 10s}
"""
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: URL}}]
users: [{name: me, user: {token: abc}}]
contexts: [{name: test, context: {cluster: test, user: me}}]
"""
SYSTEM = {
    "kind": "Namespace",
    "apiVersion": "v1",
    "metadata": {"name": "kube-system", "uid": "u-1", "labels": {"faultcast.dev/consent": "true"}},
}


@contextmanager
def empty_cluster() -> Iterator[tuple[str, list[str]]]:
    """An API server with nothing on it, and every write that it was sent."""
    writes: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == "/api/v1/namespaces/kube-system"
            body = json.dumps(SYSTEM if known else {"kind": "List", "metadata": {}, "items": []}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            writes.append(f"{self.command} {self.path}")
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PATCH = do_PUT = do_DELETE = do_POST  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", writes
    finally:
        server.shutdown()
        server.server_close()


def noise(at: float) -> float:
    """The same in every minute, so that no trial of it is a false alarm by chance."""
    return 20 + random.Random(int(at * 1000) % 60_000).gauss(0, 1)  # noqa: S311 - noise


def run(pytester: pytest.Pytester, fake: FakePrometheus, baseline: str, *options: str) -> pytest.RunResult:
    with empty_cluster() as (api, writes):
        pytester.makefile(".yaml", quiet=EXPERIMENT.replace("BASELINE", baseline))
        pytester.makefile(".kubeconfig", test=KUBECONFIG.replace("URL", api))
        result = pytester.runpytest_subprocess(
            "--faultcast-experiments", "quiet.yaml",
            "--faultcast-cluster", "existing", "--faultcast-kubeconfig", "test.kubeconfig",
            "--faultcast-runs-dir", "runs", "--faultcast-prometheus-url",
            fake.url.replace("//", "//me:w0rd@"), *options,
        )  # fmt: skip
    assert writes == []
    return result


@pytest.fixture
def prometheus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakePrometheus]:
    monkeypatch.setenv("FAULTCAST_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("FAULTCAST_CACHE_DIR", str(CACHE))
    with serving(FakePrometheus(without_targets=True, header="Basic bWU6dzByZA==")) as fake:
        fake.series = {"served": [({}, noise)], "vector(1)": [({}, lambda _: 1.0)]}
        yield fake


def test_half_an_hour_of_history_is_there_and_used_at_once(
    pytester: pytest.Pytester, prometheus: FakePrometheus
) -> None:
    result = run(pytester, prometheus, "30m", "--faultcast-step", "5s")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*more of quiet history*")
    (history,) = pytester.path.glob("runs/latest/trials/*/history.json")
    begin, end = json.loads(history.read_text())["phases"]["baseline"].values()
    length = datetime.fromisoformat(end) - datetime.fromisoformat(begin)
    assert length >= timedelta(seconds=1795)
    (repeat,) = pytester.path.glob("runs/latest/trials/*/repeat.txt")
    assert "--faultcast-step 5s" in repeat.read_text()
    assert {found.get("Authorization") for found in prometheus.headers} == {"Basic bWU6dzByZA=="}


def test_a_day_that_a_young_metric_cannot_have_is_said_at_once(
    pytester: pytest.Pytester, prometheus: FakePrometheus
) -> None:
    born = time.time() - 600
    prometheus.series["served"] = [({}, lambda at: noise(at) if at > born else None)]
    result = run(pytester, prometheus, "24h", "--faultcast-step", "5s")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*more of quiet history*for a baseline of 24 h*its metrics begin at*"])
    assert result.duration < 60


def test_without_a_list_of_targets_the_way_out_is_named(
    pytester: pytest.Pytester, prometheus: FakePrometheus
) -> None:
    result = run(pytester, prometheus, "30m")
    result.stdout.fnmatch_lines(["*does not say how often it scrapes*", "*--faultcast-step 15s*"])
    result.assert_outcomes(errors=1)
