"""When a guard acts, and when it lets go."""

from dataclasses import dataclass, field

import pytest

from faultcast.infra.errors import ClusterError
from faultcast.infra.providers.local.guard import watch


@dataclass
class World:
    """A clock that waiting moves; `script` says what happens at which second."""

    released_at: float = float("inf")
    ended_at: float = float("inf")
    well_at: float = 0.0
    time: float = 0.0
    acts: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def act(self) -> None:
        self.acts.append(self.time)
        if self.time < self.well_at:
            message = "node worker is off"
            raise ClusterError(message)

    def stopped(self, seconds: float) -> bool:
        self.time += seconds
        return self.time >= self.ended_at

    def guard(self, until: float) -> str:
        return watch(
            self.act,
            until,
            wanted=lambda: self.time < self.released_at,
            stopped=self.stopped,
            say=self.said.append,
            now=lambda: self.time,
        )


def test_it_acts_once_at_its_time() -> None:
    world = World()
    assert world.guard(12.0) == ""
    assert world.acts == [12.0]
    assert world.said == ["undone"]


def test_it_tries_again_for_a_minute() -> None:
    world = World(well_at=15.5)
    assert world.guard(12.0) == ""
    assert world.acts == [12.0, 13.0, 14.0, 15.0, 16.0]
    hopeless = World(well_at=1000.0)
    assert hopeless.guard(12.0) == "node worker is off"
    assert hopeless.time == 72.0
    assert hopeless.said[-1] == "gave up"


@pytest.mark.parametrize(
    "world",
    [World(released_at=3.0), World(ended_at=3.0), World(released_at=12.0)],
    ids=["gone", "told", "late"],
)
def test_one_that_is_let_go_does_nothing(world: World) -> None:
    assert world.guard(12.0) == ""
    assert world.acts == []
    assert world.said == ["released"]


def test_one_that_is_let_go_while_it_tries_stops_trying() -> None:
    world = World(well_at=1000.0, ended_at=14.0)
    assert world.guard(12.0) == ""
    assert world.acts == [12.0, 13.0]
