"""`faultcast observe` as a person or a script meets it."""

import json
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from faultcast.cli import observe
from faultcast.experiments.history import Mask, Span
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.safety.disturbances import Disturbances
from faultcast.fixtures.observe.observation import Observation, Observer
from faultcast.infra import providers
from faultcast.infra.cluster import Cluster, Endpoints, NoNodeControl
from faultcast.infra.errors import ClusterError, FaultcastError
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.steady_state.verdict import Status
from tests.fakeprometheus import FakePrometheus, Value, serving

EXPERIMENT = Path(__file__).parents[3] / "experiments" / "catalog" / "no-fault.yaml"
LEVELS = {"served_rate": 20.0, "latency_p95": 0.1, "error_ratio": 0.0}


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    observe.register(made)
    made.callback()(lambda: None)
    return made


def _about(level: float) -> Value:
    return lambda at: level * (1 + 0.02 * math.sin(1e4 * math.sin(at)))


@pytest.fixture
def prometheus() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as fake:
        for spec in load_experiment(EXPERIMENT).extension.metrics:
            fake.series[spec.query] = [({}, _about(LEVELS[spec.name]))]
        yield fake


@pytest.fixture(autouse=True)
def cluster(prometheus: FakePrometheus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    found = Cluster(
        "preprod", "existing", KubeContext(tmp_path / "kubeconfig", "it"), "uid", (),
        Endpoints(prometheus=PrometheusAccess(prometheus.url)), NoNodeControl(),
    )  # fmt: skip
    monkeypatch.setenv("FAULTCAST_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(providers, "open_cluster", lambda *_: found)
    return found


def run(app: typer.Typer, *arguments: str) -> Result:
    return CliRunner().invoke(
        app, ["observe", "--experiments", str(EXPERIMENT), "--minutes", "10", *arguments]
    )


def query(name: str) -> str:
    return next(spec.query for spec in load_experiment(EXPERIMENT).extension.metrics if spec.name == name)


def test_a_quiet_system_ends_with_0_and_a_table(app: typer.Typer, tmp_path: Path) -> None:
    result = run(app)
    assert result.exit_code == 0, result.output
    words = result.output.split()
    assert {"served_rate", "latency_p95", "error_ratio", "HELD"} <= set(words)
    assert "learnt from 10 min of the 10 min before\n" in result.output
    assert "UTC: 3 metrics as their history lets one expect, at alpha 0.05" in result.output
    assert not (tmp_path / "state").exists()


def test_a_deviation_ends_with_1_and_names_the_metric(app: typer.Typer, prometheus: FakePrometheus) -> None:
    calm, start = prometheus.series[query("served_rate")][0][1], time.time() - 30
    prometheus.series[query("served_rate")] = [({}, lambda at: 5.0 if at > start else calm(at))]
    result = run(app)
    assert result.exit_code == 1, result.output
    assert "UTC: served_rate: the steady state did not hold" in result.output


def test_what_nobody_can_tell_ends_with_3(app: typer.Typer, prometheus: FakePrometheus) -> None:
    del prometheus.series[query("latency_p95")]
    result = run(app)
    assert result.exit_code == 3, result.output
    assert "UTC: latency_p95: cannot tell" in result.output
    assert "latency_p95 cannot be read: the query gives no series" in result.output


def test_samples_are_as_far_apart_as_was_said(app: typer.Typer, prometheus: FakePrometheus) -> None:
    prometheus.without_targets = True
    assert "--step 15s" in str(run(app).exception)
    result = run(app, "--step", "5s")
    assert result.exit_code == 0, result.output
    steps = {asked["step"] for path, asked in prometheus.asked if path.endswith("/query_range")}
    assert "5.0" in steps


def test_the_history_is_as_long_as_the_longest_baseline(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    file.write_text(EXPERIMENT.read_text() + "    windows: {baseline: 2h}\n")
    result = CliRunner().invoke(app, ["observe", "--experiments", str(file)])
    assert "learnt from 2 h of the 2 h before" in result.output


def test_a_script_gets_one_document_on_one_line(app: typer.Typer) -> None:
    result = run(app, "--json", "--window", "20s")
    assert result.exit_code == 0
    (line,) = result.output.splitlines()
    found = json.loads(line)
    assert found["status"] == "HELD"
    assert found["history"] == {"asked_seconds": 600.0, "seconds": 600.0, "masks": []}
    assert [one["metric"] for one in found["metrics"]] == ["error_ratio", "latency_p95", "served_rate"]
    assert {"unit", "status", "p_value", "effect", "smallest_visible", "model", "reasons"} <= set(
        found["metrics"][0]
    )


def test_earlier_faults_are_masked_and_named(app: typer.Typer, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    span = Span(now - timedelta(minutes=5), now - timedelta(minutes=4))
    Disturbances(tmp_path / "state", "uid").add(Mask(span, "fault and recovery of trial x"))
    result = run(app)
    assert "of the 10 min before; masked: fault and recovery of trial x\n" in result.output
    assert result.exit_code == 0


def test_the_windows_of_a_watch_with_an_end_share_the_alpha(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watch(self: Observer, until: object, _progress: object) -> Iterator[Observation]:
        assert until is not None
        for _ in range(4):
            yield self.look()

    monkeypatch.setattr(Observer, "watch", watch)
    result = run(app, "--for", "90s")
    assert result.exit_code == 0
    assert "at alpha 0.0125" in result.output
    assert "4 windows: 4 HELD, 0 DEVIATED, 0 UNKNOWN; all windows share one alpha" in result.output


def test_ctrl_c_ends_a_watch_with_the_worst_that_was_seen(
    app: typer.Typer, prometheus: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watch(self: Observer, until: object, _progress: object) -> Iterator[Observation]:
        assert until is None
        yield self.look()
        del prometheus.series[query("latency_p95")]
        yield self.look()
        raise KeyboardInterrupt

    monkeypatch.setattr(Observer, "watch", watch)
    result = run(app, "--watch")
    assert result.exit_code == 3
    assert "2 windows: 1 HELD, 0 DEVIATED, 1 UNKNOWN; about 0.1 deviate by chance" in result.output


def test_the_guide_explains_every_option(app: typer.Typer) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    section = guide.partition("## Looking without a fault")[2].partition("\n## ")[0]
    command = typer.main.get_command(app).commands["observe"]  # type: ignore[attr-defined]
    options = {name for option in command.params for name in option.opts}
    assert {"--experiments", "--minutes", "--watch", "--for", "--json"} <= options
    for name in options - {"--help"}:
        assert f"`{name}" in section, name


def test_every_verdict_has_an_exit_code_of_its_own() -> None:
    codes = [observe._CODES[str(status)] for status in Status]
    assert sorted(codes) == [0, 1, 3]  # 2 is that of an error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--window", "soon"), "--window: 'soon' is not a duration"),
        (("--window", "0s"), "--window: 0s is no length of time"),
        (("--window", "4s"), "holds 2 samples"),
        (("--step", "often"), "--step: 'often' is not a duration"),
        (("--for", "1 hour"), "--for: '1 hour' is not a duration"),
        (("--experiments", "nowhere"), "nowhere: no such file or folder"),
    ],
)
def test_options_that_make_no_sense_are_errors(
    app: typer.Typer, arguments: tuple[str, ...], message: str
) -> None:
    result = run(app, *arguments)
    assert isinstance(result.exception, FaultcastError)
    assert message in str(result.exception)
    assert result.exception.remedy


def test_an_existing_cluster_without_a_prometheus_is_an_error(
    app: typer.Typer, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = replace(cluster, endpoints=Endpoints())
    monkeypatch.setattr(providers, "open_cluster", lambda *_: blind)
    assert "nobody knows the Prometheus of cluster preprod" in str(run(app).exception)


def test_no_cluster_and_no_history_are_errors(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch, prometheus: FakePrometheus
) -> None:
    prometheus.series.clear()
    assert "none of the 3 metrics can be read" in str(run(app).exception)

    def down(*_: object) -> Cluster:
        message = "cluster faultcast is not up"
        raise ClusterError(message, remedy="start it: faultcast up")

    monkeypatch.setattr(providers, "open_cluster", down)
    assert "is not up" in str(run(app).exception)
