"""Every store of states keeps the same promises; `tests/integration` runs them against the database."""

from pathlib import Path

import pytest

from faultcast.infra.errors import SinkError
from faultcast.reports.outlook.storage.state import FileState, StateStore

__all__ = ["check_state_store"]


def check_state_store(store: StateStore) -> None:
    """What any store owes.

    Args:
        store: One that is empty.
    """
    assert store.load("absent") is None
    assert store.keys() == ()
    everything = bytes(range(256)) * 300
    for key, state in {"b": everything, "a": b"", "A": b"other case", "run-1.2_c": b"x"}.items():
        store.save(key, state)
        assert store.load(key) == state
    store.save("b", b"newer")
    assert store.load("b") == b"newer"
    assert store.load("A") == b"other case"
    assert set(store.keys()) == {"A", "a", "b", "run-1.2_c"}
    assert store.keys() == tuple(sorted(store.keys()))
    for key in ("", "../a", "a/b", ".hidden", "a b", "x" * 101, "ä"):
        with pytest.raises(ValueError, match="cannot be the name"):
            store.save(key, b"")
        with pytest.raises(ValueError, match="cannot be the name"):
            store.load(key)


def test_files(tmp_path: Path) -> None:
    check_state_store(FileState(tmp_path / "state"))


def test_another_process_reads_what_one_saved(tmp_path: Path) -> None:
    FileState(tmp_path).save("a", b"1")
    assert FileState(tmp_path).load("a") == b"1"


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
