"""What a fault did to a metric, and how the cluster answered it: figures only, each with its unit."""

from dataclasses import dataclass, field

import pandas as pd

__all__ = ["FirstAlert", "PodReturn", "Recovery", "Resilience", "Response", "Traced"]


@dataclass(frozen=True, slots=True)
class Recovery:
    """When a metric was back.

    Attributes:
        seconds: From the end of the fault to the first sample of the stretch that is back.
        censored: The watch ended before it was back; `seconds` is then how long was watched.
        allowed: Seconds it was allowed to take, or None when nothing was asked.
    """

    seconds: float
    censored: bool
    allowed: float | None


@dataclass(frozen=True, slots=True)
class Resilience:
    """The resilience curve of one metric: from the injection until it is back, or the watch ends.

    Attributes:
        detected: Seconds from the injection to the first sample after which a sequential test says that the
            metric deviates; None when it never does.
        looked: Seconds from the injection to the last sample that was tested; None when none was.
        depth: Measured minus forecast where the metric was worst, in its unit; 0 when it never was off in the
            direction that hurts. Undisturbed metrics have a depth too: that of their noise.
        depth_percent: Its size in percent of the forecast there; None where the forecast is 0.
        worst: Seconds from the injection to the worst sample; None when there is none.
        area: Deviation in the harmful direction summed over time, in the metric's unit times seconds, never
            below 0; 0 when nothing was detected.
        area_percent: In percent of the forecast summed over the same time; None where that is 0.
        until: Seconds from the injection to the end of the curve.
        samples: Samples on the curve.
        missing: How many of them were not measured; nothing is counted as lost in them.
        recovery: When the metric was back; None when nobody can tell.
    """

    detected: float | None
    looked: float | None
    depth: float
    depth_percent: float | None
    worst: float | None
    area: float
    area_percent: float | None
    until: float
    samples: int
    missing: int
    recovery: Recovery | None = None


@dataclass(frozen=True, slots=True)
class Traced:
    """A resilience curve with what it is measured from.

    Attributes:
        resilience: The figures.
        course: Columns measured, mean, lower, upper for every sample to the end of the watch, and some before
            the injection, which have no forecast; None when it was not kept.
    """

    resilience: Resilience
    course: pd.DataFrame | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FirstAlert:
    """The first alert about a fault.

    Attributes:
        name: Its name, such as `ShopErrorsHigh`.
        seconds: From the injection to the first evaluation at which it fired.
        pending: From the injection to the first evaluation at which its condition was met; None when it fires
            without waiting.
    """

    name: str
    seconds: float
    pending: float | None = None


@dataclass(frozen=True, slots=True)
class PodReturn:
    """A pod that was started, or was ready again, after an injection.

    Attributes:
        pod: Such as `pod shop/gateway-abc`.
        scheduled: Seconds from the injection before it until it had a node; None for a pod that stayed.
        ready: Seconds from the injection before it until it was ready; None when it was not.
    """

    pod: str
    scheduled: float | None
    ready: float | None


@dataclass(frozen=True, slots=True)
class Response:
    """How the cluster and its monitoring answered a trial's faults.

    Attributes:
        watched: Whether anybody looked for alerts; without that, no alert means nothing.
        alert: The first alert about the faults; None when there was none.
        pods: The pods that came back, in order of time.
    """

    watched: bool
    alert: FirstAlert | None = None
    pods: tuple[PodReturn, ...] = ()

    @property
    def silent(self) -> bool:
        """Whether nothing alerted although somebody looked."""
        return self.watched and self.alert is None
