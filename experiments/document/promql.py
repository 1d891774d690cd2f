"""Mistakes in a query that no server would take, found without one: each with the character it begins at.

    mistake_in("sum(rate(up[5m])")  # Mistake(at=3, what="( is never closed", ...)

Only what breaks the grammar of PromQL and of MetricsQL alike is a mistake: brackets, quotes, label matchers,
and operators without an operand. Names, types and numbers are left to the server that is asked: it may be
newer than this, or another product. Tokens are read as in Prometheus' `promql/parser/lex.go`, more freely.
"""

import re
from dataclasses import dataclass, field
from typing import NoReturn

__all__ = ["Mistake", "mistake_in"]

_TOKEN = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    |(?P<number>\.?\d[\w.]*(?:(?<=[eE])[+-]\d+)?)
    |(?P<word>(?:[^\W\d]|\\.|:)(?:[\w:.]|\\.)*)
    |(?P<operator></|>/|==|!=|=~|!~|<=|>=|[-+*/%^<>=@])
    |(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>,)|(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"[\d.]+([eE][+-]?\d+|(ms|[smhdwy])(\d+(ms|[smhdwy]))*)?")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_MATCHERS = ("=", "!=", "=~", "!~")
_BINARY = frozenset({"and", "or", "unless", "atan2", "default", "if", "ifnot", "offset", "limit"})
_GROUPING = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_FILLING = frozenset({"fill", "fill_left", "fill_right"})
_TRAILING = frozenset({"smoothed", "anchored", "keep_metric_names"})
_TEMPLATES = re.compile(r"\s*\(?\s*with\s*\(", re.IGNORECASE)
"""MetricsQL's templates: names, `=` and label matchers mean other things in them."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What makes a text no query.

    Attributes:
        at: Index of the character it begins at.
        what: What is wrong.
        mend: How to mend it.
    """

    at: int
    what: str
    mend: str


class _Found(Exception):  # noqa: N818 - a result, and caught here
    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake)
        self.mistake = mistake


@dataclass(slots=True)
class _Level:
    """What was read of one pair of brackets; the query itself is the first.

    Attributes:
        bracket: How it was opened.
        at: Where.
        grouping: Whether it is the list of labels of `by` and the like.
        wants: What has to come next: `operand`, `operator`, or `either` when that cannot be told.
        pending: The operator that still waits for its operand, and where it is.
        matcher: What a label matcher has so far: `` (nothing), `name`, `operator`, `value`.
        word: Whether the last token was a name, and `(` therefore calls it.
        list_next: Whether `(` would open a list of labels.
    """

    bracket: str = ""
    at: int = 0
    grouping: bool = False
    wants: str = "operand"
    pending: tuple[str, int] | None = None
    matcher: str = ""
    word: bool = False
    list_next: bool = False


def mistake_in(query: str) -> Mistake | None:
    """The first mistake of a query; None when there is none that is certain.

    Args:
        query: PromQL or MetricsQL.

    Example:
        >>> mistake_in('up{job=shop}').what
        'the label job is compared with shop, which is not in quotes'
    """
    reader = _Reader(templates=_TEMPLATES.match(query) is not None)
    try:
        for token in _TOKEN.finditer(query):
            if token.lastgroup != "blank":
                reader.take(str(token.lastgroup), token[0], token.start())
        reader.end(len(query))
    except _Found as found:
        return found.mistake
    return None


def _refuse(at: int, what: str, mend: str) -> NoReturn:
    raise _Found(Mistake(at, what, mend))


@dataclass(slots=True)
class _Reader:
    templates: bool
    levels: list[_Level] = field(default_factory=lambda: [_Level()])
    label: str = ""

    def take(self, kind: str, text: str, at: int) -> None:
        """One token."""
        level = self.levels[-1]
        if kind == "other":
            self._stranger(text, at)
        elif kind == "close":
            self._close(level, text, at)
        elif level.bracket == "[" or self.templates:
            if kind == "open":
                self.levels.append(_Level(text, at))
        elif level.bracket == "{":
            self._in_braces(level, kind, text, at)
        else:
            self._in_expression(level, kind, text, at)

    def end(self, at: int) -> None:
        """The query's end."""
        level = self.levels[-1]
        if level.bracket:
            _refuse(level.at, f"{level.bracket} is never closed", f"close it with {_CLOSING[level.bracket]}")
        self._complete(level)
        if not self.templates and level.wants == "operand":
            _refuse(at, "the query is empty", "write PromQL")

    def _stranger(self, text: str, at: int) -> None:
        if text in "\"'`":
            _refuse(at, f"the text that begins with {text} has no end", f"end it with {text}")
        _refuse(at, f"{text} means nothing here", "remove it, or put it in quotes when it is a value")

    def _close(self, level: _Level, text: str, at: int) -> None:
        if not level.bracket:
            _refuse(at, f"{text} closes nothing", "remove it, or open the bracket")
        if text != _CLOSING[level.bracket]:
            mend = f"close it with {_CLOSING[level.bracket]} first"
            _refuse(level.at, f"{level.bracket} is still open where {text} comes", mend)
        if not self.templates:
            self._complete(level)
            if level.bracket == "{" and level.matcher in ("name", "operator"):
                self._unmatched(level, text, at)
        self.levels.pop()
        above = self.levels[-1]
        above.wants = "either" if level.grouping else "operator"
        above.pending, above.word, above.list_next = None, False, False

    def _complete(self, level: _Level) -> None:
        if level.pending:
            operator, at = level.pending
            _refuse(at, f"nothing follows {operator}", f"write what comes after it, or remove {operator}")

    def _unmatched(self, level: _Level, text: str, at: int) -> None:
        if level.matcher == "name":
            mend = f'write {self.label}="VALUE"'
            _refuse(at, f"{text} follows the label {self.label}, which is compared with nothing", mend)
        what = f"the label {self.label} is compared with {text}, which is not in quotes"
        if text in ",}":
            what = f"the label {self.label} is compared with nothing"
        _refuse(at, what, 'put the value in quotes, as in job="shop"')

    def _in_braces(self, level: _Level, kind: str, text: str, at: int) -> None:
        match level.matcher, kind:
            case "", "word":
                level.matcher, self.label = "name", text
            case "", "text":
                level.matcher, self.label = "quoted", text
            case "", "comma" if level.pending is None:
                pass  # the server says what it makes of it
            case "name" | "quoted", "operator" if text in _MATCHERS:
                level.matcher = "operator"
            case "operator", "text":
                level.matcher = "value"
            case "value" | "quoted", "comma":
                level.matcher = ""
            case "value", "word" if text.lower() == "or":
                level.matcher = ""
            case "value", "operator" if text == "+":
                level.matcher = "operator"
            case "name" | "operator", _:
                self._unmatched(level, text, at)
            case "", _:
                _refuse(at, f"{text} stands where a label should", 'write matchers such as job="shop"')
            case _:
                _refuse(at, f"{text} follows a label matcher", "put a comma between the matchers")

    def _in_expression(self, level: _Level, kind: str, text: str, at: int) -> None:
        word, level.word = level.word, False
        match kind:
            case "open":
                if text == "(" and level.wants == "operator" and not word and not level.list_next:
                    self._no_operator(text, at)
                self.levels.append(_Level(text, at, grouping=text == "(" and level.list_next))
            case "comma":
                self._complete(level)
                if not level.bracket:
                    _refuse(at, ", separates arguments, and this is outside of brackets", "remove it")
                level.wants = "operand"
            case "operator":
                self._operator(level, text, at)
            case "word" if level.wants == "operator" and text.lower() in _BINARY:
                level.wants, level.pending, level.list_next = "operand", (text, at), False
            case "word" if level.wants == "either" and text.lower() in _BINARY:
                level.list_next = False  # an operator, or a metric of that name
            case "word" if text.lower() in _GROUPING | _FILLING | {"bool"} and (
                level.wants != "operand" or level.pending
            ):
                level.wants, level.pending = "either", None
                level.list_next = text.lower() != "bool"
            case "word" if level.wants != "operand" and text.lower() in _TRAILING:
                level.wants = "operator"
            case _:
                if level.wants == "operator":
                    self._no_operator(text, at)
                plain = kind != "number" or _NUMBER.fullmatch(text)  # MetricsQL splits `0.9or`
                level.wants, level.pending, level.list_next = "operator" if plain else "either", None, False
                level.word = kind == "word"

    def _operator(self, level: _Level, text: str, at: int) -> None:
        if text == "=":
            _refuse(at, "= compares labels, and this is outside of { }", "write == to compare values")
        if text in ("=~", "!~"):
            _refuse(at, f"{text} compares labels, and this is outside of {{ }}", "put it into braces")
        if level.wants == "operand" and text not in "+-":
            before = (
                f"{level.pending[0]} and {text} follow each other"
                if level.pending
                else f"nothing comes before {text}"
            )
            _refuse(at, before, "write what comes between or before them")
        level.wants, level.pending, level.list_next = "operand", (text, at), False

    def _no_operator(self, text: str, at: int) -> None:
        shown = text if len(text) <= 30 else f"{text[:30]}..."
        _refuse(at, f"an operator is missing before {shown}", "write one, such as + or and, or remove it")
