"""Each numbered promise of docs/safety.md names the tests that hold it, and these exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "safety.md").read_text()
PROMISES = dict(re.findall(r"^(\d+)\. (\*\*.*?)(?=^\d+\. \*\*|^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_promises_are_numbered_without_a_gap() -> None:
    assert [int(number) for number in PROMISES] == list(range(1, len(PROMISES) + 1))
    assert len(PROMISES) >= 13


@pytest.mark.parametrize("number", PROMISES)
def test_each_promise_names_the_tests_that_hold_it(number: str) -> None:
    named = NAMED.findall(PROMISES[number])
    assert named, f"promise {number} names no test"
    missing = [f"{path}::{name}" for path, name in named if name not in names_in(path)]
    assert not missing
