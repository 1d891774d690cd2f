"""What is kept of a subject between two looks, so that only new samples are read and a restart goes on."""

import json
import zlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.forecasting.outlook.drift import Cusum
from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.series import MetricSeries
from faultcast.infra.errors import ConfigurationError

__all__ = ["Standing", "SubjectMemory"]

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """The forecast that is in force.

    Attributes:
        origin: What it was made from, in UTC.
        mean: Expected values, one for each step after the origin.
        lower: Lower end of the band.
        upper: Upper end of the band.
    """

    origin: datetime
    mean: NDArray[np.float64] = field(repr=False)
    lower: NDArray[np.float64] = field(repr=False)
    upper: NDArray[np.float64] = field(repr=False)

    @classmethod
    def of(cls, outlook: Outlook) -> "Standing":
        """The forecast of an outlook."""
        made = outlook.forecast
        return cls(outlook.origin, made.mean, made.lower, made.upper)


@dataclass(frozen=True, slots=True)
class SubjectMemory:
    """What is known of one subject.

    Attributes:
        configuration: Hash of the model configuration that it was made with.
        start: Moment of the first sample, in UTC.
        step: Seconds between two samples.
        samples: What was read, in the subject's unit, NaN for holes.
        judged: Until when the standing forecast was compared with what came.
        cusum: How its errors have been since.
        standing: The forecast in force; None when none could be made.
    """

    configuration: str
    start: datetime
    step: float
    samples: NDArray[np.float64] = field(repr=False)
    judged: datetime
    cusum: Cusum
    standing: Standing | None

    @property
    def until(self) -> datetime:
        """Moment of the last sample."""
        return self.start + timedelta(seconds=(self.samples.size - 1) * self.step)

    def series(self, name: str) -> MetricSeries:
        """The samples as a series."""
        step = pd.Timedelta(seconds=self.step)
        index = pd.date_range(pd.Timestamp(self.start), periods=self.samples.size, freq=step)
        return MetricSeries(name, pd.Series(self.samples, index=index), self.step)

    def extended(self, newer: MetricSeries, keep: float) -> "SubjectMemory":
        """With samples that follow directly, and without those older than `keep` seconds.

        Raises:
            ValueError: There is a hole between, or another step.
        """
        first = newer.values.index[0].to_pydatetime()
        if newer.step != self.step or first != self.until + timedelta(seconds=self.step):
            message = f"samples from {first} every {newer.step:g} s do not follow {self.until}"
            raise ValueError(message)
        joined = np.concatenate([self.samples, newer.values.to_numpy()])
        surplus = max(0, joined.size - int(keep // self.step) - 1)
        start = self.start + timedelta(seconds=surplus * self.step)
        return replace(self, start=start, samples=joined[surplus:])

    def to_bytes(self) -> bytes:
        """Everything, compressed; numbers to the last bit."""
        standing = self.standing and {
            "origin": self.standing.origin.isoformat(),
            **{name: getattr(self.standing, name).tolist() for name in ("mean", "lower", "upper")},
        }
        document = {
            "format": _FORMAT,
            "configuration": self.configuration,
            "start": self.start.isoformat(),
            "step": self.step,
            "samples": [None if np.isnan(value) else value for value in self.samples.tolist()],
            "judged": self.judged.isoformat(),
            "cusum": self.cusum.total,
            "standing": standing,
        }
        return zlib.compress(json.dumps(document).encode(), 1)

    @classmethod
    def from_bytes(cls, content: bytes) -> "SubjectMemory":
        """Read again what `to_bytes` gave.

        Raises:
            ConfigurationError: It is something else, or of another version of Faultcast.
        """
        try:
            document = json.loads(zlib.decompress(content))
            if document["format"] != _FORMAT:
                message = f"format {document['format']}"
                raise ValueError(message)
            standing = document["standing"] and Standing(
                _moment(document["standing"]["origin"]),
                *(np.array(document["standing"][name], dtype=float) for name in ("mean", "lower", "upper")),
            )
            samples = [np.nan if value is None else value for value in document["samples"]]
            return cls(
                document["configuration"],
                _moment(document["start"]),
                document["step"],
                np.array(samples, dtype=float),
                _moment(document["judged"]),
                Cusum(document["cusum"]),
                standing or None,
            )
        except (zlib.error, ValueError, KeyError, TypeError) as error:
            message = f"a kept state cannot be read: {error}"
            raise ConfigurationError(message, remedy="none: the history is read again as a whole") from error


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
