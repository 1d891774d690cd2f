"""A metric of the steady-state hypothesis, as the experiment file describes it."""

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from faultcast.experiments.document.values import Duration, Effect, Strict, Text

__all__ = ["MetricSpec", "untouched"]


def untouched(query: str, names: Iterable[str]) -> str:
    """A query for peers, with `$targets` replaced by a regular expression of the targets' names.

    Args:
        query: PromQL.
        names: Names of pods or nodes.
    """
    return query.replace("$targets", "|".join(name.replace(".", "[.]") for name in sorted(set(names))))


class MetricSpec(Strict):
    """One metric of the steady-state hypothesis, and what is expected of it."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", max_length=60, description="name used in tables and reports"
    )
    query: Text = Field(min_length=1, description="PromQL that gives exactly one series")
    unit: str = Field("", description="unit of the values, such as s, req/s, ratio")
    kind: Literal["gauge", "counter", "delta"] | None = Field(
        None, description="what the query's result is; found from Prometheus' metadata when not given"
    )
    direction: Literal["up", "down", "either"] = Field("either", description="the direction that hurts")
    weight: float = Field(1.0, gt=0, description="share in the score")
    critical: bool = Field(False, description="a deviation here cannot be outvoted")
    smallest_effect: Effect | None = Field(
        None, description="smallest deviation that matters: in the metric's unit, or as 10% of the forecast"
    )
    between: tuple[float, float] | None = Field(
        None, description="tolerance: lowest and highest value, instead of a forecast"
    )
    forecast: bool | None = Field(
        None, description="judge against a forecast; by default when there is no `between`, else not"
    )
    follows: tuple[str, ...] = Field(
        (), max_length=4, description="metrics of this experiment that this one follows, such as its load"
    )
    control: Text = Field(
        "",
        description="PromQL of the same metric on peers that are not touched; $targets stands for a regular "
        "expression of the names of the targets",
    )
    presence: Text = Field(
        "",
        description="PromQL that is above 0 while there is something to measure: samples that are missing "
        "while it is not are an outage",
    )
    during: Literal["hold", "any"] = Field("hold", description="what is expected while the fault is in place")
    recovers_within: Duration | None = Field(
        None, ge=0, description="time after the fault by which the metric is back; not asked when absent"
    )
    lookback: Duration = Field(
        10.0,
        ge=0,
        description="range the query looks back over, such as 10s in rate(x[10s]): it smears the edges",
    )
    season: Duration | None = Field(None, gt=0, description="length of a known season of this metric")

    @property
    def forecasts(self) -> bool:
        """Whether the metric is judged against a forecast."""
        return self.between is None if self.forecast is None else self.forecast

    def matters_from(self, level: float) -> float | None:
        """The smallest deviation that matters where `level` is expected, in the metric's unit.

        Args:
            level: What is expected, in the metric's unit.
        """
        if isinstance(self.smallest_effect, str):
            return abs(level) * float(self.smallest_effect.rstrip("%")) / 100
        return self.smallest_effect

    @field_validator("between")
    @classmethod
    def _has_room(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not value[0] < value[1]:
            message = (
                f"between is [{value[0]:g}, {value[1]:g}]: write the lowest value first, then a higher one"
            )
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _is_judged(self) -> Self:
        if self.forecast is False and self.between is None:
            message = "forecast is false and there is no between: nothing is left to judge by"
            raise ValueError(message)
        if self.name in self.follows:
            message = f"{self.name} follows itself: name its load, or another metric"
            raise ValueError(message)
        return self
