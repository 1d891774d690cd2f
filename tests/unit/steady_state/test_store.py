from pathlib import Path

import pandas as pd
import pytest

from faultcast.infra.errors import FaultcastError
from faultcast.steady_state.store import load_verdict, save_verdict
from faultcast.steady_state.trial import judge_trial
from faultcast.steady_state.verdict import Status, TrialVerdict
from tests.unit.steady_state.trials import ERRORS, at, change, history, quiet


def verdict() -> TrialVerdict:
    spec = ERRORS.model_copy(update={"recovers_within": 20.0})
    series = quiet()
    series["errors"] = change(series["errors"], at(272), at(310), lambda _: 0.5)
    return judge_trial(history(spec), series)


def test_a_verdict_comes_back_as_it_was(tmp_path: Path) -> None:
    made = verdict()
    save_verdict(tmp_path, made)
    read = load_verdict(tmp_path)
    assert read == made
    assert read.metrics[-1].recovery is not None
    for one, other in zip(made.metrics, read.metrics, strict=True):
        assert one.verdict.forecast is not None
        pd.testing.assert_frame_equal(one.verdict.forecast, other.verdict.forecast, check_freq=False)


def test_a_curve_comes_back_with_its_course(tmp_path: Path) -> None:
    made = verdict()
    save_verdict(tmp_path, made)
    (one,), (other,) = (
        [part.curve for part in whole.metrics if part.phase == "during"]
        for whole in (made, load_verdict(tmp_path))
    )
    assert one is not None
    assert other is not None
    assert one.course is not None
    assert one.resilience.detected == 2.0
    assert one == other
    pd.testing.assert_frame_equal(one.course, other.course, check_freq=False)
    (tmp_path / "forecasts" / "errors.curve.parquet").unlink()
    (kept,) = [part.curve for part in load_verdict(tmp_path).metrics if part.phase == "during"]
    assert kept is not None
    assert (kept.resilience, kept.course) == (one.resilience, None)


def test_a_verdict_replaces_an_earlier_one_with_its_forecasts(tmp_path: Path) -> None:
    save_verdict(tmp_path, verdict())
    empty = TrialVerdict(Status.UNKNOWN, ("no",), (), 0.05, "judge")
    save_verdict(tmp_path, empty)
    assert load_verdict(tmp_path) == empty
    assert list((tmp_path / "forecasts").iterdir()) == []


def test_no_verdict_and_a_broken_one_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FaultcastError, match="no verdict"):
        load_verdict(tmp_path)
    (tmp_path / "verdict.json").write_text('{"status": "FINE"}')
    with pytest.raises(FaultcastError, match="broken"):
        load_verdict(tmp_path)
