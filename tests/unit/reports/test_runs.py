from dataclasses import replace
from pathlib import Path

import pytest

from faultcast.infra.errors import FaultcastError
from faultcast.reports.runs import RunFolder, find_run, list_runs, load_record, save_extras
from faultcast.steady_state.verdict import Status
from tests.factories import make_record, make_run

FIRST, SECOND = "20261124T010203Z-aaaaaa", "20261125T010203Z-bbbbbb"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in (FIRST, SECOND):
        RunFolder(tmp_path / name).save(make_run(name))
    return tmp_path


def test_a_run_comes_back_as_it_was_saved(runs: Path) -> None:
    assert RunFolder(runs / FIRST).load() == make_run(FIRST)


def test_latest_points_to_the_run_saved_last_and_is_no_run_of_its_own(runs: Path) -> None:
    assert (runs / "latest").resolve() == (runs / SECOND).resolve()
    RunFolder(runs / FIRST).save(replace(make_run(FIRST), ended=None))
    assert (runs / "latest").resolve() == (runs / FIRST).resolve()
    assert [run.name for run in list_runs(runs)] == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("name", "found"),
    [(None, SECOND), ("latest", SECOND), (FIRST, FIRST), ("20261124", FIRST)],
)
def test_a_run_is_found_by_what_people_type(runs: Path, name: str | None, found: str) -> None:
    assert find_run(runs, name).name == found


def test_a_run_is_found_by_its_folder(runs: Path, tmp_path: Path) -> None:
    assert find_run(tmp_path / "elsewhere", str(runs / FIRST)).name == FIRST


@pytest.mark.parametrize(
    ("name", "why"), [("2026", "2 runs in .* begin with 2026"), ("x", "there is no run x")]
)
def test_a_doubtful_name_is_refused_with_the_way_on(runs: Path, name: str, why: str) -> None:
    with pytest.raises(FaultcastError, match=why) as error:
        find_run(runs, name)
    assert error.value.remedy == "list the runs there are: faultcast results list"


def test_where_there_is_no_run_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(FaultcastError, match="there is no run in"):
        find_run(tmp_path)
    with pytest.raises(FaultcastError, match=r"there is no run\.json"):
        RunFolder(tmp_path).load()
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(FaultcastError, match="is broken"):
        RunFolder(tmp_path).load()


def test_a_trial_comes_back_as_a_record(tmp_path: Path) -> None:
    record = make_record(tmp_path, Status.DEVIATED)
    (tmp_path / "plots").mkdir()
    for name in ("a.png", "overview.svg", "overview.png"):
        (tmp_path / "plots" / name).touch()
    save_extras(record)
    read = load_record(tmp_path)
    assert (read.history, read.verdict) == (record.history, record.verdict)
    assert read.repeat_command == record.repeat_command
    assert list(read.log_excerpts.values()) == list(record.log_excerpts.values())
    assert [path.name for path in read.plots] == ["overview.png", "overview.svg", "a.png"]


def test_only_complete_trials_are_listed(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    make_record(run.trial("whole"), Status.HELD)
    run.trial("half").mkdir()
    assert run.trials() == (run.trial("whole"),)
