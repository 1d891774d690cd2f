"""The API of Prometheus as models: what may be there, what may be missing, and what may be null."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

__all__ = [
    "AlertsModel",
    "EnvelopeModel",
    "Labels",
    "MetadataModel",
    "Point",
    "ResultModel",
    "SeriesModel",
    "Several",
    "TargetsModel",
]

_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
_NEVER = datetime.min.replace(tzinfo=UTC)


def _listed(value: object) -> object:
    """An empty list where Go sends null for one."""
    return [] if value is None else value


def _moment(value: object) -> object:
    """A time of Go's RFC 3339, which may carry nanoseconds; never, where there is none."""
    if value in (None, ""):
        return _NEVER
    if not isinstance(value, str):
        return value
    found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value))
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:  # Go's zero, in a zone of its own
        return _NEVER


def _number(value: object) -> object:
    """Python reads `1_0` as ten; nobody else does."""
    if isinstance(value, str) and "_" in value:
        message = "a number holds no underscore"
        raise ValueError(message)
    return value


type Several[T] = Annotated[list[T], BeforeValidator(_listed)]
type Labels = Annotated[dict[str, str], BeforeValidator(lambda value: value or {})]
type _Time = Annotated[float, BeforeValidator(_number), Field(ge=-_LATEST, le=_LATEST)]
type Point = tuple[_Time, Annotated[float, BeforeValidator(_number)]]
type _Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
type _Moment = Annotated[datetime, BeforeValidator(_moment)]


class EnvelopeModel(BaseModel):
    """What every answer is wrapped in."""

    status: str
    data: Any = None
    error_type: _Text = Field("", alias="errorType")
    error: _Text = ""
    warnings: Several[str] = []
    partial: bool = Field(False, alias="isPartial")  # as VictoriaMetrics says it


class SeriesModel(BaseModel):
    """One series of a result, with one sample or several."""

    metric: Labels = {}
    value: Point | None = None
    values: list[Point] | None = None
    histogram: Any = None
    histograms: Any = None


class ResultModel(BaseModel):
    """What a query gives."""

    kind: _Text = Field("", alias="resultType")
    result: Any = None


class _TargetModel(BaseModel):
    labels: Labels = {}
    url: _Text = Field("", alias="scrapeUrl")
    health: _Text = ""
    error: _Text = Field("", alias="lastError")
    interval: _Text = Field("", alias="scrapeInterval")
    scraped: _Moment = Field(_NEVER, alias="lastScrape")


class TargetsModel(BaseModel):
    """What is scraped."""

    active: Several[_TargetModel] = Field([], alias="activeTargets")


class _AlertModel(BaseModel):
    labels: Labels = {}
    state: _Text = ""
    since: _Moment = Field(_NEVER, alias="activeAt")


class AlertsModel(BaseModel):
    """What is pending or firing."""

    alerts: Several[_AlertModel] = []


class MetadataModel(BaseModel):
    """What one exporter says of a metric."""

    kind: _Text = Field("unknown", alias="type")
    unit: _Text = ""
    text: _Text = Field("", alias="help")
