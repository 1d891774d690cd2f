"""Whether the same faults are borne worse than before: compare two sets of trials."""

from collections.abc import Iterable

from faultcast.steady_state.regression.difference import Regression
from faultcast.steady_state.repeats import Judged

__all__ = ["compare"]


def compare(before: Iterable[Judged], after: Iterable[Judged], *, alpha: float = 0.05) -> Regression:
    """Compare the later trials of each experiment with the earlier ones."""
    raise NotImplementedError
