"""The page of the faults says what each of them is, and forgets none."""

import re
from pathlib import Path
from typing import Any

import pytest

from bench.faults_page import drawn
from faultcast.experiments.fault import Fault, faults
from tests.catalogued import catalogued

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text()

every_fault = pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.kind)


def section(kind: str) -> str:
    found = re.search(rf"^### {kind}$(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/faults.md has no section {kind}"
    return found[1]


@every_fault
def test_each_has_a_row_and_a_section_with_its_arguments(fault: Fault[Any]) -> None:
    (row,) = re.findall(rf"^\| \[`{fault.kind}`\]\(#{fault.kind}\) \|(.*)\|$", PAGE, re.MULTILINE)
    assert len(re.split(r"(?<!\\)\|", row)) == 6
    text = section(fault.kind)
    assert fault.module in text
    assert f"func: {fault.action}" in text
    shared = PAGE.partition("## Arguments that all faults have")[2].partition("\n## ")[0]
    for name in fault.arguments.model_fields:
        assert f"`{name}`" in text + shared, name


def test_what_comes_from_the_code_is_in_step() -> None:
    assert drawn(PAGE) == PAGE, "run: python bench/faults_page.py"


def test_a_kind_without_a_section_is_named() -> None:
    with pytest.raises(ValueError, match="no section of node-drain"):
        drawn(PAGE.replace("### node-drain\n", "### another\n"))


def test_each_is_in_the_catalog() -> None:
    assert set(catalogued()) == {fault.kind for fault in faults()}


def test_the_page_describes_no_fault_that_is_not_there() -> None:
    kinds = {fault.kind for fault in faults()}
    assert set(re.findall(r"^### (\S+)$", PAGE, re.MULTILINE)) == kinds
