"""YAML as plain data that knows its lines."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar

from faultcast.infra.yamltext import NotYamlError, load_yaml

__all__ = ["Place", "Problem", "Problems", "YamlFile", "read_yaml"]

_MOST_BYTES = 1_000_000
_MOST_NODES = 50_000
_LARGEST = 1 << 63
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves a terminal's cursor or turns the text around: with it, a preview could show something else."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong with a file.

    Attributes:
        line: Where, counted from 1.
        what: What is wrong.
        mend: How to mend it.
        file: Which other file it is in; empty for the file that is read.
        column: Where in the line, counted from 1; 0 when it is no single character.
    """

    line: int
    what: str
    mend: str
    file: str = ""
    column: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part of a file was written.

    Attributes:
        line: Counted from 1.
        path: Its keys and indices there.
        file: Which other file that is; empty for the file that is read.
    """

    line: int
    path: tuple[str | int, ...]
    file: str = ""


class Problems(Exception):  # noqa: N818 - several, and always turned into an ExperimentError
    """A file cannot be turned into data at all."""

    def __init__(self, *found: Problem) -> None:
        super().__init__(*found)
        self.found = found


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A parsed file.

    Attributes:
        data: Mappings, lists, texts, numbers, booleans and None only.
        source: The same as ruamel.yaml's round-trip nodes, which know their lines.
        text: What the file holds; empty when nobody knows.
    """

    data: Any
    source: Any
    text: str = field(default="", repr=False, kw_only=True)

    def line(self, path: Sequence[str | int]) -> int:
        """Line of the key or item at the end of `path`, or of its nearest ancestor; counted from 1."""
        node, line = self.source, 1
        for step in path:
            position = _position(node, step)
            if position is None:
                break
            line, node = position + 1, node[step]
        return line

    def place(self, path: Sequence[str | int]) -> Place:
        """Where the part at the end of `path` was written."""
        return Place(self.line(path), tuple(path))

    def written(self, place: Place) -> "YamlFile":  # noqa: ARG002 - a file with parts of another one needs it
        """The file that a part of this one was written in."""
        return self


def read_yaml(path: Path) -> YamlFile:
    """Parse a file.

    Raises:
        Problems: It cannot be read, is no YAML, or holds what an experiment cannot hold.
    """
    text = _text(path)
    try:
        source = load_yaml(text, "rt")
    except NotYamlError as error:
        mend = (
            "correct the syntax" if error.line else "correct the syntax; quote texts with special characters"
        )
        raise Problems(Problem(error.line or 1, f"not valid YAML: {error.problem}", mend)) from error
    return YamlFile(_Plain().convert(source, 1, 0), source, text=text)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise Problems(Problem(1, what, "name an existing experiment file")) from error
    if len(raw) > _MOST_BYTES:
        raise Problems(Problem(1, f"is {len(raw)} bytes long", "an experiment is a small YAML file"))
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Problems(Problem(line, "is not UTF-8 text", "save the file as UTF-8")) from error


def _position(node: Any, step: str | int) -> int | None:
    try:
        if isinstance(node, CommentedMap) and step in node:
            return int(node.lc.key(step)[0])
        if isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            return int(node.lc.item(step)[0])
    except (KeyError, AttributeError, TypeError):
        # keys that come from a merge (<<) have no position of their own
        return None
    return None


class _Plain:
    """Turns round-trip nodes into plain data, and refuses what would not be plain."""

    def __init__(self) -> None:
        self.nodes = 0

    def convert(self, node: Any, line: int, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > _MOST_NODES or depth > 50:
            raise Problems(Problem(line, "is too large or too deep", "an experiment is a small YAML file"))
        if isinstance(node, CommentedMap):
            return self._mapping(node, line, depth)
        if isinstance(node, CommentedSeq):
            return [
                self.convert(item, (_position(node, index) or line - 1) + 1, depth + 1)
                for index, item in enumerate(node)
            ]
        return _scalar(node, line)

    def _mapping(self, node: CommentedMap, line: int, depth: int) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for key, value in node.items():
            position = _position(node, key)
            here = line if position is None else position + 1
            if not isinstance(key, str):
                raise Problems(Problem(here, f"the key {key!r} is not a text", "quote it"))
            _readable(key, here)
            plain[str(key)] = self.convert(value, here, depth + 1)
        return plain


def _scalar(node: Any, line: int) -> Any:
    if node is None or isinstance(node, bool):
        return node
    for kind in (str, int, float):
        if isinstance(node, kind):
            value = kind(node)
            if isinstance(value, str):
                _readable(value, line)
            if isinstance(value, float) and not math.isfinite(value):
                raise Problems(Problem(line, f"{value} is not a finite number", "write a number"))
            if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
                raise Problems(Problem(line, "the number is too large", "write a smaller one"))
            return value
    if type(node).__name__ == "ScalarBoolean":
        return bool(node)
    if isinstance(node, TaggedScalar):
        raise Problems(Problem(line, f"the tag {node.tag.value} is not read here", "remove the tag"))
    what = f"{str(node)!r} is read as a {type(node).__name__}"
    raise Problems(Problem(line, what, "put it in quotes to make it a text"))


def _readable(text: str, line: int) -> None:
    if found := _UNSEEN.search(text):
        what = f"a text holds the control character U+{ord(found[0]):04X}, which nobody would see"
        raise Problems(Problem(line, what, "remove it"))
