"""The judge's figures, with their intervals: on noise of known truth, and on recorded cases if there are any.

The cases are not part of the repository. They are looked for in FAULTCAST_JUDGE_CASES, then in a folder
`shared/judge` beside the repository; without them these tests are skipped.
"""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

from faultcast.steady_state import Status, judge_window

COUNT = 120
BENCH = Path(__file__).resolve().parents[2] / "bench" / "judge.py"


def _load(path: Path) -> ModuleType:
    import importlib.util
    import sys

    spec = importlib.util.spec_from_file_location(f"bench_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


bench = _load(BENCH)

foreign = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
"""The harness that comes with the cases leaves its files to the garbage collector."""


@pytest.fixture(scope="module")
def cases() -> Path:
    folder: Path | None = bench.cases_folder()
    if folder is None:
        pytest.skip("no recorded cases: set FAULTCAST_JUDGE_CASES to a folder with evaluate.py and its cases")
    return folder


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_noise_is_called_a_deviation_no_more_often_than_alpha_allows(correlation: float) -> None:
    p_values = np.array(bench.noise_p_values(COUNT, correlation, 135))
    for alpha in bench.ALPHAS:
        assert np.mean(p_values <= alpha) <= alpha + 2 * np.sqrt(alpha * (1 - alpha) / COUNT)


def test_p_is_close_to_uniform_where_there_are_many_past_windows() -> None:
    """With few, it is larger by construction: n effective windows cannot say less than 1/(n + 1)."""
    assert stats.kstest(bench.noise_p_values(COUNT, 0.0, 600), "uniform").statistic < 0.17


def test_a_shift_of_four_standard_deviations_is_seen() -> None:
    seen = 0
    for seed in range(40):
        values = bench.noise_series(240 + 15, 0.3, seed)
        values.iloc[-15:] += 4
        seen += judge_window(values[:240], values[240:]).status is Status.DEVIATED
    assert seen >= 36


def test_the_band_covers_what_it_says() -> None:
    inside = total = 0
    for seed in range(60):
        values = bench.noise_series(240 + 15, 0.3, seed)
        table = judge_window(values[:240], values[240:]).forecast
        assert table is not None
        window = values[240:]
        inside += int(((window >= table["lower"]) & (window <= table["upper"])).sum())
        total += len(window)
    assert 0.90 <= inside / total <= 0.99


@foreign
def test_the_public_cases(cases: Path) -> None:
    """Few cases: the bounds are the lower ends of the bootstrap intervals, not goals."""
    macro = bench.public_cases(cases)["MACRO"]
    assert macro["err"] == 0
    assert macro["far"] <= 0.15
    assert macro["auc"] >= 0.85
    assert macro["f1"] >= 0.65


@foreign
def test_the_recordings_of_a_live_cluster(cases: Path) -> None:
    found = bench.lab_cases(cases)
    if found is None:
        pytest.skip("the cases hold no recordings of a live cluster")
    assert found["recall_where_measured"]["share"] >= 0.95
    quiet = found["false_alarms_quiet"]
    assert quiet["share"] <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / quiet["n"])
    assert found["false_alarms"]["share"] <= 0.05
