"""Secrets to be found nowhere, and a scanner that decodes whatever it is given until it finds one.

Written apart from what hides them: it decodes, where the redactor encodes. Letters and digits are looked for
as they are, since no way of quoting changes them; what stands around them is decoded.
"""

import base64
import contextlib
import gzip
import html
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, unquote_plus, unquote_to_bytes

__all__ = ["CANARY", "canary", "found_below", "found_in"]

CANARY = "Kän@ri/7%:f b+\"'&<\\Vogel"
"""Holds every character that some way of quoting changes."""

_DEEPEST = 4
_AROUND = 400
"""Bytes that are decoded as text on both sides of a piece that no quoting changes."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{10,}")
_PRINTABLE = bytes([9, 10, 13, *range(32, 127), *range(128, 256)])
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def canary(place: str) -> str:
    """A secret of its own for a place, with all the odd characters."""
    return f"{CANARY}-{place}"


def found_in(data: bytes, secrets: Iterable[str]) -> set[str]:
    """The secrets that are in the data, however they are encoded there."""
    wanted = {
        secret: max(re.findall(r"[A-Za-z0-9]+", secret), key=len, default="").encode() for secret in secrets
    }
    found: set[str] = set()
    layer, seen = {data}, set[bytes]()
    for _ in range(_DEEPEST):
        seen |= layer
        for each in layer:
            found |= {secret for secret, piece in wanted.items() if _holds(each, secret.encode(), piece)}
        layer = {inner for each in layer for inner in _unpacked(each)} - seen
    return found


def _piece(secret: str) -> bytes:
    return max(re.findall(r"[A-Za-z0-9]+", secret), key=len, default="").encode()


def _holds(data: bytes, secret: bytes, piece: bytes) -> bool:
    """Whether a secret stands in a text, quoted in whatever way."""
    if secret in data:
        return True
    places = [found.start() for found in re.finditer(re.escape(piece), data)]
    layer = {data[max(0, at - _AROUND) : at + _AROUND] for at in places} if piece else {data}
    for _ in range(_DEEPEST):
        layer = {decoded for each in layer for decoded in _decodings(each)}
        if any(secret in each for each in layer):
            return True
    return False


def found_below(folders: Iterable[Path], secrets: Iterable[str]) -> dict[str, set[Path]]:
    """The files below some folders that hold a secret, by secret; a file's name counts as well."""
    secrets = list(secrets)
    found: dict[str, set[Path]] = {}
    for folder in folders:
        for path in folder.rglob("*") if folder.is_dir() else [folder]:
            data = path.read_bytes() if path.is_file() else b""
            for secret in found_in(data, secrets) | found_in(str(path).encode(), secrets):
                found.setdefault(secret, set()).add(path)
    return found


def _decodings(data: bytes) -> Iterator[bytes]:
    text = data.decode("utf-8", "replace")
    plain = {unquote(text), unquote_plus(text), html.unescape(text), _unescaped(text), _shell(text)}
    for each in plain - {text}:
        yield each.encode("utf-8", "replace")
    with contextlib.suppress(UnicodeEncodeError):
        wrong = text.encode("latin-1")
        if wrong != data:
            yield wrong


def _unpacked(data: bytes) -> Iterator[bytes]:
    """What is inside: of files that hold others, and of base64, which may begin anywhere in a word."""
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
    for text in {data, unquote_to_bytes(data), data.replace(b"\\/", b"/")}:
        for word in set(_BASE64.findall(text)):
            for shift in range(4):
                yield from _unbased(word[shift:])


def _unbased(word: bytes) -> Iterator[bytes]:
    core = word.translate(bytes.maketrans(b"-_", b"+/"))
    core = core[: len(core) - (len(core) % 4 == 1)]
    decoded = base64.b64decode(core + b"=" * (-len(core) % 4))
    packed = decoded[:2] in (b"\x1f\x8b", b"PK", b"PA", b"\x89P")
    if packed or 20 * len(decoded.translate(None, _PRINTABLE)) < len(decoded):
        yield decoded
        with contextlib.suppress(UnicodeDecodeError):
            decoded.decode()
            return
        yield decoded.decode("latin-1").encode()


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
