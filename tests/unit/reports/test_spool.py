import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultcast.infra.redaction import keep
from faultcast.reports.spool import Destination, Replayed, Spool, waiting
from tests.canaries import CANARY, found_below

HERE = Destination("db.example", 3306, "faultcast", "writer")
KEY = HERE.key


def spool_at(folder: Path, destination: Destination = HERE) -> Spool:
    return Spool(folder, destination)


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


class Everything:
    """Takes whatever it is given."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []

    def __call__(self, item: dict[str, Any]) -> bool:
        self.taken.append(item)
        return True


def test_what_waits_is_delivered_once_and_leaves_the_disk(tmp_path: Path) -> None:
    spool, receiver = spool_at(tmp_path), Receiver()
    for name in ("b", "a"):
        spool.put(name, {"id": name})
    assert spool.names() == (f"a@{KEY}", f"b@{KEY}")
    assert spool.replay(receiver).delivered == (f"a@{KEY}", f"b@{KEY}")
    assert spool.replay(receiver).delivered == ()
    assert receiver.taken == {"a": 1, "b": 1}
    assert spool.names() == ()


def test_an_absent_receiver_loses_nothing(tmp_path: Path) -> None:
    spool, receiver = spool_at(tmp_path), Receiver()
    spool.put("a", {"id": "a"})
    receiver.away = True
    with pytest.raises(ConnectionError):
        spool.replay(receiver)
    assert spool.names() == (f"a@{KEY}",)
    receiver.away = False
    assert spool.replay(receiver).delivered == (f"a@{KEY}",)


def test_a_crash_after_delivery_delivers_again_what_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, receiver = spool_at(tmp_path), Receiver()
    spool.put("a", {"id": "a"})

    def crash(_path: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", crash)
        with pytest.raises(KeyboardInterrupt):
            spool.replay(receiver)
    assert spool_at(tmp_path).replay(receiver).delivered == (f"a@{KEY}",)
    assert set(receiver.taken) == {"a"}
    assert spool.names() == ()


def test_a_crash_while_writing_leaves_the_older_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = spool_at(tmp_path)
    spool.put("a", {"id": "a", "version": 1})

    def crash(_path: Path, _target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            spool.put("a", {"id": "a", "version": 2})
    assert spool.names() == (f"a@{KEY}",)
    assert json.loads((tmp_path / f"a@{KEY}.json").read_text())["item"]["version"] == 1


def test_a_newer_item_takes_the_place_of_the_older(tmp_path: Path) -> None:
    spool, seen = spool_at(tmp_path), Everything()
    spool.put("a", {"version": 1})
    spool.put("a", {"version": 2})
    spool.replay(seen)
    assert seen.taken == [{"version": 2}]


def test_what_will_never_be_taken_stops_no_other_and_is_kept_for_people(tmp_path: Path) -> None:
    spool, receiver = spool_at(tmp_path), Receiver()
    spool.put("a", {"id": "a", "refuse": True})
    half = {"destination": {"host": HERE.host, "port": 3306, "schema": "faultcast", "user": "x"}, "item": []}
    (tmp_path / "b.json").write_text(json.dumps(half))
    spool.put("c", {"id": "c"})
    replayed = spool.replay(receiver)
    assert (replayed.delivered, replayed.refused, replayed.waiting) == ((f"c@{KEY}",), (f"a@{KEY}", "b"), 0)
    assert {path.name for path in (tmp_path / "refused").iterdir()} == {f"a@{KEY}.json", "b.json"}


OTHERS = [
    Destination("other.example", 3306, "faultcast", "writer"),
    Destination("db.example", 3307, "faultcast", "writer"),
    Destination("db.example", 3306, "elsewhere", "writer"),
    Destination("db.example", 3306, "faultcast", "writer", "uid-of-a-cluster"),
]


@pytest.mark.parametrize("other", OTHERS)
def test_what_belongs_elsewhere_is_never_delivered_here(tmp_path: Path, other: Destination) -> None:
    receiver = Receiver()
    spool_at(tmp_path, other).put("a", {"id": "a"})
    here = spool_at(tmp_path)
    here.put("a", {"id": "mine"})
    assert here.replay(receiver).delivered == (f"a@{KEY}",)
    assert here.elsewhere() == {other: (f"a@{other.key}",)}
    assert receiver.taken == {"mine": 1}
    assert spool_at(tmp_path, other).replay(receiver).delivered == (f"a@{other.key}",)
    assert waiting(tmp_path) == {}


def test_a_later_cluster_with_the_same_address_is_another_database(tmp_path: Path) -> None:
    first, later = (
        Destination("192.168.253.135", 31306, "faultcast", "faultcast", uid) for uid in ("uid-1", "uid-2")
    )
    spool_at(tmp_path, first).put("a", {"id": "a"})
    assert spool_at(tmp_path, later).replay(Receiver()).delivered == ()
    moved = Destination("10.0.0.1", 31306, "faultcast", "faultcast", "uid-1")
    assert spool_at(tmp_path, moved).replay(Receiver()).delivered == (f"a@{first.key}",)


def test_another_user_or_a_longer_name_reaches_the_same_database(tmp_path: Path) -> None:
    spool_at(tmp_path).put("a", {"id": "a"})
    same = Destination("DB.example.", 3306, "faultcast", "admin")
    assert spool_at(tmp_path, same).replay(Receiver()).delivered == (f"a@{KEY}",)


@pytest.mark.parametrize(
    "text", ['{"id": "old"}', '{"id": "half', "[]", '{"destination": 5, "item": {"id": "old"}}']
)
def test_what_does_not_say_where_it_belongs_waits_until_somebody_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "old.json").write_text(text)
    spool = spool_at(tmp_path)
    assert spool.replay(Receiver()) == Replayed((), (), 0)
    assert spool.elsewhere() == {None: ("old",)}
    told = spool.replay(Receiver(), unmarked=True)
    assert sorted((*told.delivered, *told.refused)) == ["old"]
    assert spool.elsewhere() == {}


def test_no_secret_waits_on_disk(tmp_path: Path) -> None:
    keep(CANARY)
    spool_at(tmp_path).put("a", {"command": f"pytest --faultcast-prometheus-url http://me:{CANARY}@host"})
    assert found_below([tmp_path], [CANARY]) == {}


@pytest.mark.parametrize("name", ["", "..", "../a", "a/b", ".hidden"])
def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        spool_at(tmp_path / "spool").put(name, {})
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None)  # it writes to disk
@given(data=st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.booleans())))
def test_an_item_comes_back_as_it_went(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    spool, seen = spool_at(tmp_path_factory.mktemp("spool")), Everything()
    spool.put("a", data)
    spool.replay(seen)
    assert seen.taken == [data]


def test_what_is_no_record_stays_and_keeps_no_other_from_being_delivered(tmp_path: Path) -> None:
    spool, receiver = spool_at(tmp_path), Receiver()
    spool.put("a", {"id": "a"})
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "bytes.json").write_bytes(b"\xff")
    odd = {"destination": {"host": "h", "port": "x", "schema": "s", "user": "u"}, "item": {"id": "odd"}}
    (tmp_path / "port.json").write_text(json.dumps(odd))
    assert spool.replay(receiver).delivered == (f"a@{KEY}",)
    assert waiting(tmp_path) == {None: ("bytes", "folder", "port")}
