import csv
import errno
import json
import os
import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.subject import Limit, Refusal, Subject
from faultcast.forecasting.units import Unit
from faultcast.infra.errors import FaultcastError
from faultcast.infra.redaction import keep
from faultcast.reports.outlook.storage.csv_files import INDEX_COLUMNS, SERIES_COLUMNS, file_name, write_csv
from tests.canaries import CANARY, found_below
from tests.outlooks import outlook

small = outlook(1, points=200, steps=50, filled=3, limit=Limit(90.0, "above", "the volume is full"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_series_has_a_row_for_each_time_step(tmp_path: Path) -> None:
    file, index = write_csv([small], [], tmp_path)
    assert index.name == "index.csv"
    read = rows(file)
    assert tuple(read[0]) == SERIES_COLUMNS
    assert [row["kind"] for row in read].count("history") == 197
    assert [row["kind"] for row in read].count("filled") == 3
    assert [row["kind"] for row in read].count("forecast") == 50
    times = pd.to_datetime([row["timestamp"] for row in read], utc=True)
    assert list(times) == [*small.history.values.index, *small.forecast.times]
    assert {row["timestamp"][-1] for row in read} == {"Z"}
    assert {row["series"] for row in read} == {small.history.subject.title}
    assert json.loads(read[0]["labels"]) == dict(small.history.subject.labels)
    assert {(row["unit"], row["model"], row["version"]) for row in read} == {
        ("GB", "Theta(season=24)", "default@0123456789ab")
    }


def test_every_number_reads_back_to_the_bit(tmp_path: Path) -> None:
    read = rows(write_csv([small], [], tmp_path)[0])
    assert [float(row["mean"]) for row in read[:200]] == small.history.values.tolist()
    ahead = read[200:]
    for name in ("mean", "lower", "upper"):
        assert [float(row[name]) for row in ahead] == getattr(small.forecast, name).tolist()
    assert {(row["lower"], row["upper"]) for row in read[:200]} == {("", "")}


def test_the_index_says_what_a_forecast_is_worth_and_what_was_refused(tmp_path: Path) -> None:
    noted = replace(small, notes=("3 values were filled", "the band is extrapolated"))
    *_, index = write_csv([noted], [Refusal("up", "constant at 1")], tmp_path)
    good, refused = rows(index)
    assert tuple(good) == INDEX_COLUMNS
    assert (tmp_path / good["file"]).exists()
    assert (good["mase"], good["smape"], good["coverage"], good["gap_share"]) == (
        "0.61",
        "7.5",
        "0.91",
        "0.015",
    )
    assert good["limit_expected"] == "2026-12-12T20:00:00Z"
    assert (good["limit_earliest"], good["limit_latest"]) == ("2026-12-09T20:00:00Z", "2026-12-15T20:00:00Z")
    assert good["notes"] == "3 values were filled; the band is extrapolated"
    assert (refused["series"], refused["refused"], refused["file"]) == ("up", "constant at 1", "")


def test_what_is_not_finite_is_an_empty_field(tmp_path: Path) -> None:
    lower = small.forecast.lower.copy()
    lower[0] = -np.inf
    file, _ = write_csv([replace(small, forecast=replace(small.forecast, lower=lower))], [], tmp_path)
    ahead = [row for row in rows(file) if row["kind"] == "forecast"]
    assert ahead[0]["lower"] == ""
    assert ahead[1]["lower"] != ""


def test_commas_quotes_and_lines_in_labels_stay_in_their_field(tmp_path: Path) -> None:
    subject = Subject("m", (("a", 'x,"y"\nz'),), "gauge", "value", "m", Unit("a,b"))
    odd = replace(small, history=replace(small.history, subject=subject))
    read = rows(write_csv([odd], [], tmp_path)[0])
    assert len(read) == 250
    assert {(row["series"], row["unit"]) for row in read} == {(subject.title, "a,b")}
    assert json.loads(read[-1]["labels"]) == {"a": 'x,"y"\nz'}


@given(st.text(max_size=30), st.text(max_size=10))
@example("x" * 200, "/../")
@example("..", "")
def test_names_of_files_are_safe_and_of_one_subject(metric: str, value: str) -> None:
    subject = Subject(metric, (("a", value),), "gauge", "value", "m", Unit(""))
    name = file_name(subject)
    assert name.endswith(f"-{subject.id}.csv")
    assert len(name) <= 110
    assert set(name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    assert name[0] not in ".-"
    assert file_name(replace(subject, labels=(("a", f"{value}!"),))) != name


def test_nothing_but_the_files_is_left_in_the_folder(tmp_path: Path) -> None:
    made = write_csv([small, outlook(2, points=3, steps=3)], [], tmp_path / "new" / "folder")
    assert set((tmp_path / "new" / "folder").iterdir()) == set(made)
    assert len(made) == 3


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow beyond 20 kB: the kernel's own refusal in the middle of a write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_clear_error_and_changes_nothing(tmp_path: Path, small_disk: None) -> None:
    first = outlook(1, points=20, steps=5)
    write_csv([first], [], tmp_path)
    before = content(tmp_path)
    with pytest.raises(FaultcastError, match="the disk is full; nothing was changed") as error:
        write_csv([outlook(1, points=21, steps=5), outlook(2, points=500, steps=5)], [], tmp_path)
    assert "make room" in error.value.remedy
    assert content(tmp_path) == before
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_full_disk_says_so_also_by_its_other_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, *_args: object, **_kwargs: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(FaultcastError, match="the disk is full"):
        write_csv([small], [], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FaultcastError, match="File exists") as error:
        write_csv([small], [], tmp_path / "file")
    assert "folder" in error.value.remedy


def test_what_goes_wrong_while_forecasting_is_not_taken_for_the_disk(tmp_path: Path) -> None:
    def failing() -> Iterator[Outlook]:
        yield small
        raise ConnectionError("prometheus is away")

    with pytest.raises(ConnectionError):
        write_csv(failing(), [], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_secret_of_a_label_is_in_a_file_or_its_name(tmp_path: Path) -> None:
    keep(CANARY)
    labels = (("instance", "https://me:geheim@shop.example/"), ("key", CANARY))
    history = replace(small.history, subject=replace(small.history.subject, labels=labels))
    write_csv([replace(small, history=history)], [Refusal(f"x of {CANARY}", "excluded")], tmp_path)
    assert found_below([tmp_path], [CANARY, "geheim"]) == {}
