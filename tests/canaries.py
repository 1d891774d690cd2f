"""Secrets to be found nowhere, and a scanner that decodes whatever it is given until it finds one.

Written apart from what hides them: it decodes, where the redactor encodes.
"""

import base64
import binascii
import gzip
import html
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, unquote_plus

__all__ = ["CANARY", "canary", "found_below", "found_in"]

CANARY = "Kän@ri/7%:f b+\"'&<\\Vogel"
"""Holds every character that some way of quoting changes."""

_DEEPEST = 4
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}={0,2}")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def canary(place: str) -> str:
    """A secret of its own for a place, with all the odd characters."""
    return f"{CANARY}-{place}"


def found_in(data: bytes, secrets: Iterable[str]) -> set[str]:
    """The secrets that are in the data, however they are encoded there."""
    wanted = {secret: secret.encode() for secret in secrets}
    found: set[str] = set()
    seen: set[bytes] = set()
    layer = [data]
    for _ in range(_DEEPEST):
        fresh = []
        for each in layer:
            found |= {secret for secret, plain in wanted.items() if plain in each}
            for decoded in _decodings(each):
                if decoded not in seen:
                    seen.add(decoded)
                    fresh.append(decoded)
        layer = fresh
    found |= {secret for secret, plain in wanted.items() for each in layer if plain in each}
    return found


def found_below(folders: Iterable[Path], secrets: Iterable[str]) -> dict[str, set[Path]]:
    """The files below some folders that hold a secret, by secret; a file's name counts as well."""
    secrets = list(secrets)
    found: dict[str, set[Path]] = {}
    for folder in folders:
        for path in folder.rglob("*") if folder.is_dir() else [folder]:
            data = path.read_bytes() if path.is_file() else b""
            for secret in found_in(data + b"\n" + str(path).encode(), secrets):
                found.setdefault(secret, set()).add(path)
    return found


def _decodings(data: bytes) -> Iterator[bytes]:
    yield from _unpacked(data)
    text = data.decode("utf-8", "replace")
    plain = {unquote(text), unquote_plus(text), html.unescape(text), _unescaped(text), _shell(text)}
    for each in plain - {text}:
        yield each.encode("utf-8", "replace")
    try:
        wrong = text.encode("latin-1")
        if wrong != data:
            yield wrong
    except UnicodeEncodeError:
        yield b""
    for shift in range(4):
        for word in _BASE64.findall(data):
            yield from _unbased(word[shift:])


def _unbased(word: bytes) -> Iterator[bytes]:
    core = word.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    core = core[: len(core) - (len(core) % 4 == 1)]
    try:
        decoded = base64.b64decode(core + b"=" * (-len(core) % 4))
    except (binascii.Error, ValueError):
        return
    yield decoded
    yield decoded.decode("latin-1").encode()


def _unpacked(data: bytes) -> Iterator[bytes]:
    if data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    elif data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode() + b"\n" + archive.read(name)
    elif data[:4] == b"PAR1":
        yield from _parquet(data)
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _png(data)


def _parquet(data: bytes) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(data))
    except pa.ArrowInvalid:  # something decoded that only begins like one
        return
    metadata = {**(file.metadata.metadata or {}), **(file.schema_arrow.metadata or {})}
    yield b"\n".join(key + b"=" + value for key, value in metadata.items())
    yield json.dumps(file.read().to_pydict(), default=str).encode()


def _png(data: bytes) -> Iterator[bytes]:
    for chunk in (b"iTXt", b"tEXt", b"zTXt"):
        for at in re.finditer(chunk, data):
            length = int.from_bytes(data[at.start() - 4 : at.start()], "big")
            text = data[at.end() : at.end() + length]
            yield text
            packed = text.partition(b"\0")[2][1:]
            if chunk == b"zTXt" and packed:
                yield zlib.decompress(packed)


def _unescaped(text: str) -> str:
    """Backslashes as JSON, Python and shells write them."""

    def plain(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        return chr(int(code, 16)) if code else _PLAIN.get(found[3], found[3])

    decoded = _ESCAPE.sub(plain, text)
    try:
        return decoded.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return decoded


def _shell(text: str) -> str:
    return text.replace("'\"'\"'", "'").replace("'\\''", "'")
