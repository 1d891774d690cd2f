"""Watching a recovery as it happens, by the rule it is judged by afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import pandas as pd

from faultcast.experiments.history import TrialHistory
from faultcast.steady_state.phases import TrialWindows
from faultcast.steady_state.recovery import STRETCH, Band, recovered
from faultcast.steady_state.slicing import on_grid

__all__ = ["Watch"]

_REACH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Watch:
    """Where each metric that has to come back is expected, forecast once.

    Attributes:
        bands: By name; None for a metric whose history is too short to forecast it.
        step: Seconds between two samples.
    """

    bands: Mapping[str, Band | None]
    step: float

    @classmethod
    def of(
        cls,
        history: TrialHistory,
        series: Mapping[str, pd.Series],
        *,
        until: datetime | None = None,
    ) -> Self:
        """Forecast the metrics with `recovers_within` from what came before the injection.

        Args:
            history: The trial as far as it came; its fault phase is needed.
            series: Raw samples up to the injection, by metric name.
            until: The last moment that may be watched; when None, twice the longest time allowed after the
                fault, and at least ten minutes.
        """
        windows = TrialWindows(history, series)
        asked = [spec for spec in history.metrics if spec.recovers_within is not None]
        if until is None:
            end = history.phases.fault.end if history.phases.fault else history.ended
            longest = max((spec.recovers_within or 0.0 for spec in asked), default=0.0)
            until = end + min(_REACH, timedelta(seconds=max(600.0, 2 * longest)))
        return cls({spec.name: windows.band(spec, until) for spec in asked}, history.step)

    def all_back(self, recent: Mapping[str, pd.Series]) -> bool:
        """Whether each of them is back.

        Args:
            recent: Samples since the fault's end, by metric name.

        Returns:
            True when nothing has to come back; False as long as one is missing or cannot be forecast.
        """
        return all(
            band is not None
            and name in recent
            and recovered(band, on_grid(recent[name], self.step).iloc[-STRETCH:])
            for name, band in self.bands.items()
        )
