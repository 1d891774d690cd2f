"""The order of a trial's stages, on a fake cluster and a made-up source; the real ones run in tests/e2e."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from faultcast.experiments.document.extension import Windows
from faultcast.experiments.history import Event, Injection, Mask, Span, load_trial
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.manifests.store import load_facts
from faultcast.experiments.safety.disturbances import Disturbances
from faultcast.fixtures.trial.events import Witness
from faultcast.fixtures.trial.progress import Progress
from faultcast.fixtures.trial.reading import Recording
from faultcast.fixtures.trial.runner import Judged, TrialRunner
from faultcast.forecasting.recovery import expectation
from faultcast.forecasting.series import MetricSeries
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import ConsentError, MetricSourceError
from faultcast.infra.settings import Settings
from faultcast.steady_state.response import response_of
from faultcast.steady_state.store import load_verdict
from faultcast.steady_state.verdict import Status
from tests.fakekube import FakeKube
from tests.lightmodels import LightNaive, LightTheta

type WriteExperiment = Callable[..., Path]
type Shape = Callable[[str, np.ndarray], np.ndarray]


def quiet(query: str, seconds: np.ndarray) -> np.ndarray:
    """A shop on which nothing happens: no errors, a season of a minute in everything else."""
    season = np.sin(2 * np.pi * seconds / 60)
    if 'outcome!="ok"' in query:
        return np.zeros_like(season)
    if "available" in query:
        return np.full_like(season, 2.0)
    noise = np.sin(seconds * 12.9898) * 0.01
    return (0.02 + 0.001 * season if "quantile" in query else 20 + 4 * season) * (1 + noise)


class Source:
    """Made-up metrics."""

    def __init__(self, shape: Shape = quiet) -> None:
        self.shape = shape

    def fetch(self, query: str, start: datetime, end: datetime, step: float) -> MetricSeries:
        index = pd.date_range(start, end, freq=pd.Timedelta(seconds=step))
        seconds = index.as_unit("ns").asi8 / 1e9
        return MetricSeries("made-up", pd.Series(self.shape(query, seconds), index=index), step)

    def values(self, query: str, at: datetime) -> None:
        """It answers no other questions."""

    def alerts(self, start: datetime, end: datetime, step: float) -> None:
        """None."""


@pytest.fixture(autouse=True)
def _light_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expectation, "Theta", LightTheta)
    monkeypatch.setattr(expectation, "Naive", LightNaive)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def run(
    shop: FakeKube,
    cluster: Cluster,
    settings: Settings,
    write_experiment: WriteExperiment,
    tmp_path: Path,
    said: list[str],
) -> Callable[..., Judged]:
    """Runs a catalog experiment; time passes only on the fake cluster's clock."""
    begun, before = datetime.now(UTC), shop.clock.now

    def run(
        source: Source | None = None, base: str = "gateway-pod-delete", windows: dict[str, str] | None = None
    ) -> Judged:
        runner = TrialRunner(
            cluster=cluster,
            kube=shop.client(),
            recording=Recording(source or Source(), 2.0, shop.clock),
            settings=settings,
            run="run",
            trials=tmp_path / "trials",
            seed=1,
            alpha=0.05,
            progress=Progress(said.append, None, shop.clock.monotonic),
            clock=shop.clock,
            now=lambda: begun + timedelta(seconds=shop.clock.now - before),
        )
        experiment = load_experiment(write_experiment(base))
        if windows:
            extension = experiment.extension
            changed = Windows.model_validate(extension.windows.model_dump() | windows)
            extension = extension.model_copy(update={"windows": changed})
            experiment = replace(experiment, extension=extension)
        return runner.run_trial(experiment)

    return run


def test_a_whole_trial_is_saved_before_it_is_judged(run: Callable[..., Judged], shop: FakeKube) -> None:
    judged = run()
    assert judged.history.outcome == "completed"
    assert len(shop.writes) == 1
    history, series = load_trial(judged.folder)
    assert history == judged.history
    assert set(series) == {spec.name for spec in history.metrics} | {"machine_outside", "monitoring_up"}
    assert load_verdict(judged.folder) == judged.verdict
    assert (judged.folder / "journal.json").is_file()


def test_what_happened_beside_the_trial_is_saved_in_order(
    run: Callable[..., Judged], monkeypatch: pytest.MonkeyPatch
) -> None:
    def events(
        _: Witness, injections: tuple[Injection, ...], end: datetime, step: float
    ) -> tuple[Event, ...]:
        started = injections[0].started
        assert end > started
        assert step == 2.0
        return (Event(started + timedelta(seconds=6), "alert", "ShopErrorsHigh", "{}"),)

    monkeypatch.setattr(Witness, "events", events)
    judged = run()
    kinds = [event.kind for event in load_trial(judged.folder)[0].events]
    assert "alert" in kinds
    moments = [event.at for event in judged.history.events]
    assert moments == sorted(moments)
    alert = response_of(judged.history).alert
    assert alert is not None
    assert (alert.name, alert.seconds) == ("ShopErrorsHigh", 6.0)


def test_manifests_that_cannot_be_read_cost_no_trial(run: Callable[..., Judged]) -> None:
    known = load_facts(run().folder)
    assert known.before is not None
    assert known.after is not None
    assert {"pods in shop", "deployments in shop", "nodes"} <= set(known.before.unknown)
    assert known.before.namespaces == ("kube-system", "shop")


def test_what_the_trial_disturbed_is_masked_for_the_next(
    run: Callable[..., Judged], settings: Settings, cluster: Cluster
) -> None:
    first = run()
    (mask,) = Disturbances(settings.state_dir, cluster.identity).since(first.history.started)
    assert first.history.trial in mask.reason
    second = run()
    assert second.history.masks == (mask,)


def test_too_little_history_ends_it_before_anything_is_broken(
    run: Callable[..., Judged], shop: FakeKube
) -> None:
    def sparse(query: str, seconds: np.ndarray) -> np.ndarray:
        return np.where(seconds % 300 < 4, quiet(query, seconds), np.nan)

    judged = run(Source(sparse))
    assert judged.history.outcome == "not-judgeable"
    assert "too little history" in judged.history.reason
    assert judged.verdict.status is Status.UNKNOWN
    assert shop.writes == []


def test_a_gate_that_does_not_hold_ends_it_before_anything_is_broken(
    run: Callable[..., Judged], shop: FakeKube
) -> None:
    started = datetime.now(UTC).timestamp()

    def failing(query: str, seconds: np.ndarray) -> np.ndarray:
        usual = quiet(query, seconds)
        return np.where(seconds > started - 28, 0.5, usual) if 'outcome!="ok"' in query else usual

    judged = run(Source(failing))
    assert judged.history.outcome == "gate-failed"
    assert judged.verdict.status is Status.UNKNOWN
    assert shop.writes == []


def test_without_consent_nothing_is_waited_for_nor_touched(
    run: Callable[..., Judged], shop: FakeKube
) -> None:
    shop.consent = False
    before = shop.clock.now
    with pytest.raises(ConsentError):
        run()
    assert (shop.writes, shop.clock.now) == ([], before)


def test_a_metric_that_cannot_be_read_is_an_error_before_anything_is_broken(
    run: Callable[..., Judged], shop: FakeKube
) -> None:
    def broken(query: str, seconds: np.ndarray) -> np.ndarray:
        message = "parse error"
        raise MetricSourceError(message, remedy="correct the query")

    with pytest.raises(MetricSourceError, match="parse error"):
        run(Source(broken))
    assert shop.writes == []


def test_an_interrupt_while_waiting_is_saved_and_nothing_is_broken(
    run: Callable[..., Judged], shop: FakeKube, settings: Settings, cluster: Cluster
) -> None:
    now = datetime.now(UTC)
    bring_up = Mask(Span(now - timedelta(days=9999), now), "bring-up")
    Disturbances(settings.state_dir, cluster.identity).add(bring_up)

    def interrupt() -> None:
        raise KeyboardInterrupt

    shop.clock.at(100, interrupt)
    judged = run()
    assert judged.history.outcome == "interrupted"
    assert judged.verdict.status is Status.UNKNOWN
    assert shop.writes == []


def test_a_fresh_cluster_waits_for_its_baseline_and_says_how_long(
    run: Callable[..., Judged], shop: FakeKube, settings: Settings, cluster: Cluster, said: list[str]
) -> None:
    now = datetime.now(UTC)
    Disturbances(settings.state_dir, cluster.identity).add(
        Mask(Span(now - timedelta(days=9999), now), "bring-up")
    )
    before = shop.clock.now
    judged = run()
    assert shop.clock.now - before >= 270
    assert any("more of quiet history are needed" in line for line in said)
    assert judged.history.phases.baseline
    assert judged.history.phases.baseline.start >= now - timedelta(seconds=2)


@pytest.mark.parametrize("baseline", ["30m", "2h"])
def test_history_that_is_there_is_used_whatever_its_age(
    run: Callable[..., Judged], shop: FakeKube, said: list[str], baseline: str
) -> None:
    started = datetime.now(UTC)
    judged = run(windows={"baseline": baseline})
    assert judged.history.outcome == "completed"
    assert not any("more of quiet history" in line for line in said)
    span = judged.history.phases.baseline
    assert span is not None
    assert span.seconds >= {"30m": 1800, "2h": 7200}[baseline] - 2
    assert started - span.start < timedelta(hours=2, minutes=2)


def test_what_is_lacking_is_waited_for_and_said_before(
    run: Callable[..., Judged], shop: FakeKube, said: list[str]
) -> None:
    started, before = datetime.now(UTC).timestamp(), shop.clock.now

    def young(query: str, seconds: np.ndarray) -> np.ndarray:
        return np.where(seconds > started - 1500, quiet(query, seconds), np.nan)

    judged = run(Source(young), windows={"baseline": "30m"})
    assert judged.history.outcome == "completed"
    (line,) = [line for line in said if "more of quiet history are needed" in line]
    assert "for a baseline of 30 min and a gate of" in line
    assert "its metrics begin at" in line
    assert 320 <= judged.history.phases.gate.end.timestamp() - started <= 350  # type: ignore[union-attr]
    assert shop.clock.now > before


def test_a_part_of_the_data_is_no_deviation_and_its_reason_is_kept(
    run: Callable[..., Judged], shop: FakeKube
) -> None:
    before = shop.clock.now

    def partly(query: str, seconds: np.ndarray) -> np.ndarray:
        if query != "vector(1)" and shop.clock.now > before + 20:
            message = "what answers at http://thanos has a part of the data only: store b: timeout"
            raise MetricSourceError(message, remedy="mend its stores first")
        return quiet(query, seconds)

    judged = run(Source(partly))
    assert judged.verdict.status is Status.UNKNOWN
    unread = {event.subject: event.text for event in judged.history.events if event.kind == "metric-unread"}
    assert set(unread) == {spec.name for spec in judged.history.metrics}
    assert "store b: timeout" in next(iter(unread.values()))


def test_hours_are_not_waited_for(run: Callable[..., Judged], shop: FakeKube) -> None:
    started, before = datetime.now(UTC).timestamp(), shop.clock.now

    def young(query: str, seconds: np.ndarray) -> np.ndarray:
        return np.where(seconds > started - 7200, quiet(query, seconds), np.nan)

    judged = run(Source(young), windows={"baseline": "24h"})
    assert judged.history.outcome == "not-judgeable"
    assert judged.verdict.status is Status.UNKNOWN
    reason = judged.history.reason
    assert "more of quiet history are needed for a baseline of 24 h" in reason
    assert "its metrics begin at" in reason
    assert "waits 1 h at most: shorten windows.baseline" in reason
    assert (shop.writes, shop.clock.now) == ([], before)


def test_a_source_that_keeps_less_than_was_asked_for_is_found_out(
    run: Callable[..., Judged], shop: FakeKube
) -> None:
    started, before = datetime.now(UTC).timestamp(), shop.clock.now

    def forgetful(query: str, seconds: np.ndarray) -> np.ndarray:
        now = started + shop.clock.now - before
        return np.where(seconds > now - 900, quiet(query, seconds), np.nan)

    judged = run(Source(forgetful), windows={"baseline": "30m"})
    assert judged.history.outcome == "not-judgeable"
    assert "cannot be had: after a wait of" in judged.history.reason
    assert shop.writes == []


def test_a_watch_sees_less_than_the_judge_will(shop: FakeKube) -> None:
    recording = Recording(Source(), 2.0, shop.clock)
    start = datetime(2026, 1, 1, 12, 0, 1, tzinfo=UTC)
    for watched in range(30):
        end = start + timedelta(seconds=watched)
        seen = recording.between((), start, end, spare=2).get("machine_outside", pd.Series(dtype=float))
        judged = [at for at in pd.date_range(recording.align(start), end, freq="2s") if start <= at < end]
        assert len(seen) <= max(0, len(judged) - 1)
        assert all(at > start for at in seen.index)
