"""The suite itself: one test for each experiment file."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faultcast.experiments.loading.loader import Experiment
    from faultcast.fixtures.trials import RunTrial


def test_experiment(faultcast_experiment: "Experiment", faultcast_run_trial: "RunTrial") -> None:
    """The steady state holds under this experiment's fault."""
    faultcast_run_trial(faultcast_experiment).require_held()
