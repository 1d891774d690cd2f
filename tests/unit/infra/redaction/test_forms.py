"""A secret that is known is taken out of every text, however it is quoted there."""

import base64
import html
import json
import shlex
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultcast.infra.redaction.known import Secrets
from tests.canaries import CANARY, found_in

QUOTINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "quote": quote,
    "quote all": lambda text: quote(text, safe=""),
    "quote, lower case": lambda text: quote(text, safe="").lower() if text.islower() else quote(text),
    "quote_plus": quote_plus,
    "quoted twice": lambda text: quote(quote(text)),
    "urlencode": lambda text: urlencode({"q": text}),
    "JSON": json.dumps,
    "JSON without escapes": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON as PHP and JavaScript write it": lambda text: json.dumps(text).replace("/", "\\/"),
    "JSON in JSON": lambda text: json.dumps(json.dumps({"a": text})),
    "HTML": html.escape,
    "HTML of JSON": lambda text: html.escape(json.dumps(text)),
    "JSON of HTML": lambda text: json.dumps(html.escape(text)),
    "HTML twice": lambda text: html.escape(html.escape(text)),
    "HTML by number": lambda text: "".join(c if c.isalnum() else f"&#{ord(c)};" for c in text),
    "XML text": escape,
    "XML attribute": quoteattr,
    "repr": repr,
    "repr of bytes": lambda text: repr(text.encode()),
    "repr of a mapping with a repr": lambda text: repr({"a": repr(text)}),
    "shell": shlex.quote,
    "a shell line": lambda text: shlex.join(["curl", "-u", f"me:{text}", "http://h"]),
    "a shell line in JSON": lambda text: json.dumps(shlex.quote(text)),
    "a shell line in HTML": lambda text: html.escape(shlex.quote(text)),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, second place": lambda text: base64.b64encode(b"a" + text.encode() + b"bc").decode(),
    "base64, third place": lambda text: base64.b64encode(b"ab" + text.encode() + b"c").decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(b"user:" + text.encode()).decode(),
    "base64 in JSON in a URL": lambda text: quote(json.dumps(base64.b64encode(text.encode()).decode())),
    "decoded wrongly": lambda text: text.encode().decode("latin-1"),
}


@pytest.mark.parametrize("quoting", QUOTINGS)
def test_a_known_secret_is_taken_out_in_every_form(quoting: str) -> None:
    known = Secrets()
    known.keep(CANARY)
    written = QUOTINGS[quoting](CANARY)
    assert found_in(f"before {written} after".encode(), [CANARY]), "the scanner has to see it"
    clean = known.hidden(f"before {written} after")
    assert "***" in clean
    assert not found_in(clean.encode(), [CANARY])
    assert clean.startswith("before ")
    assert clean.endswith(" after")


SECRETS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x1F9FF, exclude_categories=["Cs", "Z", "Cc"]), min_size=6
)


@settings(deadline=None)  # each secret is made into patterns first
@given(secret=SECRETS, quoting=st.sampled_from(sorted(QUOTINGS)))
def test_any_secret_is_taken_out_in_every_form(secret: str, quoting: str) -> None:
    known = Secrets()
    known.keep(secret)
    clean = known.hidden(f"<<{QUOTINGS[quoting](secret)}>>")
    assert "***" in clean or len(secret.encode()) < 8
    assert not found_in(clean.encode(), [secret]) or len(secret.encode()) < 8


@given(
    words=st.lists(st.sampled_from(["a", "pass", "***", "@", "http:", "//h", "=", "\n", "\\", "%41", "é"]))
)
def test_what_is_clean_stays_as_it_is(words: list[str]) -> None:
    known = Secrets()
    known.keep(CANARY)
    clean = known.hidden(" ".join(words))
    assert clean == " ".join(words)
    assert known.hidden(clean) == clean


def test_the_longest_secret_goes_first() -> None:
    known = Secrets()
    known.keep("abcdef", "abcdef-and-more")
    assert known.hidden("abcdef-and-more") == "***"


def test_a_key_of_several_lines_is_each_of_its_lines() -> None:
    known = Secrets()
    known.keep("-----BEGIN X-----\nAAAABBBBCCCC\nDDDDEEEEFFFF\n-----END X-----\n")
    assert known.hidden("DDDDEEEEFFFF\\nAAAABBBBCCCC -----BEGIN X-----") == "***\\n*** -----BEGIN X-----"


@pytest.mark.parametrize("short", ["", "a", "abc", "password", "faultcast", "Admin", "true"])
def test_what_would_destroy_any_text_is_told_by_its_place_only(short: str) -> None:
    known = Secrets()
    known.keep(short)
    assert known.hidden(f"abc {short} faultcast true") == f"abc {short} faultcast true"
    assert short in {"", "a"} or short not in known.redacted(f"--db-password={short} rest").split(" ")[0][14:]


def test_backslashes_take_no_time() -> None:
    known = Secrets()
    known.keep("\\" * 40 + "x" + "\\" * 40 + "y!")
    assert known.hidden("\\" * 20_000).count("\\") == 20_000


@pytest.mark.parametrize("width", range(3, 40))
def test_what_is_left_of_a_value_that_was_cut_is_taken_out(width: int) -> None:
    known = Secrets()
    known.keep(CANARY)
    value = repr({"url": f"http://me:{CANARY}@host", "more": "x" * 20})
    cut = f"{value[: width - 1]}...{value[-width:]}"
    clean = known.redacted(cut, cut=True)
    pieces = {CANARY[at : at + 5] for at in range(len(CANARY) - 4)}
    assert not [piece for piece in pieces if piece in clean]
