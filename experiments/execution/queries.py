"""The queries of an experiment, tried before anything is touched: does each give what it has to give?"""

import math
from collections.abc import Iterable

from faultcast.experiments.document.extension import AbortCondition, Extension
from faultcast.experiments.document.metric import MetricSpec, untouched
from faultcast.experiments.resources.access import DIVIDED, Meter, NoMeter
from faultcast.experiments.safety.radius import FaultRefusal

__all__ = ["abort_refusals", "queries_of", "query_refusals"]


def queries_of(extension: Extension) -> tuple[str, ...]:
    """Every query of an experiment, and what it is for."""
    found = [f"{metric.name} {key}: {query}" for metric in extension.metrics for key, query in _asked(metric)]
    for condition in extension.abort:
        if condition.query:
            side = (
                f"above {condition.above:g}" if condition.above is not None else f"below {condition.below:g}"
            )
            found.append(f"abort {side}: {condition.query}")
    return tuple(found)


def _asked(metric: MetricSpec) -> list[tuple[str, str]]:
    asked = (("query", metric.query), ("control", metric.control), ("presence", metric.presence))
    return [(key, query) for key, query in asked if query]


def query_refusals(extension: Extension, meter: Meter, targets: Iterable[str]) -> tuple[FaultRefusal, ...]:
    """Every query of an experiment that does not give what it has to give; reads only.

    An abort condition has to give one finite number now. What is recorded may have no samples yet; it must
    not give several series, or a text.

    Args:
        extension: The experiment.
        meter: Reads queries.
        targets: Names of what would be touched.
    """
    found = list(abort_refusals(extension.abort, meter))
    if isinstance(meter, NoMeter):
        return tuple(found)
    names = tuple(targets)
    for metric in extension.metrics:
        for key, pattern in _asked(metric):
            if key == "control" and not names:
                continue  # a fault without targets has no peers
            query = untouched(pattern, names) if key == "control" else pattern
            reading = meter.read(query)
            if reading.lasting:
                text = (
                    f"{key} of {metric.name} gives {reading.instead}, and it has to give one series: {query}"
                )
                found.append(FaultRefusal(f"metrics.{metric.name}.{key}", text, reading.remedy))
    return tuple(found)


def abort_refusals(conditions: Iterable[AbortCondition], meter: Meter) -> tuple[FaultRefusal, ...]:
    """The queries of abort conditions that do not give one finite number now; reads only.

    Args:
        conditions: What the experiment says.
        meter: Reads queries.
    """
    found = []
    for query in dict.fromkeys(condition.query for condition in conditions if condition.query):
        reading = meter.read(query)
        number = reading.number
        gave = reading.instead or (f"{number:g}" if number is not None and not math.isfinite(number) else "")
        if gave:
            text = f"the query gives {gave}, and it has to give one number: {query}"
            found.append(FaultRefusal("abort", text, reading.remedy or DIVIDED))
    return tuple(found)
