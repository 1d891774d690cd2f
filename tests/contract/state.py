"""What every store of states owes; run against files here, and against the database in tests/integration."""

import pytest

from faultcast.infra.errors import SinkError
from faultcast.reports.outlook.storage.state import StateStore

__all__ = ["check_broken_store", "check_state_store"]


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
    names = store.keys()
    assert set(names) == {"A", "a", "b", "run-1.2_c"}
    assert names == tuple(sorted(names))
    assert all(store.load(key) is not None for key in names), "what is named can be read"
    for key in ("", "../a", "a/b", ".hidden", "a b", "x" * 101, "ä", "a\n"):
        with pytest.raises(ValueError, match="cannot be the name"):
            store.save(key, b"")
        with pytest.raises(ValueError, match="cannot be the name"):
            store.load(key)


def check_broken_store(store: StateStore) -> None:
    """A store that cannot be reached says so with a way on, whatever it is asked for.

    Args:
        store: One that can neither be read nor written.
    """
    for ask in (lambda: store.save("a", b"1"), lambda: store.load("a"), store.keys):
        with pytest.raises(SinkError) as error:
            ask()
        assert error.value.remedy
    with pytest.raises(ValueError, match="cannot be the name"):
        store.save("../a", b"")
