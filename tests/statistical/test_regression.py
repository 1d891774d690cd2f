"""How often comparisons of simulated trials err, in a few seconds; bench/regression.py has more."""

import pytest
from scipy.stats import binom

from bench.regression import ALPHA, answers
from bench.simulated_trials import KINDS, System
from faultcast.steady_state.regression.difference import Change

PAIRS = 25


def test_a_system_that_did_not_change_is_not_called_different_more_often_than_alpha() -> None:
    """Over all kinds of systems, and together: the 99.9 % bound of what alpha allows."""
    called = sum(
        found[Change.WORSE] + found[Change.BETTER]
        for system in KINDS.values()
        for found in [answers(system, system, 5, PAIRS)]
    )
    assert called <= binom.ppf(0.999, PAIRS * len(KINDS), ALPHA)


def test_a_run_of_several_experiments_has_the_same_alpha() -> None:
    found = answers(System(), System(), 6, PAIRS, experiments=4)
    assert found[Change.WORSE] + found[Change.BETTER] <= binom.ppf(0.999, PAIRS, ALPHA)


def test_a_system_that_got_worse_is_seen_with_enough_repeats() -> None:
    found = answers(System(), System(recovery=24.0), 10, PAIRS)
    assert found[Change.WORSE] >= 0.7 * PAIRS
    assert found[Change.BETTER] == 0


@pytest.mark.parametrize("repeats", [1, 2])
def test_few_trials_are_never_called_different(repeats: int) -> None:
    found = answers(System(recovery=2.0), System(share=1.0, depth=1.0, recovery=50.0), repeats, 10)
    assert found[Change.WORSE] == 0
