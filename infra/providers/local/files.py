"""Files written whole or not at all, and readable by their owner only."""

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["read_json", "write_json", "write_private"]


def write_private(path: Path, content: bytes) -> None:
    """Write a file with mode 0600; a reader sees the old file or the new one, never a half."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        out.write(content)
    temporary.replace(path)


def write_json(path: Path, document: Any) -> None:
    """Write a document with mode 0600, whole or not at all."""
    write_private(path, json.dumps(document, indent=1).encode())


def read_json(path: Path) -> Any:
    """Read a document; None when there is no such file."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
