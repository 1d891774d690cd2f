from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.cases import Folders, find, load_lab, load_public
from tests.unit.bench.folders import STEP, write_lab, write_public


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return write_public(tmp_path / "cases")


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return write_lab(tmp_path / "recordings")


def test_public_cases_are_read_as_they_are_listed(public: Path) -> None:
    cases = load_public(public)
    assert [case.name for case in cases] == [f"{s}-{i}" for s in ("north", "south") for i in range(6)]
    first, second = cases[:2]
    assert (first.deviates, first.kind) == (False, "none")
    assert (second.deviates, second.kind) == (True, "delay")
    assert list(second.window) == [90.0, 90.0]
    assert len(second.history) == 10
    assert second.window.index[0] - second.history.index[-1] == pd.Timedelta(seconds=STEP)
    assert str(second.window.index.tz) == "UTC"


def test_quick_takes_some_of_each_data_set_and_label_and_always_the_same(public: Path) -> None:
    chosen = load_public(public, quick=2)
    kinds = [(case.data_set, case.deviates) for case in chosen]
    assert sorted(kinds) == sorted(2 * [(s, d) for s in ("north", "south") for d in (True, False)])
    assert [case.name for case in chosen] == [case.name for case in load_public(public, quick=2)]


def test_recordings_keep_their_holes_and_their_time(lab: Path) -> None:
    errors, load = load_lab(lab)
    assert (errors.deviates, load.deviates) == (True, False)
    assert errors.kind == "kill"
    assert list(load.history.isna()) == [False] * 6 + [True] * 2 + [False] * 2
    assert np.unique(np.diff(load.history.index)) == np.timedelta64(2, "s")
    assert list(load.window) == [10.0, 11.0, 12.0]
    assert errors.missing == pytest.approx(1 / 3)


def test_filled_series_carry_the_last_value_forward_and_nothing_back_from_the_window(lab: Path) -> None:
    errors = load_lab(lab)[0]
    history, window = errors.filled()
    assert list(history) == [0, 1, 2, 3, 4, 5, 5, 5, 8, 9]
    assert list(window) == [10, 10, 12]
    assert list(errors.beginning(1).window) == [10]


def test_a_folder_is_known_by_what_it_holds(public: Path, lab: Path, tmp_path: Path) -> None:
    assert find(public) == Folders(public=public)
    assert find(lab) == Folders(lab=lab)
    within = write_lab(public / "lab")
    assert find(public) == Folders(public=public, lab=within)
    (public / "index.json").unlink()
    assert find(public) == Folders(lab=within)
    assert find(tmp_path / "nothing") == Folders()
