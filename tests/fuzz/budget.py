"""How long a fuzz target goes on: `FAULTCAST_FUZZ_SECONDS`, ten seconds when not given."""

import os
import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

__all__ = ["fuzz"]

_BATCH = 200


def fuzz(inputs: SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Give a check one input after another until the time is over; the first that fails is shrunk and shown.

    Args:
        inputs: What to try.
        check: Raises on an input that is not treated well.
    """
    until = time.monotonic() + float(os.environ.get("FAULTCAST_FUZZ_SECONDS", "10"))
    number = 0
    while number == 0 or time.monotonic() < until:
        _batch(inputs, check, number)
        number += 1


def _batch(inputs: SearchStrategy[Any], check: Callable[[Any], None], number: int) -> None:
    @seed(number)
    @settings(max_examples=_BATCH, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(inputs)
    def one_batch(value: Any) -> None:
        check(value)

    one_batch()
