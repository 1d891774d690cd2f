"""Short ways to a history and its outlook, for tests."""

from functools import cache

import numpy as np
import pandas as pd

from bench.histories import Made, make
from faultcast.forecasting.outlook.outlook import Outlook, Version
from faultcast.forecasting.outlook.pipeline import make_outlook
from faultcast.forecasting.outlook.preparation import prepare
from faultcast.forecasting.outlook.subject import Limit, Refusal, Subject
from faultcast.forecasting.outlook.versions import Configuration, load_models
from faultcast.forecasting.series import MetricSeries
from faultcast.forecasting.units import Unit

CONFIGURATION = load_models().configuration
VERSION = Version("2", "abc", "", "0")
HOUR = 3600.0


def subject(unit: Unit | None = None, limit: Limit | None = None) -> Subject:
    return Subject("metric", (("pod", "a"),), "gauge", "value", 'metric{pod="a"}', unit or Unit(""), limit)


def series(values: object, step: float = HOUR) -> MetricSeries:
    if isinstance(values, pd.Series):
        return MetricSeries("metric", values, step)
    array = np.asarray(values, dtype=float)
    index = pd.date_range("2026-03-02", periods=array.size, freq=pd.Timedelta(seconds=step), tz="UTC")
    return MetricSeries("metric", pd.Series(array, index=index), step)


def outlook_of(
    values: object,
    steps: int = 500,
    *,
    unit: Unit | None = None,
    limit: Limit | None = None,
    configuration: Configuration = CONFIGURATION,
) -> Outlook | Refusal:
    seen = prepare(subject(unit, limit), series(values), 1, configuration)
    return seen if isinstance(seen, Refusal) else make_outlook(seen, steps, configuration, VERSION)


@cache
def made(kind: str, seed: int) -> tuple[Made, Outlook]:
    """A metric of `bench.histories`, and the outlook over its whole future."""
    metric = make(kind, seed)
    outlook = outlook_of(metric.history, len(metric.future))
    assert isinstance(outlook, Outlook), outlook
    return metric, outlook


__all__ = ["CONFIGURATION", "HOUR", "VERSION", "made", "outlook_of", "series", "subject"]
