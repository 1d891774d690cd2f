"""Every store of states keeps the same promises."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from faultcast.infra.cluster import DatabaseAccess
from faultcast.infra.errors import SinkError
from faultcast.reports.outlook.storage.state import DatabaseState, FileState
from faultcast.service.duties import Slot
from faultcast.service.outlook_duties import _WatchedState
from tests.contract.state import check_broken_store, check_state_store


def test_files(tmp_path: Path) -> None:
    check_state_store(FileState(tmp_path / "state"))


def test_what_the_service_writes_through(tmp_path: Path) -> None:
    slot = Slot(datetime(2026, 3, 1, tzinfo=UTC), None, lambda: True)
    check_state_store(_WatchedState(FileState(tmp_path), slot))
    (tmp_path / "file").write_text("here already")
    check_broken_store(_WatchedState(FileState(tmp_path / "file"), slot))


def test_files_where_no_folder_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here already")
    check_broken_store(FileState(tmp_path / "file"))
    check_broken_store(FileState(tmp_path / "file" / "below"))


def test_a_database_that_is_away() -> None:
    check_broken_store(DatabaseState(DatabaseAccess("127.0.0.1", 9, "faultcast", "faultcast", "geheim")))


def test_another_process_reads_what_one_saved(tmp_path: Path) -> None:
    FileState(tmp_path).save("a", b"1")
    assert FileState(tmp_path).load("a") == b"1"


def test_files_of_others_are_no_states(tmp_path: Path) -> None:
    store = FileState(tmp_path)
    store.save("a", b"1")
    for name in (".hidden.state", "ä.state", "a b.state", "a.part", "notes.txt"):
        (tmp_path / name).write_text("not ours")
    assert store.keys() == ("a",)


def test_a_state_that_cannot_be_kept_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileState(tmp_path)
    store.save("a", b"old")

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(SinkError, match="No space left") as error:
            store.save("a", b"new")
    assert error.value.remedy
    assert store.load("a") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.state"]
