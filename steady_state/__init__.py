"""Did the steady state hold? Pure functions from a saved history to a verdict."""

from faultcast.steady_state.judge import judge_window
from faultcast.steady_state.verdict import SeriesVerdict, Status, TrialVerdict

__all__ = ["SeriesVerdict", "Status", "TrialVerdict", "judge_window"]
