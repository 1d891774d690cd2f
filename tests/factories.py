"""Realistic records for tests: a shop with a visible season, in three endings.

Everything is made from a seed and a fixed date, so that two calls give equal records.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import (
    Event,
    Injection,
    Mask,
    Phases,
    Proof,
    Span,
    TrialHistory,
    save_trial,
)
from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.steady_state.resilience import Resilience, Traced
from faultcast.steady_state.store import save_verdict
from faultcast.steady_state.verdict import (
    MetricVerdict,
    Phase,
    Recovery,
    SeriesVerdict,
    Status,
    TrialVerdict,
)

INJECTED = datetime(2026, 11, 25, 1, 8, 0, tzinfo=UTC)
"""When every made fault starts."""

STEP = 2.0
RUN = "20261125T010203Z-4f9a1c"
METRICS = (
    MetricSpec(
        name="order_rate",
        query='sum(rate(shop_orders_total{code="200"}[10s]))',
        unit="req/s",
        direction="down",
        recovers_within=60.0,
        critical=True,
    ),
    MetricSpec(
        name="order_p95",
        query="histogram_quantile(0.95, sum by (le) (rate(shop_order_seconds_bucket[10s])))",
        unit="s",
        direction="up",
        recovers_within=60.0,
    ),
    MetricSpec(name="error_ratio", query="shop:errors:ratio", unit="ratio", direction="up", during="any"),
)


def at(seconds: float) -> datetime:
    """The moment `seconds` after the injection."""
    return INJECTED + timedelta(seconds=seconds)


PHASES = Phases(
    baseline=Span(at(-274), at(-34)),
    gate=Span(at(-34), at(-4)),
    fault=Span(at(0), at(30)),
    recovery=Span(at(30), at(90)),
)


def make_run(run: str = RUN) -> RunRecord:
    """A finished run on a local cluster."""
    return RunRecord(
        run=run,
        started=at(-300),
        ended=at(400),
        cluster_name="faultcast",
        cluster_provider="local",
        cluster_identity="0d2a7c52-6f0e-4f3b-9a61-7f5b8f0c2d11",
        seed=20261125,
        git_revision="390f4a2",
        argv=("pytest", "experiments", "--faultcast-cluster", "local"),
        versions={"faultcast": "0.1.0", "darts": "0.48.1", "python": "3.13.0"},
        host={"kernel": "6.18.0", "cpus": "2", "memory": "24 GiB"},
    )


def make_series(*, depth: float = 0.0, back_after: float = 20.0, seed: int = 7) -> dict[str, pd.Series]:
    """Samples of the three metrics; `depth` is how deep the fault bites, 0 to 1."""
    seconds = np.arange(-274, 90 + STEP, STEP)
    index = pd.DatetimeIndex([pd.Timestamp(at(float(second))) for second in seconds])
    noise = np.random.default_rng(seed)
    season = np.sin(2 * np.pi * seconds / 60.0)
    bite = depth * ((seconds >= 2) & (seconds < 30 + back_after))
    values = {
        "order_rate": (20 + 4 * season + noise.normal(0, 0.5, seconds.size)) * (1 - 0.8 * bite),
        "order_p95": 0.12 + 0.02 * season + noise.normal(0, 0.006, seconds.size) + 0.4 * bite,
        "error_ratio": np.clip(noise.normal(0.002, 0.001, seconds.size), 0, None) + 0.6 * bite,
    }
    return {name: pd.Series(data, index=index, name=name) for name, data in values.items()}


def make_forecast(metric: str, span: Span) -> pd.DataFrame:
    """What an honest forecaster says of a metric in a window."""
    seconds = np.arange((span.start - INJECTED).total_seconds(), (span.end - INJECTED).total_seconds(), STEP)
    season = np.sin(2 * np.pi * seconds / 60.0)
    mean, width = {
        "order_rate": (20 + 4 * season, 1.6),
        "order_p95": (0.12 + 0.02 * season, 0.02),
        "error_ratio": (0.002 + 0 * season, 0.004),
    }[metric]
    index = pd.DatetimeIndex([pd.Timestamp(at(float(second))) for second in seconds])
    return pd.DataFrame({"mean": mean, "lower": mean - width, "upper": mean + width}, index=index)


def make_part(
    metric: str,
    phase: Phase,
    status: Status = Status.HELD,
    *,
    p_value: float | None = 0.41,
    effect: float | None = 0.0,
    reason: str = "inside what its own past would give",
    recovery: Recovery | None = None,
) -> MetricVerdict:
    """One metric's verdict in one phase."""
    span = {"gate": PHASES.gate, "during": PHASES.fault, "after": PHASES.recovery}[phase]
    assert span is not None
    series = SeriesVerdict(
        status=status,
        p_value=p_value,
        score=0.0 if p_value is None else float(-np.log10(p_value)),
        effect=effect,
        model="Theta(season=30)",
        reasons=(reason,),
        smallest_visible=0.8,
        effective_windows=24.0,
        coverage=0.94,
        forecast=None if p_value is None else make_forecast(metric, span),
    )
    curve = None
    if phase == "during" and status is Status.DEVIATED and effect is not None:
        series = replace(series, interval=(effect - 0.02, effect + 0.02), relative=-0.8)
        curve = Traced(make_resilience(effect))
    return MetricVerdict(metric, phase, metric != "error_ratio", series, recovery, curve)


def make_resilience(depth: float) -> Resilience:
    """The curve of a metric that fell, or rose, and came back 20 s after the fault."""
    return Resilience(
        detected=4.0,
        looked=88.0,
        depth=depth,
        depth_percent=80.0,
        worst=14.0,
        area=abs(depth) * 40.0,
        area_percent=70.0,
        until=50.0,
        samples=26,
        missing=0,
        recovery=Recovery(20.0, censored=False, allowed=60.0),
    )


def _parts(status: Status) -> tuple[MetricVerdict, ...]:
    gates = tuple(make_part(metric.name, "gate") for metric in METRICS)
    if status is Status.UNKNOWN:
        gap = "no samples for 18 s of the fault window: Prometheus did not answer"
        return gates + tuple(
            make_part(metric.name, "during", Status.UNKNOWN, p_value=None, effect=None, reason=gap)
            for metric in METRICS
        )
    if status is Status.HELD:
        back = Recovery(0.0, censored=False, allowed=60.0)
        return (
            gates
            + tuple(make_part(metric.name, "during", p_value=0.32, effect=0.01) for metric in METRICS)
            + tuple(make_part(metric.name, "after", recovery=back) for metric in METRICS[:2])
        )
    late = Recovery(20.0, censored=False, allowed=60.0)
    sudden = "p = 0.0004: 15.9 req/s below forecast, more than any of 24 past windows"
    return (
        *gates,
        make_part("order_rate", "during", Status.DEVIATED, p_value=0.0004, effect=-15.9, reason=sudden),
        make_part("order_p95", "during", Status.DEVIATED, p_value=0.002, effect=0.38, reason="0.38 s above"),
        make_part("error_ratio", "during", Status.DEVIATED, p_value=0.0004, effect=0.59, reason="0.59 above"),
        make_part("order_rate", "after", p_value=0.2, effect=-0.1, recovery=late),
        make_part("order_p95", "after", p_value=0.3, effect=0.0, recovery=late),
    )


def make_verdict(status: Status) -> TrialVerdict:
    """A whole trial's verdict."""
    reason = {
        Status.HELD: "all 3 metrics stayed within their forecasts, and were back at once",
        Status.DEVIATED: "order_rate was 15.9 req/s below its forecast during the fault (p < 0.001)",
        Status.UNKNOWN: "no samples for 18 s of the fault window: Prometheus did not answer",
    }[status]
    return TrialVerdict(status, (reason, "24 independent past windows"), _parts(status), 0.05, "1.0")


def make_history(status: Status, *, trial: str = "", run: str = RUN) -> TrialHistory:
    """What happened in a trial that ended with `status`."""
    experiment = {
        Status.HELD: "gateway-pod-delete",
        Status.DEVIATED: "store-pod-delete",
        Status.UNKNOWN: "gateway-prometheus-blind",
    }[status]
    pod = f"pod shop/{experiment.split('-')[0]}-7d9c5"
    proof = Proof(True, "the pod's UID changed", "store-5f6b8 kept its UID", 1.4)
    return TrialHistory(
        run=run,
        trial=trial or f"{run}-{experiment}",
        experiment=experiment,
        title={
            Status.HELD: "Customers do not notice the loss of one gateway pod",
            Status.DEVIATED: "Orders go on while the only store pod is replaced",
            Status.UNKNOWN: "The loss of the monitoring is noticed",
        }[status],
        digest="ab" * 32,
        cluster="0d2a7c52-6f0e-4f3b-9a61-7f5b8f0c2d11",
        seed=20261125,
        step=STEP,
        started=at(-280),
        ended=at(95),
        outcome="completed",
        reason="",
        phases=PHASES,
        metrics=METRICS,
        masks=(Mask(Span(at(-244), at(-214)), "fault of an earlier trial: gateway-pod-delete"),),
        injections=(Injection("pod-delete", (pod,), at(0), at(24), proof),),
        events=(
            Event(at(0), "injected", pod, "pod-delete was applied"),
            Event(at(1.4), "proved", pod, "the pod's UID changed"),
            Event(at(24), "reverted", pod, "its replacement is Ready"),
        ),
        known_weakness="the store has one replica on purpose" if status is Status.DEVIATED else None,
    )


def make_record(folder: Path, status: Status, *, trial: str = "", run: str = RUN) -> TrialRecord:
    """A trial of which everything is on disk in `folder`, as a run leaves it."""
    history = make_history(status, trial=trial, run=run)
    series = make_series(depth=1.0 if status is Status.DEVIATED else 0.0)
    if status is Status.UNKNOWN:
        hole = (pd.Timestamp(at(4)), pd.Timestamp(at(22)))
        series = {
            name: data[(data.index < hole[0]) | (data.index > hole[1])] for name, data in series.items()
        }
    save_trial(folder, history, series)
    (folder / "journal.json").write_text(json.dumps({"status": "completed", "deviated": False}) + "\n")
    verdict = make_verdict(status)
    save_verdict(folder, verdict)
    return TrialRecord(
        history=history,
        verdict=verdict,
        folder=folder,
        repeat_command=f"pytest experiments -k {history.experiment} --faultcast-seed {history.seed}",
        log_excerpts={"shop/store": "01:08:01 store: listening\n01:08:02 store: first order\n"},
    )


def without_forecasts(verdict: TrialVerdict) -> TrialVerdict:
    """The same verdict as it looks when it is read where no forecasts were kept."""
    bare = tuple(replace(part, verdict=replace(part.verdict, forecast=None)) for part in verdict.metrics)
    return replace(verdict, metrics=bare)
