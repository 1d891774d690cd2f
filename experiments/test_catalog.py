"""The suite itself: one test for each experiment file."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from faultcast.experiments.loading.loader import Experiment
    from faultcast.fixtures.trials import RunTrial


@pytest.mark.resilience
def test_experiment(experiment: "Experiment", run_trial: "RunTrial") -> None:
    """The steady state holds under this experiment's fault."""
    run_trial(experiment).require_held()
