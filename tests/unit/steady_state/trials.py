"""Synthetic trials: 240 s of baseline, a gate, a fault of 30 s and a recovery, sampled every 2 s."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import Injection, Phases, Proof, Span, TrialHistory

STEP = 2.0
START = datetime(2026, 3, 1, tzinfo=UTC)
SEASON = 60.0


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


GATE, FAULT, RECOVERY, END = at(240), at(270), at(300), at(360)

RATE = MetricSpec(name="rate", query="sum(rate(x[10s]))", unit="req/s", direction="down", season=SEASON)
ERRORS = MetricSpec(name="errors", query="e", unit="ratio", direction="up", smallest_effect=0.01)
LATENCY = MetricSpec(
    name="latency", query="l", unit="s", direction="up", season=SEASON, smallest_effect=0.005
)


def history(*metrics: MetricSpec, **changes: Any) -> TrialHistory:
    injection = Injection(
        fault="pod-delete",
        targets=("pod shop/gateway-1",),
        started=FAULT,
        ended=RECOVERY,
        proof=Proof(proved=True, target="pod replaced", peer="peer untouched", after=1.0),
    )
    whole = TrialHistory(
        run="run",
        trial="trial",
        experiment="gateway-pod-delete",
        title="A gateway pod dies",
        digest="0" * 64,
        cluster="uid",
        seed=1,
        step=STEP,
        started=START,
        ended=END,
        outcome="completed",
        reason="",
        phases=Phases(Span(START, GATE), Span(GATE, FAULT), Span(FAULT, RECOVERY), Span(RECOVERY, END)),
        metrics=metrics,
        injections=(injection,),
    )
    return replace(whole, **changes)


def samples(level: Callable[[np.ndarray], np.ndarray], noise: float = 0.0, seed: int = 0) -> pd.Series:
    """Values by seconds since the start, with noise."""
    seconds = np.arange(0, 360, STEP)
    values = level(seconds) + noise * np.random.default_rng(seed).normal(size=seconds.size)
    index = pd.date_range(START, periods=seconds.size, freq=pd.Timedelta(seconds=STEP))
    return pd.Series(values, index=index)


def wave(seconds: np.ndarray) -> np.ndarray:
    return np.sin(2 * np.pi * seconds / SEASON)


def quiet() -> dict[str, pd.Series]:
    return {
        "rate": samples(lambda s: 20 + 4 * wave(s), noise=0.4, seed=1),
        "errors": samples(np.zeros_like),
        "latency": samples(lambda s: 0.08 + 0.01 * wave(s), noise=0.002, seed=2),
        "machine_outside": samples(lambda s: 0.1 + 0 * s, noise=0.02, seed=3),
        "monitoring_up": samples(np.ones_like),
    }


def change(series: pd.Series, start: datetime, end: datetime, to: Callable[[pd.Series], Any]) -> pd.Series:
    """The series with other values from `start` up to `end`."""
    within = (series.index >= start) & (series.index < end)
    return series.where(~within, to(series))
