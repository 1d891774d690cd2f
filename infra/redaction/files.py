"""Secrets kept out of files and streams that others write."""

import gzip
import json
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from faultcast.infra.redaction.known import KNOWN
from faultcast.infra.redaction.sources import keep_arguments, keep_environment

__all__ = [
    "RedactedStream",
    "copy_redacted",
    "redact_files",
    "redact_output",
    "redacted_document",
    "write_plainly",
]

_PACKED = frozenset({".gif", ".gz", ".jpg", ".parquet", ".png", ".zip", ".zst"})


class RedactedStream:
    """A stream for text that is written to another one without secrets.

    Args:
        stream: Where to.
    """

    def __init__(self, stream: IO[str]) -> None:
        self.plain = stream

    def write(self, text: str) -> int:
        """Write a text; returns how long it was."""
        self.plain.write(KNOWN.hidden(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's own."""
        return getattr(self.plain, name)


def redact_output() -> None:
    """From now on nothing that this process prints holds a secret that it knows."""
    keep_environment()
    keep_arguments(sys.argv[1:])
    sys.stdout = RedactedStream(sys.stdout)
    sys.stderr = RedactedStream(sys.stderr)


def write_plainly(text: str) -> None:
    """Print a text with its secrets, because it is meant to hold them: a Secret for `kubectl apply`."""
    stream = sys.stdout
    plain: IO[str] = stream.plain if isinstance(stream, RedactedStream) else stream
    plain.write(text)
    plain.flush()


def redacted_document(text: str, *, by_name: bool = False) -> str:
    """A JSON document without secrets, which stays one."""
    if not by_name and KNOWN.hidden(text) == text:
        return text
    try:
        data = json.loads(text)
    except ValueError:
        return KNOWN.hidden(text)
    indent = 2 if "\n" in text.strip() else None
    return json.dumps(KNOWN.redacted_data(data, by_name=by_name), indent=indent, ensure_ascii=False) + (
        "\n" if text.endswith("\n") else ""
    )


def copy_redacted(source: Path | str, target: Path | str) -> None:
    """Copy a text without secrets, whatever bytes are in it; one that gzip packed is packed again.

    Args:
        source: The file; one whose name says that it is packed otherwise is copied as it is.
        target: Where to. A file that gzip cannot read is told there instead of copied.
    """
    source, target = Path(source), Path(target)
    data = source.read_bytes()
    if source.suffix == ".gz":
        try:
            target.write_bytes(gzip.compress(_without_secrets(gzip.decompress(data)), mtime=0))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            target.write_text(f"left out: {error}\n")
    else:
        target.write_bytes(data if source.suffix in _PACKED else _without_secrets(data, source.suffix))


def _without_secrets(data: bytes, suffix: str = "") -> bytes:
    text = data.decode("utf-8", "surrogateescape")
    clean = redacted_document(text) if suffix == ".json" else KNOWN.hidden(text)
    return clean.encode("utf-8", "surrogateescape")


def redact_files(*places: Path, by_name: bool = False) -> list[Path]:
    """Take secrets out of the texts that lie there, each replaced at once; no text holds a zero byte.

    Args:
        places: Files, and folders with all that is below them. What is not there is no error.
        by_name: Whether in JSON also texts under a name such as `password` are taken out.

    Returns:
        The files that held one.
    """
    files = (path for place in places for path in (sorted(place.rglob("*")) if place.is_dir() else [place]))
    return [
        path
        for path in files
        if path.suffix not in _PACKED
        and path.is_file()
        and not path.is_symlink()
        and _redact(path, by_name=by_name)
    ]


def _redact(path: Path, *, by_name: bool) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return False
    if b"\0" in data:  # no text in any encoding that is written here
        return False
    text = data.decode("utf-8", "surrogateescape")
    if path.suffix == ".json":
        clean = redacted_document(text, by_name=by_name)
    else:  # a page may hold programs, in which there is much that only looks like a secret
        clean = KNOWN.hidden(text, guess=path.suffix != ".html")
    if clean == text:
        return False
    partial = path.with_name(f"{path.name}.part")
    partial.write_bytes(clean.encode("utf-8", "surrogateescape"))
    partial.replace(path)
    return True
