"""Whoever reads metrics is known to Prometheus: every way in is given a stand-in that asks who is there."""

import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from faultcast.cli import observe
from faultcast.cli.outlook.forecast_options import Chosen, Lengths, request_of
from faultcast.experiments.history import Injection, Proof
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.resources.access import access_to
from faultcast.fixtures.trial.events import Witness
from faultcast.fixtures.trial.reading import recording_of
from faultcast.forecasting.outlook.worker import _client
from faultcast.infra.cluster import Cluster
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.providers import existing, open_cluster
from faultcast.infra.providers.local.provider import LocalProvider
from faultcast.infra.settings import load_settings
from faultcast.reports.outlook.running import Request
from faultcast.service.outlook_duties import OutlookDuties
from faultcast.service.settings import load_forecaster_settings
from tests.fakeprometheus import FakePrometheus, serving
from tests.kubeconfigs import write_kubeconfig

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "catalog" / "no-fault.yaml"
WORD = "p@ss/w%rd"
BASIC = "Basic " + b64encode(f"me:{WORD}".encode()).decode()


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as serving_fake:
        for spec in load_experiment(EXPERIMENT).extension.metrics:
            serving_fake.series[spec.query] = [({}, lambda at: 20 + at % 7)]
        yield serving_fake


@pytest.fixture(autouse=True)
def _reachable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An existing cluster whose API answers."""
    nodes = SimpleNamespace(core=SimpleNamespace(list_node=lambda **_: SimpleNamespace(items=[])))
    monkeypatch.setattr(existing, "connect", lambda *_: nodes)
    monkeypatch.setattr(existing, "identity_of", lambda *_: "uid")
    monkeypatch.setenv("FAULTCAST_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "kubeconfig")))


def opened(url: str) -> Cluster:
    return open_cluster(load_settings(), KubeContext.of(Path(os.environ["KUBECONFIG"])), url)


def meter(url: str) -> None:
    """Faults, their evidence, and what aborts them."""
    access_to(opened(url), SimpleNamespace(core=None)).meter.value("up")  # type: ignore[arg-type]


def recording(url: str) -> None:
    """A trial's baseline, windows and recovery."""
    metrics = load_experiment(EXPERIMENT).extension.metrics
    found = recording_of(opened(url), [spec.query for spec in metrics])
    end = found.align(datetime.now(UTC))
    found.begin(metrics, end - timedelta(minutes=5), end)
    found.read(metrics, end - timedelta(minutes=5), end, strict=True)


def alerts(url: str) -> None:
    """The alerts beside a trial."""
    now = datetime.now(UTC)
    injection = Injection("none", (), now - timedelta(seconds=30), now, Proof(True, "", "", None))
    witness = Witness(recording_of(opened(url), []).source, SimpleNamespace())  # type: ignore[arg-type]
    events = witness.events((injection,), now, 2.0)
    assert "alerts-read" in {event.kind for event in events}


def observed(url: str) -> None:
    app = typer.Typer()
    observe.register(app)
    app.callback()(lambda: None)
    asked = [
        "observe",
        "--experiments",
        str(EXPERIMENT),
        "--kubeconfig",
        os.environ["KUBECONFIG"],
        "--prometheus-url",
        url,
    ]
    result = CliRunner().invoke(app, [*asked, "--prometheus-url", url])
    assert "learnt from" in result.output, result.exception


def asked_for_up(url: str) -> Request:
    chosen = Chosen(
        metrics=["up"], queries=None, include=None, exclude=None, kinds=None, limits=None, all_metrics=False
    )
    lengths = Lengths("5w", "1w", "auto", "auto")
    return request_of(load_settings(), url=url, chosen=chosen, lengths=lengths, models=None)


def forecast(url: str) -> None:
    request = asked_for_up(url)
    request.client().metrics()
    _client(request.prometheus).metrics()


def service(url: str) -> None:
    options: dict[str, Any] = {"database_host": "x", "database_user": "x", "models": None}
    duties = OutlookDuties(load_forecaster_settings(prometheus_url=url, **options))
    assert duties.check()["prometheus"] == ""
    duties._request().client().metrics()


CALLERS: list[Callable[[str], None]] = [meter, recording, alerts, observed, forecast, service]


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.__name__)
@pytest.mark.parametrize("way", ["token", "password", "url", "header", "parameter"])
def test_everybody_is_known(
    fake: FakePrometheus, monkeypatch: pytest.MonkeyPatch, caller: Callable[[str], None], way: str
) -> None:
    url = fake.url
    if way == "token":
        monkeypatch.setenv("FAULTCAST_PROMETHEUS_TOKEN", "t.o.ken")
        fake.header = "Bearer t.o.ken"
    elif way == "password":
        monkeypatch.setenv("FAULTCAST_PROMETHEUS_USER", "me")
        monkeypatch.setenv("FAULTCAST_PROMETHEUS_PASSWORD", WORD)
        fake.header = BASIC
    elif way == "url":
        url = fake.url.replace("//", f"//me:{WORD}@")
        fake.header = BASIC
    elif way == "header":
        monkeypatch.setenv("FAULTCAST_PROMETHEUS_HEADERS", "X-Scope-OrgID: team")
    else:
        url += "?key=k"
    caller(url)
    assert fake.asked
    if fake.header:
        assert {found.get("Authorization") for found in fake.headers} == {fake.header}
    elif way == "header":
        assert {found.get("X-Scope-OrgID") for found in fake.headers} == {"team"}
    else:
        assert {asked.get("key") for _, asked in fake.asked} == {"k"}


def test_the_local_cluster_is_sent_nothing_that_was_meant_for_another(
    fake: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    from faultcast.infra.cluster import Endpoints, NoNodeControl
    from faultcast.infra.prometheus.access import PrometheusAccess

    monkeypatch.setenv("FAULTCAST_PROMETHEUS_TOKEN", "canary")
    local = Cluster(
        "local",
        "local",
        KubeContext(Path("/k"), "it"),
        "uid",
        (),
        Endpoints(PrometheusAccess(fake.url)),
        NoNodeControl(),
    )
    monkeypatch.setattr(LocalProvider, "attach", lambda _: local)
    prometheus = open_cluster(load_settings()).endpoints.prometheus
    assert prometheus is not None
    prometheus.client().instant("up")
    request = asked_for_up("")
    request.client().metrics()
    assert len(fake.headers) == 2
    assert not any("Authorization" in found for found in fake.headers)
