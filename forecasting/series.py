"""A metric over time: regular, in UTC, with every hole explicit and explained."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.forecasting.counters import rate_unit, rates
from faultcast.infra.errors import ConfigurationError, MetricSourceError

__all__ = ["Hole", "Kind", "MetricSeries", "covered", "regular_step"]

Kind = Literal["gauge", "counter", "delta"]

Hole = Literal["", "not scraped", "masked", "monitoring away", "counter reset"]
"""Why a sample is missing; empty where it is there."""


def covered(index: pd.Index, spans: Iterable[tuple[datetime, datetime]]) -> NDArray[np.bool_]:
    """Which times lie within any of the stretches, both ends included.

    Args:
        index: Times with a time zone.
        spans: First and last moment of each stretch.
    """
    within = np.zeros(len(index), dtype=bool)
    for first, last in spans:
        within |= np.asarray((index >= first) & (index <= last))
    return within


def regular_step(index: pd.Index, what: str) -> float | None:
    """Check that an index is a regular clock with a time zone.

    Args:
        index: The index.
        what: What it belongs to, for the error text.

    Returns:
        Seconds between two samples; None with fewer than two.

    Raises:
        ConfigurationError: It is no time index, has no time zone, is not in order, holds a time twice, or
            its steps differ.
    """
    if not isinstance(index, pd.DatetimeIndex):
        message = f"the {what} has no time index but a {type(index).__name__}"
        raise ConfigurationError(message, remedy="give a pandas.Series with a DatetimeIndex in UTC")
    if index.tz is None:
        message = f"the index of the {what} has no time zone"
        raise ConfigurationError(message, remedy='say what its times mean: series.tz_localize("UTC")')
    if index.hasnans:
        message = f"the index of the {what} holds a missing time"
        raise ConfigurationError(message, remedy="drop the samples without a time")
    if len(index) < 2:
        return None
    steps = np.diff(index.tz_convert("UTC").as_unit("ns").asi8)
    if (steps == 0).any():
        message = f"the {what} holds {index[1:][steps == 0][0]} twice"
        raise ConfigurationError(message, remedy="drop the duplicates: series[~series.index.duplicated()]")
    if (steps < 0).any():
        message = f"the {what} is not in order of time"
        raise ConfigurationError(message, remedy="sort it: series.sort_index()")
    if steps.min() != steps.max():
        raise _irregular(index, steps, what)
    return float(steps[0] / 1e9)


def _irregular(index: pd.DatetimeIndex, steps: NDArray[np.int64], what: str) -> ConfigurationError:
    """Why steps differ: the clocks were changed in between, or samples are missing."""
    low, usual, high = (value / 1e9 for value in (steps.min(), np.median(steps), steps.max()))
    on_the_wall = np.diff(index.tz_localize(None).as_unit("ns").asi8)
    if on_the_wall.min() == on_the_wall.max() > 0:
        return ConfigurationError(
            f"the {what} is regular in local time ({index.tz}) only: the clocks were changed within it, so "
            f"that its steps differ, from {low:g} to {high:g} s",
            remedy=f'make it from raw samples in UTC: raw.tz_convert("UTC").resample("{usual:g}s").mean()',
        )
    return ConfigurationError(
        f"the steps of the {what} differ: from {low:g} to {high:g} s",
        remedy=f'make it regular with holes as NaN: series.asfreq("{usual:g}s"), never by interpolation',
    )


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """One metric over time.

    Attributes:
        name: Its name.
        values: Floats on a regular UTC index, NaN for holes.
        step: Seconds between two samples.
        unit: Unit of the values; empty when it has none.
        kind: What the values are.
        holes: Why each sample is missing, on the same index; empty text where it is there.
    """

    name: str
    values: pd.Series = field(repr=False)
    step: float
    unit: str = ""
    kind: Kind = "gauge"
    holes: pd.Series = field(default_factory=lambda: pd.Series(dtype=object), repr=False)

    def __post_init__(self) -> None:
        """Check the clock, and explain the holes that nobody explained.

        Raises:
            ConfigurationError: See `regular_step`; or the step is another one, or a hole's reason stands at a
                sample that is there.
        """
        found = regular_step(self.values.index, f"series {self.name}")
        if found is not None and abs(found - self.step) > 1e-6:
            message = f"series {self.name} has a step of {found:g} s, not {self.step:g} s"
            raise ConfigurationError(message, remedy="give the step its samples have")
        values = self.values.astype(float).tz_convert("UTC")
        missing = values.isna()
        if len(self.holes):
            holes = self.holes.tz_convert("UTC").reindex(values.index).fillna("").astype(object)
            if ((holes != "") & ~missing).any():
                message = f"series {self.name} explains a hole where there is a sample"
                raise ConfigurationError(message, remedy="explain only samples that are NaN")
        else:
            holes = pd.Series("", index=values.index, dtype=object)
        holes = holes.mask(missing & (holes == ""), "not scraped")
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "holes", holes)

    def hidden(self, spans: Iterable[tuple[datetime, datetime]], why: Hole = "masked") -> Self:
        """The series without some stretches; the time axis stays as it is, nothing is stitched.

        Args:
            spans: First and last hidden moment of each stretch.
            why: The reason of the new holes; those that were there before keep theirs.
        """
        within = covered(self.values.index, spans)
        holes = self.holes.mask(within & (self.holes == ""), why)
        return type(self)(self.name, self.values.mask(within), self.step, self.unit, self.kind, holes)

    def as_rate(self) -> Self:
        """A counter as its rate per second; a gauge as it is (see `faultcast.forecasting.counters.rates`)."""
        if self.kind != "counter":
            return self
        rises, reset = rates(self.values.to_numpy(), self.step)
        holes = self.holes.mask(reset & (self.holes == ""), "counter reset")
        values = pd.Series(rises, index=self.values.index, name=self.name)
        return type(self)(self.name, values, self.step, rate_unit(self.unit), "gauge", holes)

    @classmethod
    def from_samples(
        cls,
        name: str,
        samples: Mapping[float, float],
        *,
        start: datetime,
        end: datetime,
        step: float,
        unit: str = "",
        kind: Kind = "gauge",
    ) -> Self:
        """Put samples on the grid from `start` to `end`; a grid point without a sample is a hole.

        Args:
            name: The metric's name.
            samples: Values by time in seconds since the epoch. Infinite values count as missing.
            start: First grid point, in UTC.
            end: Last possible grid point.
            step: Seconds between grid points.
            unit: Unit of the values.
            kind: What the values are.

        Raises:
            MetricSourceError: A sample lies off the grid by more than a tenth of a step: the source's clock
                or step is not the one that was asked for.
        """
        first, last = (pd.Timestamp(end_of).tz_convert("UTC") for end_of in (start, end))
        index = pd.date_range(first, last, freq=pd.Timedelta(seconds=step))
        values = np.full(len(index), np.nan)
        origin = start.timestamp()
        for at, value in samples.items():
            position = (at - origin) / step
            nearest = round(position)
            if abs(position - nearest) > 0.1 or not 0 <= nearest < len(index):
                off = datetime.fromtimestamp(at, tz=start.tzinfo).isoformat()
                message = f"series {name} has a sample at {off}, which is not on the grid of {step:g} s"
                raise MetricSourceError(message, remedy="compare the clocks of this machine and the source")
            if np.isfinite(value):
                values[nearest] = value
        return cls(name, pd.Series(values, index=index, name=name), step, unit, kind)
