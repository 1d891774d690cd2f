"""Checked data as JSON files: written whole or not at all, read with a clear error."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from faultcast.infra.errors import FaultcastError
from faultcast.infra.redaction import redacted_document

__all__ = ["load_document", "save_document"]


def save_document[T](path: Path, adapter: TypeAdapter[T], value: T) -> None:
    """Write a value, without secrets; a reader sees the old file or the new one, never a half."""
    partial = path.with_name(f"{path.name}.part")
    partial.write_bytes(redacted_document(adapter.dump_json(value, indent=2).decode()).encode() + b"\n")
    partial.replace(path)


def load_document[T](
    path: Path,
    adapter: TypeAdapter[T],
    *,
    missing: str,
    remedy: str,
    mend: str = "it was written by another version, or edited by hand",
) -> T:
    """Read a value back.

    Args:
        path: The file.
        adapter: What it holds.
        missing: What to say when there is no such file.
        remedy: What to do then.
        mend: What to do when it is broken.

    Raises:
        FaultcastError: There is none, or a broken one.
    """
    try:
        return adapter.validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise FaultcastError(missing, remedy=remedy) from error
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise FaultcastError(message, remedy=mend) from error
    except ValidationError as error:
        message = f"{path} is broken: {error.errors()[0]['msg']}"
        raise FaultcastError(message, remedy=mend) from error
