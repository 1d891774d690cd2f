"""Windows of the real cluster in which nobody breaks anything: how often the judge calls one a deviation.

Twenty windows of the length that the catalog uses, side by side, are judged as trials without a fault, each
against everything before it. It comes first, while nothing has been broken yet: the gate's trials learn from
the same quiet time.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from scipy import stats

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import Injection, Phases, Proof, Span, TrialHistory
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.safety.disturbances import Disturbances
from faultcast.fixtures.trial.look_back import measure
from faultcast.fixtures.trial.reading import Recording
from faultcast.infra.cluster import Cluster
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.settings import load_settings
from faultcast.infra.waiting import Wait, wait_until
from faultcast.steady_state.trial import judge_trial
from faultcast.steady_state.verdict import Status, TrialVerdict
from tests.e2e.gate import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(900)]

WINDOWS, WINDOW, BASELINE = 20, 16.0, 240.0
CHANCE = 0.001
"""Of more false alarms than are allowed here, for a judge whose alpha is true."""

CONTROL = (
    "sum(rate(container_cpu_usage_seconds_total"
    '{namespace="shop",container!="",pod!="",pod!~"$targets"}[10s]))'
)


@pytest.fixture(scope="module")
def metrics() -> tuple[MetricSpec, ...]:
    catalog = load_experiment(ROOT / "experiments" / "catalog" / "no-fault.yaml").extension.metrics
    return tuple(spec.model_copy(update={"recovers_within": None}) for spec in catalog)


@pytest.fixture(scope="module")
def quiet(
    cluster: Cluster, settled: None, recording: Recording, metrics: tuple[MetricSpec, ...]
) -> tuple[datetime, dict[str, pd.Series]]:
    """The end of a quiet stretch that is long enough, and the metrics up to it."""
    needed = BASELINE + WINDOWS * WINDOW
    past = Disturbances(load_settings().state_dir, cluster.identity)

    def run_up() -> float:
        now = datetime.now(UTC)
        return measure(now, past.since(now - timedelta(hours=1)), now - timedelta(seconds=needed + 60)).run_up

    wait_until(
        "quiet history for twenty windows",
        lambda: run_up() >= needed,
        Wait(needed + 60, 2.0),
        last_seen=lambda: f"{run_up():.0f} s",
    )
    end = recording.align(datetime.now(UTC))
    return end, recording.read(metrics, end - timedelta(seconds=needed), end, strict=True)


@pytest.fixture(scope="module")
def verdicts(
    quiet: tuple[datetime, dict[str, pd.Series]], recording: Recording, metrics: tuple[MetricSpec, ...]
) -> list[TrialVerdict]:
    end, series = quiet
    first = end - timedelta(seconds=WINDOWS * WINDOW)
    found = []
    for number in range(WINDOWS):
        window = Span(
            first + timedelta(seconds=number * WINDOW), first + timedelta(seconds=(number + 1) * WINDOW)
        )
        history = undisturbed(window, metrics, recording.step)
        until = window.end - timedelta(seconds=recording.step)
        found.append(judge_trial(history, {name: values[:until] for name, values in series.items()}))
    return found


def undisturbed(window: Span, metrics: tuple[MetricSpec, ...], step: float) -> TrialHistory:
    begin = window.start - timedelta(seconds=BASELINE)
    nothing = Injection(
        "none", (), window.start, window.end, Proof(proved=True, target="-", peer="-", after=0.0)
    )
    return TrialHistory(
        run="quiet",
        trial=f"quiet-{window.start:%H%M%S}",
        experiment="quiet",
        title="Nothing is broken",
        digest="0" * 64,
        cluster="",
        seed=0,
        step=step,
        started=begin,
        ended=window.end,
        outcome="completed",
        reason="",
        phases=Phases(baseline=Span(begin, window.start), fault=window),
        metrics=metrics,
        injections=(nothing,),
    )


def test_false_alarms_of_trials_are_within_alpha(verdicts: list[TrialVerdict]) -> None:
    called = [verdict.reasons for verdict in verdicts if verdict.status is Status.DEVIATED]
    assert len(called) <= stats.binom.ppf(1 - CHANCE, WINDOWS, 0.05), called


def test_every_window_can_be_told(verdicts: list[TrialVerdict]) -> None:
    """A judge that never speaks has no false alarms either."""
    unknown = [verdict.reasons for verdict in verdicts if verdict.status is Status.UNKNOWN]
    assert len(unknown) <= 1, unknown


def test_an_outage_in_any_of_them_would_have_been_seen(
    quiet: tuple[datetime, dict[str, pd.Series]], recording: Recording, metrics: tuple[MetricSpec, ...]
) -> None:
    end, series = quiet
    window = Span(end - timedelta(seconds=WINDOW), end)
    history = replace(undisturbed(window, metrics, recording.step), trial="outage")
    broken = {name: values.copy() for name, values in series.items()}
    broken["served_rate"][window.start :] *= 0.5
    verdict = judge_trial(history, broken)
    assert verdict.status is Status.DEVIATED
    assert verdict.reasons[0].startswith("during the fault: served_rate")


def test_a_control_leaves_the_targets_out(recording: Recording, kube: KubeClient) -> None:
    spec = MetricSpec(name="cpu", query=CONTROL.replace("$targets", "none"), unit="cores", control=CONTROL)
    pods = kube.core.list_namespaced_pod("shop", label_selector="app=gateway").items
    end = recording.align(datetime.now(UTC) - timedelta(seconds=4))
    read = recording.read(
        [spec], end - timedelta(seconds=30), end, strict=True, targets=[f"pod shop/{pods[0].metadata.name}"]
    )
    assert 0 < read["cpu.control"].mean() < read["cpu"].mean()
