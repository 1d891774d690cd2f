import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.reports.spool import Spool


class Receiver:
    """Takes items by name, as the database does: the same item twice is one."""

    def __init__(self) -> None:
        self.taken: dict[str, int] = {}
        self.away = False

    def __call__(self, item: dict[str, Any]) -> bool:
        if self.away:
            raise ConnectionError("away")
        if item.get("refuse"):
            return False
        self.taken[item["id"]] = self.taken.get(item["id"], 0) + 1
        return True


def test_what_waits_is_delivered_once_and_leaves_the_disk(tmp_path: Path) -> None:
    spool, receiver = Spool(tmp_path), Receiver()
    for name in ("b", "a"):
        spool.put(name, {"id": name})
    assert spool.names() == ("a", "b")
    assert spool.replay(receiver).delivered == ("a", "b")
    assert spool.replay(receiver).delivered == ()
    assert receiver.taken == {"a": 1, "b": 1}
    assert spool.names() == ()


def test_an_absent_receiver_loses_nothing(tmp_path: Path) -> None:
    spool, receiver = Spool(tmp_path), Receiver()
    spool.put("a", {"id": "a"})
    receiver.away = True
    with pytest.raises(ConnectionError):
        spool.replay(receiver)
    assert spool.names() == ("a",)
    receiver.away = False
    assert spool.replay(receiver).delivered == ("a",)


def test_a_crash_after_delivery_delivers_again_what_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, receiver = Spool(tmp_path), Receiver()
    spool.put("a", {"id": "a"})

    def crash(_path: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", crash)
        with pytest.raises(KeyboardInterrupt):
            spool.replay(receiver)
    assert Spool(tmp_path).replay(receiver).delivered == ("a",)
    assert set(receiver.taken) == {"a"}
    assert spool.names() == ()


def test_a_crash_while_writing_leaves_the_older_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    spool.put("a", {"id": "a", "version": 1})

    def crash(_path: Path, _target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            spool.put("a", {"id": "a", "version": 2})
    assert spool.names() == ("a",)
    assert json.loads((tmp_path / "a.json").read_text())["version"] == 1


def test_a_newer_item_takes_the_place_of_the_older(tmp_path: Path) -> None:
    spool, seen = Spool(tmp_path), []
    spool.put("a", {"version": 1})
    spool.put("a", {"version": 2})
    spool.replay(lambda item: not seen.append(item["version"]))
    assert seen == [2]


def test_what_will_never_be_taken_stops_no_other_and_is_kept_for_people(tmp_path: Path) -> None:
    spool, receiver = Spool(tmp_path), Receiver()
    spool.put("a", {"id": "a", "refuse": True})
    (tmp_path / "b.json").write_text('{"id": "half')
    spool.put("c", {"id": "c"})
    replayed = spool.replay(receiver)
    assert (replayed.delivered, replayed.refused, replayed.waiting) == (("c",), ("a", "b"), 0)
    assert {path.name for path in (tmp_path / "refused").iterdir()} == {"a.json", "b.json"}


@pytest.mark.parametrize("name", ["", "..", "../a", "a/b", ".hidden"])
def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        Spool(tmp_path / "spool").put(name, {})
    assert list(tmp_path.iterdir()) == []


@given(data=st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.booleans())))
def test_an_item_comes_back_as_it_went(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    spool, seen = Spool(tmp_path_factory.mktemp("spool")), []
    spool.put("a", data)
    spool.replay(lambda item: not seen.append(item))
    assert seen == [data]
