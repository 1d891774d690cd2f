"""As data arrives: only new samples are read, a restart goes on, and drift makes a new forecast."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from bench.histories import make
from faultcast.forecasting.outlook.memory import SubjectMemory
from faultcast.forecasting.outlook.online import Advance, advance
from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.pipeline import make_outlook
from faultcast.forecasting.outlook.preparation import prepare
from faultcast.forecasting.outlook.span import OutlookSpan
from faultcast.forecasting.outlook.subject import Refusal
from faultcast.forecasting.series import MetricSeries
from faultcast.infra.errors import ConfigurationError
from tests.unit.forecasting.outlook.making import CONFIGURATION, VERSION, subject

HOUR, DAY = 3600.0, 86400.0
pytestmark = pytest.mark.slow
HISTORY = 840 * HOUR


class World:
    """A metric that can be read, and what was read of it."""

    def __init__(self, values: pd.Series) -> None:
        self.values = values
        self.reads: list[tuple[datetime, datetime]] = []

    def read(self, start: datetime, end: datetime) -> MetricSeries | Refusal:
        self.reads.append((start, end))
        part = self.values[(self.values.index >= start) & (self.values.index <= end)].dropna()
        if part.empty:
            return Refusal("metric", "no samples")
        samples = {moment.timestamp(): float(value) for moment, value in part.items()}
        return MetricSeries.from_samples("metric", samples, start=start, end=end, step=HOUR)


@pytest.fixture
def world() -> World:
    return World(make("daily", 4).values)


def at(world: World, hour: int) -> OutlookSpan:
    origin = world.values.index[hour].to_pydatetime().astimezone(UTC)
    return OutlookSpan(origin, HISTORY, HOUR, 1, 300)


def step(world: World, memory: SubjectMemory | None, hour: int, refresh: float = 30 * DAY) -> Advance:
    return advance(subject(), memory, world.read, at(world, hour), CONFIGURATION, VERSION, refresh)


def kept(advanced: Advance) -> SubjectMemory:
    assert advanced.memory is not None
    return advanced.memory


def test_the_first_look_reads_everything_and_later_ones_only_what_is_new(world: World) -> None:
    first = step(world, None, 840)
    second = step(world, first.memory, 843)
    assert (first.why, first.read) == ("first", 841)
    assert (second.why, second.read) == ("", 3)
    begin = world.values.index[841].to_pydatetime()
    assert world.reads[1] == (begin, begin + timedelta(hours=2))


def test_nothing_new_reads_nothing(world: World) -> None:
    first = step(world, None, 840)
    again = step(world, first.memory, 840)
    assert (again.read, again.outlook) == (0, None)
    assert len(world.reads) == 1


def test_when_it_is_due_the_forecast_is_that_of_the_batch_to_the_bit(world: World) -> None:
    memory = step(world, None, 840).memory
    for hour in range(846, 864, 6):
        advanced = step(world, memory, hour, refresh=DAY)
        memory = advanced.memory
    assert advanced.why == ""
    advanced = step(world, memory, 864, refresh=DAY)
    assert advanced.why == "due"
    assert advanced.outlook is not None
    span = at(world, 864)
    whole = world.read(span.start, span.origin)
    assert isinstance(whole, MetricSeries)
    seen = prepare(subject(), whole, 1, CONFIGURATION)
    assert not isinstance(seen, Refusal)
    batch = make_outlook(seen, 300, CONFIGURATION, VERSION)
    assert isinstance(batch, Outlook)
    assert advanced.outlook.forecast.upper.tobytes() == batch.forecast.upper.tobytes()
    assert advanced.outlook.scores == batch.scores


def test_a_restart_goes_on_where_it_was(world: World) -> None:
    through: SubjectMemory | None = step(world, None, 840).memory
    stopped = through
    for hour in (850, 860, 900):
        through = step(world, through, hour).memory
        assert stopped is not None
        stopped = step(world, SubjectMemory.from_bytes(stopped.to_bytes()), hour).memory
    assert through is not None
    assert stopped is not None
    assert through.to_bytes() == stopped.to_bytes()


def test_a_change_of_the_world_makes_a_new_forecast() -> None:
    values = make("daily", 4).values
    values.iloc[850:] += 2 * values.iloc[:840].std()
    world = World(values)
    memory = step(world, None, 840).memory
    reasons = []
    for hour in range(841, 920):
        advanced = step(world, memory, hour)
        memory = advanced.memory
        if advanced.why:
            reasons.append((hour, advanced.why))
    assert reasons[0][1] == "drift"
    assert 850 < reasons[0][0] < 880
    assert kept(advanced).cusum.total < 15


def test_a_quiet_world_makes_none() -> None:
    world = World(make("daily", 4).values)
    memory = step(world, None, 840).memory
    for hour in range(846, 1010, 6):
        advanced = step(world, memory, hour)
        memory = advanced.memory
        assert advanced.why == ""


def test_another_configuration_makes_a_new_forecast(world: World) -> None:
    memory = step(world, None, 840).memory
    other = CONFIGURATION.model_copy(update={"folds": 4})
    advanced = advance(subject(), memory, world.read, at(world, 841), other, VERSION, 30 * DAY)
    assert advanced.why == "configuration"
    assert kept(advanced).configuration == other.hash


def test_the_history_keeps_its_length(world: World) -> None:
    memory = step(world, None, 840).memory
    advanced = step(world, memory, 1000)
    assert kept(advanced).samples.size == 841
    assert kept(advanced).until == world.values.index[1000]


def test_a_memory_too_old_to_continue_is_read_anew(world: World) -> None:
    memory = step(world, None, 840).memory
    advanced = step(world, memory, 1700)
    assert (advanced.why, advanced.read) == ("first", 841)


def test_an_outage_is_a_hole_and_no_drift(world: World) -> None:
    world.values.iloc[845:860] = np.nan
    memory = step(world, None, 840).memory
    for hour in (850, 855, 870):
        advanced = step(world, memory, hour)
        memory = advanced.memory
        assert advanced.why == ""
    assert np.isnan(kept(advanced).samples).sum() == 15


def test_a_metric_that_was_never_there_is_refused() -> None:
    world = World(pd.Series(np.nan, index=make("daily", 4).values.index))
    advanced = step(world, None, 840)
    assert advanced.memory is None
    assert advanced.refused is not None


def test_a_state_of_something_else_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="a kept state cannot be read"):
        SubjectMemory.from_bytes(b"something else")
