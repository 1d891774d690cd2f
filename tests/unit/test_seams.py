"""The table of the seams is true: what it names exists, and no seam is without a contract test."""

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from bench.packages import TOP

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Seams")[2].partition("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in SECTION.splitlines()
    if line.startswith("|") and not line.startswith(("| seam", "|---"))
]
SMALL = {"Meter", "Task", "Clock", "Scheduled", "Duties"}
"""Protocols that are no seams: each has one implementation that matters, and others stand for it in tests."""

every_seam = pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].replace(" ", "-"))


def named(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(f"faultcast.{module}"), attribute)


def functions(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


@every_seam
def test_its_contract_exists(row: list[str]) -> None:
    [contract] = re.findall(r"`([a-z_.]+\.[A-Z]\w+)`", row[1])
    assert isinstance(named(contract), type)


@every_seam
def test_its_contract_test_exists_and_calls_it(row: list[str]) -> None:
    files = [ROOT / "tests" / "contract" / name for name in re.findall(r"`([^`]+)`", row[3])]
    assert files
    [contract] = re.findall(r"`[a-z_.]+\.([A-Z]\w+)`", row[1])
    for file in files:
        assert any(name.startswith("test_") for name in functions(file)), file
    main = files[0]
    beside = main.with_name(main.name.removeprefix("test_"))
    texts = [path.read_text() for path in (main, beside) if path.exists()]
    assert any(re.search(rf"\b{contract}\b", text) for text in texts), f"{main} is not about {contract}"
    checks = {name for name in functions(beside) if name.startswith("check_")} if beside.exists() else set()
    assert all(re.search(rf"\b{check}\(", main.read_text()) for check in checks), checks


def test_every_protocol_is_a_seam_or_a_small_one() -> None:
    found = {
        name
        for top in TOP
        for path in (ROOT / top).rglob("*.py")
        for name in re.findall(r"^class (\w+)\(Protocol\)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    seams = {name for row in ROWS for name in re.findall(r"`[a-z_.]+\.([A-Z]\w+)`", row[1])}
    assert found == (seams - {"Fault"}) | SMALL, "a fault is a class of its own, the others are protocols"
