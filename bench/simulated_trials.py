"""Trials that never ran: lognormal recoveries, depths that are mostly 0, shares near 0 and 1."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import Injection, Phases, Proof, Span, TrialHistory
from faultcast.steady_state.repeats import Judged
from faultcast.steady_state.resilience import Recovery, Resilience, Traced
from faultcast.steady_state.verdict import MetricVerdict, Phase, SeriesVerdict, Status, TrialVerdict

__all__ = ["KINDS", "System", "simulated"]

_START = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
_FAULT, _ALLOWED, _STEP, _LEVEL = 30.0, 60.0, 2.0, 20.0
METRICS = (
    MetricSpec(name="served_rate", query="a", unit="req/s", direction="down", recovers_within=_ALLOWED),
    MetricSpec(name="error_ratio", query="b", unit="ratio", direction="up", recovers_within=_ALLOWED),
    MetricSpec(
        name="latency_p95", query="c", unit="s", direction="up", during="any", recovers_within=_ALLOWED
    ),
)


@dataclass(frozen=True, slots=True)
class System:
    """How a system bears a fault.

    Attributes:
        share: Chance that a trial DEVIATES.
        depth: Median share that is lost at worst in a trial that DEVIATED, 0 to 1.
        spread: Standard deviation of the logarithms of depth and recovery.
        recovery: Median seconds until it is back.
        instant: Chance that a trial is back at once.
        watched: Seconds after which the watch ends.
        together: Share of the spread that the metrics of a trial have in common.
    """

    share: float = 0.5
    depth: float = 0.2
    spread: float = 0.4
    recovery: float = 12.0
    instant: float = 0.0
    watched: float = 60.0
    together: float = 0.7


KINDS = {
    "usual": System(),
    "held, back at once": System(share=0.02, instant=0.8),
    "always deviates": System(share=0.98, depth=0.5),
    "often not back in time": System(share=0.9, recovery=50.0, spread=0.8),
    "back at once or late": System(share=0.3, instant=0.5, recovery=25.0),
    "noisy": System(spread=1.0, together=0.0),
}
"""Systems whose trials are compared with more of their own."""


def simulated(system: System, trials: int, rng: np.random.Generator, *, name: str = "any") -> list[Judged]:
    """Trials of a system.

    Args:
        system: How it bears the fault.
        trials: How many.
        rng: Where chance comes from.
        name: Name of the experiment.
    """
    return [_trial(system, rng, name) for _ in range(trials)]


def _trial(system: System, rng: np.random.Generator, name: str) -> Judged:
    deviates, at_once = rng.random() < system.share, rng.random() < system.instant
    common = rng.standard_normal(2)
    parts: list[MetricVerdict] = []
    for spec in METRICS:
        own = system.together**0.5 * common + (1 - system.together) ** 0.5 * rng.standard_normal(2)
        late, deep = np.exp(system.spread * own)
        seconds = 0.0 if at_once else _STEP * round(system.recovery * late / _STEP)
        recovery = Recovery(min(seconds, system.watched), seconds > system.watched, _ALLOWED)
        depth = min(1.0, system.depth * deep) if deviates else max(0.0, 0.02 * rng.standard_normal())
        status = Status.DEVIATED if deviates and spec.during == "hold" else Status.HELD
        parts += [
            _part(spec, "during", status, curve=_curve(spec, depth, recovery, seen=deviates)),
            _part(spec, "after", _after(recovery), recovery=recovery),
        ]
    statuses = [part.verdict.status for part in parts if part.counts]
    status = Status.DEVIATED if Status.DEVIATED in statuses else Status.HELD
    number = f"{name}-{rng.integers(1 << 40):x}"
    return _history(name, number), TrialVerdict(status, (), tuple(parts), 0.05, "simulated")


def _after(recovery: Recovery) -> Status:
    late = recovery.censored or recovery.seconds > _ALLOWED
    return Status.DEVIATED if late else Status.HELD


def _part(
    spec: MetricSpec,
    phase: Phase,
    status: Status,
    *,
    recovery: Recovery | None = None,
    curve: Resilience | None = None,
) -> MetricVerdict:
    verdict = SeriesVerdict(status, None, 0.0, 0.0, "simulated", ())
    counts = phase == "after" or spec.during == "hold"
    return MetricVerdict(spec.name, phase, counts, verdict, recovery, Traced(curve) if curve else None)


def _curve(spec: MetricSpec, depth: float, recovery: Recovery, *, seen: bool) -> Resilience:
    """A curve that falls at once and stays there until the metric is back."""
    until = _FAULT + recovery.seconds
    ratio = spec.unit == "ratio"
    size = depth if ratio else depth * _LEVEL
    area = size * until if seen else 0.0
    return Resilience(
        detected=4.0 if seen else None,
        looked=until,
        depth=size if spec.direction == "up" else -size,
        depth_percent=None if ratio else 100 * depth,
        worst=10.0,
        area=area,
        area_percent=None if ratio else (100 * depth if seen else 0.0),
        until=until,
        samples=int(until / _STEP),
        missing=0,
        recovery=recovery,
    )


def _history(name: str, trial: str) -> TrialHistory:
    fault = Span(_START, _START + timedelta(seconds=_FAULT))
    proof = Proof(proved=True, target="seen", peer="not seen", after=1.0)
    return TrialHistory(
        run="simulated",
        trial=trial,
        experiment=name,
        title=name,
        digest="ab" * 32,
        cluster="simulated",
        seed=0,
        step=_STEP,
        started=_START - timedelta(seconds=270),
        ended=fault.end + timedelta(seconds=60),
        outcome="completed",
        reason="",
        phases=Phases(fault=fault, recovery=Span(fault.end, fault.end + timedelta(seconds=60))),
        metrics=METRICS,
        injections=(Injection("pod-delete", ("pod shop/a-0",), fault.start, fault.end, proof),),
    )
