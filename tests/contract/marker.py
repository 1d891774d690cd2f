"""What every destination of marks owes: functions, held against each of them on a fake."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from faultcast.experiments.marks.mark import Mark, Marker
from faultcast.experiments.resources.targets import Target
from faultcast.infra.errors import FaultcastError
from tests.factories import at

__all__ = ["MARK", "check_refused", "check_told"]

MARK = Mark(
    experiment="gateway-pod-delete",
    run="run-1",
    trial="trial-1",
    fault="pod-delete",
    number="0.0.0",
    targets=(Target("pod", "shop", "gateway-1", "uid-1", node="worker"),),
    began=at(0),
    until=at(40),
)
"""A fault that lasts forty seconds at most."""


def check_told(marker: Marker) -> None:
    """A fault, two at once, and the next trial are begun and ended without a word.

    Args:
        marker: Its destination takes everything.
    """
    other = replace(MARK, number="1.0.0", fault="cpu")
    again = replace(MARK, trial="trial-2", began=at(100), until=at(140))
    marker.begin(MARK)
    marker.begin(other)
    marker.end(MARK, at(30), ())
    marker.end(other, at(31), ("the pod is not whole",))
    marker.begin(again)
    marker.end(again, again.began + timedelta(seconds=30), ())


def check_refused(markers: Sequence[Marker]) -> None:
    """A destination that is away, or refuses, is an error with a way on, and shows no secret.

    Args:
        markers: Each fails in a way of its own.
    """
    for marker in markers:
        with pytest.raises(FaultcastError) as caught:
            marker.begin(MARK)
        assert caught.value.what
        assert caught.value.remedy
        assert "hunter2" not in str(caught.value)
