"""What every metric source owes: one function, held against fakes here and the cluster in tests/e2e."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from faultcast.forecasting.sources import MetricSource
from faultcast.infra.errors import ConfigurationError, MetricSourceError


def check_metric_source(
    source: MetricSource, query: str, start: datetime, end: datetime, step: float
) -> None:
    """Check the contract.

    Args:
        source: The source.
        query: A query that gives one series with at least four samples in the stretch.
        start: First moment, on the source's grid.
        end: Last moment, on the source's grid.
        step: Seconds between two samples.
    """
    series = source.fetch(query, start, end, step)
    index = series.values.index
    grid = pd.date_range(start, end, freq=pd.Timedelta(seconds=step))
    assert (index == grid).all(), "the whole grid comes, with holes where there is no sample"
    assert str(index.tz) == "UTC"
    assert series.step == step
    assert series.values.dtype == np.float64
    assert series.values.notna().sum() >= 4
    assert ((series.holes == "") == series.values.notna()).all(), "every hole says why, nothing else does"

    half = index[len(index) // 2].to_pydatetime()
    first = source.fetch(query, start, half, step).values
    second = source.fetch(query, half, end, step).values
    joined = pd.concat([first, second[1:]])
    np.testing.assert_allclose(joined, series.values, rtol=1e-6, err_msg="parts of a stretch are the stretch")

    there = timezone(timedelta(hours=5, minutes=30))
    elsewhere = source.fetch(query, start.astimezone(there), end.astimezone(there), step)
    assert (elsewhere.values.index == index).all(), "the time zone of a question does not matter"

    one = source.fetch(query, half, half, step)
    assert len(one.values) == 1

    with pytest.raises(MetricSourceError) as gone:
        source.fetch("faultcast_there_is_no_such_metric", start, end, step)
    assert gone.value.remedy
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    with pytest.raises(MetricSourceError):
        source.fetch(query, long_ago, long_ago + timedelta(seconds=10 * step), step)

    alerts = source.alerts(start, end, step)
    assert alerts is None or all(start <= one.start <= one.end <= end for one in alerts)
    assert list(alerts or ()) == sorted(alerts or (), key=lambda one: one.start), "in order of time"

    values = source.values(query, end)
    assert values is None or len(values) == 1, "the series that fetch gives, at one moment"

    for bad_start, bad_end, bad_step in (
        (end, start, step),
        (start, end, 0),
        (start.replace(tzinfo=None), end, step),
    ):
        with pytest.raises(ConfigurationError):
            source.fetch(query, bad_start, bad_end, bad_step)
