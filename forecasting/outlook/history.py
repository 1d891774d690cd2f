"""The history of a subject as models get it: regular, in its unit, without holes; the filled is marked."""

from dataclasses import dataclass, field

import pandas as pd

from faultcast.forecasting.outlook.subject import Subject

__all__ = ["Gap", "Gaps", "History"]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without samples.

    Attributes:
        start: First missing moment, in UTC.
        samples: Missing samples.
        filled: How it was filled.
    """

    start: pd.Timestamp
    samples: int
    filled: str


@dataclass(frozen=True, slots=True)
class Gaps:
    """All gaps of a history.

    Attributes:
        each: The gaps, in order of time.
        missing: Missing samples.
        samples: Samples of the whole history, missing ones included.
        step: Seconds between two samples.
    """

    each: tuple[Gap, ...]
    missing: int
    samples: int
    step: float

    @property
    def share(self) -> float:
        """Share of the history that is missing, between 0 and 1."""
        return self.missing / self.samples if self.samples else 1.0


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a subject.

    Attributes:
        subject: Of what.
        values: Floats in the subject's unit on a regular UTC index, without NaN.
        filled: On the same index: True where a value was made up, so that no accuracy is computed on it.
        step: Seconds between two samples.
        gaps: What was missing, on the grid that was read (which may be finer than `step`).
    """

    subject: Subject
    values: pd.Series = field(repr=False)
    filled: pd.Series = field(repr=False)
    step: float
    gaps: Gaps
