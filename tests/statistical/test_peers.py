import numpy as np
import pandas as pd
import pytest

from bench.cases import Case
from bench.noise import noise_series
from bench.peers import PEERS
from bench.running import Judge, Outcome, run


def ask(peer: Judge, values: pd.Series, window: int) -> Outcome:
    history, now = values[:-window], values[-window:]
    return run(peer, [Case("any", "any", "none", True, 2.0, history, now)], delays=0)[0]


@pytest.fixture(params=PEERS, ids=lambda peer: peer.name)
def peer(request: pytest.FixtureRequest) -> Judge:
    found: Judge = request.param
    return found


def test_a_shift_of_six_standard_deviations_is_called_and_no_shift_is_not(peer: Judge) -> None:
    calm = noise_series(240, 0.3, 3)
    shifted = calm.copy()
    shifted.iloc[-12:] += 6
    quiet, loud = ask(peer, calm, 12), ask(peer, shifted, 12)
    assert quiet.error is None
    assert loud.error is None
    assert (quiet.called, loud.called) == (False, True)
    assert loud.score > quiet.score


def test_the_same_series_has_the_same_score_in_any_unit(peer: Judge) -> None:
    values = noise_series(120, 0.3, 1)
    score = ask(peer, values, 6).score
    assert ask(peer, values, 6).score == score
    assert ask(peer, values * 1e6, 6).score == pytest.approx(score, rel=0.02)


def test_a_flat_history_makes_any_change_a_deviation(peer: Judge) -> None:
    values = pd.Series(0.1, index=pd.date_range("2026-03-01", periods=60, freq="2s", tz="UTC"))
    assert not ask(peer, values, 6).called
    values.iloc[-1] = 0.2
    assert ask(peer, values, 6).called


def test_nothing_in_the_window_makes_an_earlier_sample_of_it_less_odd() -> None:
    """A lasting shift stays odd to its end: forecasts of the window know nothing of it."""
    values = noise_series(240, 0.0, 5)
    values.iloc[-20:] += 4
    assert all(ask(peer, values, 20).called for peer in PEERS)


def test_what_needs_past_windows_cannot_tell_without_them() -> None:
    values = pd.Series(
        np.sin(np.arange(20.0) ** 2), index=pd.date_range("2026-03-01", periods=20, freq="2s", tz="UTC")
    )
    answers = {peer.name: ask(peer, values, 8) for peer in PEERS}
    assert [answer.error for answer in answers.values()] == [None] * 3
    assert not answers["ForecastingAnomalyModel"].known
    assert not answers["Theta + conformal"].known
