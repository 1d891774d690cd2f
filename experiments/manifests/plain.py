"""JSON values of the API as plain Python ones, whatever they are: what has another form counts as missing."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["flag", "items", "moment", "number", "part", "text", "texts"]


def part(value: Any, *keys: str) -> Mapping[str, Any]:
    """An object inside of objects; an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def items(value: Any, *keys: str) -> list[Mapping[str, Any]]:
    """The objects of a list inside of objects."""
    found = part(value, *keys[:-1]).get(keys[-1])
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def text(value: Any, *keys: str) -> str:
    """A text or a number inside of objects, as text; empty where there is none."""
    found = part(value, *keys[:-1]).get(keys[-1])
    return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def texts(value: Any, *keys: str) -> dict[str, str]:
    """An object of texts, such as labels."""
    return {
        str(key): str(one) for key, one in part(value, *keys).items() if isinstance(one, str | int | float)
    }


def number(value: Any, *keys: str, default: int = 0) -> int:
    """A whole number inside of objects."""
    found = part(value, *keys[:-1]).get(keys[-1])
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def flag(value: Any, *keys: str) -> bool:
    """Whether something is said to be true."""
    return part(value, *keys[:-1]).get(keys[-1]) is True


def moment(value: Any, *keys: str) -> datetime | None:
    """A time as the API writes it; None where there is none."""
    try:
        found = datetime.fromisoformat(text(value, *keys))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
