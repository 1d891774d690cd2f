"""What Prometheus' API answers, checked in one place: nothing that it sends reaches anybody unread.

What answers at an address may be a login page, a proxy, or a relative of Prometheus with habits of its own.
Each way to be something else becomes one sentence.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import pydantic_core
from pydantic import BeforeValidator, TypeAdapter, ValidationError

from faultcast.infra.durations import duration_seconds
from faultcast.infra.prometheus.data import Alert, Metadata, RawSeries, Sample, ScrapeTarget
from faultcast.infra.prometheus.models import (
    AlertsModel,
    EnvelopeModel,
    Labels,
    MetadataModel,
    Point,
    ResultModel,
    SeriesModel,
    Several,
    TargetsModel,
)

__all__ = [
    "AnswerError",
    "Refused",
    "alerts",
    "matrix",
    "metadata",
    "names",
    "opened",
    "series",
    "targets",
    "vector",
]

_TITLE = re.compile(rb"<title[^>]*>([^<]{1,80})", re.IGNORECASE)
_MARKUP = re.compile(rb"\s*<(!doctype|html|head|body|\?xml)", re.IGNORECASE)
_PASSING = ("timeout", "canceled", "internal", "unavailable", "too_many_requests")
_NO_STORE = "No StoreAPIs matched"
"""What Thanos says when nobody has such series: together with a result, a part of it is lacking."""
_OF_THE_ENGINE = ("PromQL info:", "PromQL warning:")
"""Begin of what the query's own evaluation notes; whatever else is warned of concerns the data."""


class AnswerError(ValueError):
    """An answer cannot be used; its text says what it is instead, to be put after who sent it.

    Args:
        what: What it is.
        page: Whether it is a page for people, such as that of a login.
        gives: What the query gives in place of numbers; empty when the answer is at fault and not the query.
        remedy: What to do; empty when only the address can be wrong.
    """

    def __init__(self, what: str, *, page: bool = False, gives: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.page = page
        self.gives = gives
        self.remedy = remedy


class Refused(Exception):  # noqa: N818 - an answer, not an error: whoever asked decides
    """The API says no.

    Args:
        kind: Such as `bad_data`.
        reason: Its own words.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind = kind

    @property
    def passing(self) -> bool:
        """Whether it is the server's present state that says no, and not the query."""
        return self.kind in _PASSING


_SERIES = TypeAdapter(list[SeriesModel])
_POINT = TypeAdapter(Point)
_NAMES = TypeAdapter(Several[str])
_LABELS = TypeAdapter(Several[Labels])
_METADATA = TypeAdapter(
    Annotated[dict[str, Several[MetadataModel]], BeforeValidator(lambda value: value or {})]
)


def opened(body: bytes) -> Any:
    """The data of an answer.

    Args:
        body: As it came.

    Raises:
        Refused: The API says no.
        AnswerError: It is no answer of this API, or holds a part of the data only.
    """
    if not body.strip():
        raise AnswerError("sends an empty answer")
    if _MARKUP.match(body):
        title = _TITLE.search(body)
        named = f" ({' '.join(title[1].decode('utf-8', 'replace').split())})" if title else ""
        raise AnswerError(f"sends a web page{named}, not data", page=True)
    try:
        found = EnvelopeModel.model_validate(pydantic_core.from_json(body))
    except ValidationError as error:
        raise AnswerError(f"is not Prometheus: {_first(error)}") from error
    except ValueError as error:
        raise AnswerError(f"sends what is no JSON: {error}") from error
    if found.status != "success":
        raise Refused(found.error_type or found.status, found.error or "no reason is given")
    beside = [said for said in found.warnings if not said.startswith(_OF_THE_ENGINE)]
    if not _result_in(found.data) and all(said.startswith(_NO_STORE) for said in beside):
        beside = []
    if beside or found.partial:
        why = "; ".join(beside)[:300] or "some of its stores do not answer"
        raise AnswerError(
            f"has a part of the data only: {why}",
            remedy="mend its stores first: what is missing from a sum looks like a failure",
        )
    return found.data


def _result_in(data: Any) -> Any:
    """The result of a query, or whatever there is instead."""
    return data.get("result") if isinstance(data, dict) and "resultType" in data else data


def vector(data: Any, *, mixed: bool = False) -> list[Sample]:
    """The samples of an instant query that gives a vector or a scalar.

    Args:
        data: What was answered.
        mixed: Whether series without a number may stand beside others; they are left out then.

    Raises:
        AnswerError: The query gives something else.
    """
    found = _result(data)
    if found.kind == "scalar":
        at, value = _checked(_POINT, found.result)
        return [Sample({}, value, datetime.fromtimestamp(at, UTC))]
    return [
        Sample(one.metric, one.value[1], datetime.fromtimestamp(one.value[0], UTC))
        for one in _series_of(found, mixed=mixed)
        if one.value is not None
    ]


def matrix(data: Any, *, mixed: bool = False) -> list[RawSeries]:
    """The series of a query over a range: in order of time, a moment that comes twice as it came last.

    Args:
        data: What was answered.
        mixed: Whether series without a number may stand beside others; they are left out then.

    Raises:
        AnswerError: The query gives something else.
    """
    listed = _series_of(_result(data), mixed=mixed)
    return [RawSeries(one.metric, dict(sorted(one.values))) for one in listed if one.values]


def names(data: Any) -> list[str]:
    """A list of names, in order.

    Raises:
        AnswerError: It is none.
    """
    found: list[str] = _checked(_NAMES, data)
    return sorted(found)


def series(data: Any) -> list[Mapping[str, str]]:
    """Labels of series.

    Raises:
        AnswerError: These are none.
    """
    return [one for one in _checked(_LABELS, data) if one]


def metadata(data: Any) -> dict[str, Metadata]:
    """What exporters say of metrics, by their names; what most say, where they contradict each other.

    Raises:
        AnswerError: These are none.
    """
    return {name: _most_said(said) for name, said in _checked(_METADATA, data).items() if said}


def targets(data: Any) -> list[ScrapeTarget]:
    """What is scraped.

    Raises:
        AnswerError: It says something else.
    """
    return [
        ScrapeTarget(
            job=one.labels.get("job", ""),
            url=one.url,
            up=one.health == "up",
            error=one.error,
            interval=_duration(one.interval),
            scraped=one.scraped,
        )
        for one in _checked(TypeAdapter(TargetsModel), data or {}).active
    ]


def alerts(data: Any) -> list[Alert]:
    """Alerts that are pending or firing.

    Raises:
        AnswerError: It says something else.
    """
    return [
        Alert(one.labels.get("alertname", ""), one.labels, one.state, one.since)
        for one in _checked(TypeAdapter(AlertsModel), data or {}).alerts
    ]


def _result(data: Any) -> ResultModel:
    found = _checked(TypeAdapter(ResultModel), data if data is not None else {})
    if found.kind == "string":
        raise AnswerError("gives a text and no number", gives="a text", remedy="ask for a number")
    return found


def _series_of(found: ResultModel, *, mixed: bool) -> list[SeriesModel]:
    """The series of a result; one that holds no number counts, or a query that gives two would give one."""
    result = [] if found.result is None else found.result
    if found.kind == "scalar" and isinstance(result, list) and len(result) == 2:
        return [SeriesModel(value=_checked(_POINT, result))]
    listed = _checked(_SERIES, result)
    numbers = sum(bool(one.values or one.value) for one in listed)
    if mixed and numbers:
        return listed
    if any(one.histograms or one.histogram for one in listed):
        raise AnswerError(
            "gives native histograms beside numbers" if numbers else "gives native histograms and no numbers",
            gives="native histograms",
            remedy="ask for a number: histogram_quantile(0.95, QUERY), or histogram_count(QUERY)",
        )
    if not mixed and 1 < len(listed) != numbers:
        raise AnswerError(
            f"gives {len(listed)} series, and {len(listed) - numbers} of them without a number",
            gives=f"{len(listed)} series",
            remedy="add the series up, as in sum(...), or select one",
        )
    return listed


def _checked[T](adapter: TypeAdapter[T], data: Any) -> T:
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        raise AnswerError(f"is not Prometheus: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, and where; never the value, which may be anything."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])[:80]
    return f"{where}: {first['msg'][:120]}" if where else str(first["msg"])[:120]


def _most_said(said: Sequence[MetadataModel]) -> Metadata:
    (kind, unit, text), _ = Counter((one.kind or "unknown", one.unit, one.text) for one in said).most_common(
        1
    )[0]
    return Metadata(kind, unit, text)


def _duration(text: str) -> float:
    """Seconds of a duration such as `1m30s`; 0 when it is none."""
    try:
        return duration_seconds(text)
    except ValueError:
        return 0.0
