"""The judge's figures, with their intervals: on noise of known truth, and on recorded cases if there are any.

The cases are not part of the repository. They are looked for in FAULTCAST_JUDGE_CASES, then in a folder
`shared/judge` beside the repository; without them these tests are skipped.
"""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from bench.cases import find, load_lab, load_public
from bench.figures import MACRO, Figures, calibration, calls, figures, wilson
from bench.judge import cases_folder, in_quiet_and_measured
from bench.noise import noise_p_values, noise_series
from bench.peers import PEERS
from bench.running import OURS, Judge, Outcome, p_values, run
from faultcast.steady_state import Status, judge_window

COUNT = 120
QUICK_PEERS = [peer for peer in PEERS if peer.name != "Theta + conformal"]
"""Those that take milliseconds; the other one is measured by `bench/judge.py`."""

foreign = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
"""The harness that comes with the cases leaves its files to the garbage collector."""


@pytest.fixture(scope="module")
def folder() -> Path:
    found = cases_folder()
    if found is None:
        pytest.skip("no recorded cases: set FAULTCAST_JUDGE_CASES to a folder of them (bench/cases.py)")
    return found


@pytest.fixture(scope="module")
def public_folder(folder: Path) -> Path:
    found = find(folder).public
    if found is None:
        pytest.skip(f"{folder} holds no public cases")
    return found


@pytest.fixture(scope="module")
def public(public_folder: Path) -> list[Outcome]:
    return run(OURS, load_public(public_folder))


@pytest.fixture(scope="module")
def lab(folder: Path) -> list[Outcome]:
    place = find(folder).lab
    if place is None:
        pytest.skip(f"{folder} holds no recordings of a live cluster")
    return run(OURS, load_lab(place))


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_noise_is_called_a_deviation_no_more_often_than_alpha_allows(correlation: float) -> None:
    for alpha, found in calibration(noise_p_values(COUNT, correlation, 135)).items():
        assert found.interval[0] <= alpha, f"{found.share:.3f} of {found.n} at alpha {alpha}"


def test_p_is_close_to_uniform_where_there_are_many_past_windows() -> None:
    """With few, it is larger by construction: n effective windows cannot say less than 1/(n + 1)."""
    assert stats.kstest(noise_p_values(COUNT, 0.0, 600), "uniform").statistic < 0.17


def test_a_shift_of_four_standard_deviations_is_seen() -> None:
    seen = 0
    for seed in range(40):
        values = noise_series(240 + 15, 0.3, seed)
        values.iloc[-15:] += 4
        seen += judge_window(values[:240], values[240:]).status is Status.DEVIATED
    assert wilson(seen, 40)[1] >= 0.95
    assert seen >= 36


def test_the_band_covers_what_it_says() -> None:
    inside = total = 0
    for seed in range(60):
        values = noise_series(240 + 15, 0.3, seed)
        table = judge_window(values[:240], values[240:]).forecast
        assert table is not None
        window = values[240:]
        inside += int(((window >= table["lower"]) & (window <= table["upper"])).sum())
        total += len(window)
    assert 0.90 <= inside / total <= 0.99


def test_the_public_cases(public: list[Outcome]) -> None:
    """Few cases, some labels of them doubtful: what chance leaves open is allowed, in both directions."""
    macro = figures(public)[MACRO]
    assert macro.errors == 0
    assert macro.false_alarms_interval[0] <= 0.05
    assert macro.recall_interval[1] >= 0.85
    assert macro.f1_interval[1] >= 0.90
    assert macro.f1_interval[0] >= 0.65
    assert macro.auc_interval[1] >= 0.95
    assert macro.auc_interval[0] >= 0.80
    assert macro.delay <= 3


def test_false_alarms_of_the_public_cases_follow_alpha(public: list[Outcome]) -> None:
    for alpha, found in calibration(p_values(public)).items():
        assert found.interval[0] <= alpha, f"{found.share:.3f} of {found.n} at alpha {alpha}"


def test_no_peer_is_better_on_the_public_cases_by_more_than_chance(
    public: list[Outcome], public_folder: Path
) -> None:
    own = figures(public)[MACRO]
    cases = load_public(public_folder)
    for peer in QUICK_PEERS:
        found = figures(run(peer, cases, delays=0))[MACRO]
        assert found.errors == 0
        assert own.f1_interval[1] >= found.f1, peer.name
        assert own.auc_interval[1] >= found.auc, peer.name


def test_the_recordings_of_a_live_cluster(lab: list[Outcome]) -> None:
    where = in_quiet_and_measured(lab)
    assert sum(one.error is not None for one in lab) == 0
    assert where["recall_where_measured"].share >= 0.95
    assert where["false_alarms_quiet"].interval[0] <= 0.05
    assert calls([one for one in lab if not one.deviates]).interval[0] <= 0.05


@foreign
def test_our_figures_are_those_of_the_harness_that_comes_with_the_cases(public_folder: Path) -> None:
    harness = _harness(public_folder / "evaluate.py")
    for peer in QUICK_PEERS:
        ours = figures(run(peer, load_public(public_folder)))
        rows = harness.run(_in_its_form(peer), peer.name, harness.load(), verbose=False)
        theirs = harness.table(rows).set_index("set")
        assert set(ours) == set(theirs.index)
        for name, found in ours.items():
            row = theirs.loc[name]
            want = [row[key] for key in ("steady", "recall", "far", "f1", "auc", "delay", "delay_s")]
            assert _comparable(found) == pytest.approx(want, nan_ok=True), f"{peer.name} on {name}"
        if len(ours) > 2:  # of one data set alone, it gives no interval
            row = theirs.loc[MACRO]
            assert ours[MACRO].f1_interval == pytest.approx((row["f1_lo"], row["f1_hi"]))


@foreign
def test_quick_choices_are_those_of_the_harness(public_folder: Path) -> None:
    harness = _harness(public_folder / "evaluate.py")
    theirs = [entry["id"] for entry, _, _ in harness.load(per=3)]
    assert [case.name for case in load_public(public_folder, quick=3)] == theirs


def _harness(path: Path) -> ModuleType:
    if not path.exists():
        pytest.skip(f"the cases come without {path.name}: nothing to compare with")
    spec = importlib.util.spec_from_file_location("judge_harness", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _in_its_form(peer: Judge) -> Callable[[pd.Series, pd.Series], dict[str, Any]]:
    """Its clocks carry no time zone, but mean UTC."""

    def judge(history: pd.Series, window: pd.Series) -> dict[str, Any]:
        answer = peer.answer(history.tz_localize("UTC"), window.tz_localize("UTC"))
        return {"deviates": answer.called, "score": answer.score}

    return judge


def _comparable(found: Figures) -> list[float]:
    return [
        found.steady,
        found.recall,
        found.false_alarms,
        found.f1,
        found.auc,
        found.delay,
        found.delay_s,
    ]
