"""Which series a query reads: the selectors in it, found without understanding the rest."""

import re

__all__ = ["selectors"]

_TOKEN = re.compile(
    r"""(?P<skipped>\#[^\n]*|\s+|\[[^\]]*\]|\d[\w.]*)
      | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
      | (?P<braces>\{(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|[^{}"'`])*\})
      | (?P<name>[a-zA-Z_:][\w:.]*)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
"""Words whose parentheses hold names of labels."""
_WORDS = _LISTS | {
    "and", "or", "unless", "atan2", "bool", "offset", "inf", "nan", "start", "end",
    "sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values", "bottomk", "topk",
    "quantile", "limitk", "limit_ratio",
}  # fmt: skip


def selectors(query: str) -> list[str]:
    """The selectors of series in a query, each once, in order: `http_requests_total{code="500"}`.

    Without their ranges and offsets. Of what is no PromQL some list comes: Prometheus says what is wrong.

    Args:
        query: PromQL.
    """
    tokens = [
        (match.lastgroup or "", match[0]) for match in _TOKEN.finditer(query) if match.lastgroup != "skipped"
    ]
    found: list[str] = []
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        after = tokens[at + 1] if at + 1 < len(tokens) else ("", "")
        at += 1
        if kind == "braces":
            found.append(text)
        elif kind == "name" and text.lower() in _LISTS and after[1] == "(":
            while at < len(tokens) and tokens[at][1] != ")":
                at += 1
        elif kind == "name" and after[0] == "braces":
            found.append(text + after[1])
            at += 1
        elif kind == "name" and after[1] != "(" and text.lower() not in _WORDS:
            found.append(text)
    return list(dict.fromkeys(found))
