import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench import judge as command
from bench.running import Answer, Judge
from bench.speed import series
from tests.unit.bench.folders import write_lab, write_public


def _light(history: pd.Series, window: pd.Series) -> Answer:
    called = bool((window > history.max() + 5).any())
    return Answer(called, float(window.max()), p_value=0.01 if called else 0.5)


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setattr(command, "OURS", Judge("light", _light, takes_holes=True))

    def main(*arguments: str) -> dict[str, Any]:
        file = tmp_path / "figures.json"
        monkeypatch.setattr("sys.argv", ["judge.py", *arguments, "--no-peers", "--json", str(file)])
        command.main()
        found: dict[str, Any] = json.loads(file.read_text())
        return found

    return main


def test_a_folder_is_measured_into_a_table_a_file_and_a_picture(
    measure: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_public(tmp_path / "cases")
    write_lab(folder / "lab")
    picture = tmp_path / "calibration.png"
    found = measure(str(folder), "--only", "public", "--only", "lab", "--plot", str(picture))
    macro = found["public"]["judges"]["light"]["MACRO"]
    assert (macro["deviating"], macro["steady"]) == (6, 6)
    assert (macro["recall"], macro["false_alarms"], macro["f1"], macro["auc"]) == (1, 0, 1, 1)
    assert found["public"]["calibration"]["public"]["0.05"]["n"] == 6
    assert found["lab"]["judges"]["light"]["lab"]["recall"] == 0
    assert found["lab"]["where"]["light"]["false_alarms_quiet"] == {
        "n": 0,
        "share": None,
        "interval": [0.0, 1.0],
    }
    assert found["machine"]["darts"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    told = capsys.readouterr().out
    assert "light  MACRO  6/6         1.000   0.000      1.000 (1.000-1.000)  1.000" in told
    assert "noise" not in told


def test_recordings_are_measured_directly(measure: Any, tmp_path: Path) -> None:
    found = measure(str(write_lab(tmp_path / "recordings")), "--only", "public", "--only", "lab")
    assert "public" not in found
    assert found["lab"]["judges"]["light"]["lab"]["steady"] == 1


def test_a_folder_without_cases_is_said_to_have_none(
    measure: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = measure(str(tmp_path), "--only", "public")
    assert set(found) == {"machine", "quick"}
    assert "no cases" in capsys.readouterr().err


def test_timed_series_are_the_same_every_time_and_differ_by_seed() -> None:
    assert series(600, 1).equals(series(600, 1))
    assert not series(600, 1).equals(series(600, 2))
    daily = series(4032, 1).to_numpy().reshape(-1, 288)
    assert daily.mean(axis=0).std() > 0.5
