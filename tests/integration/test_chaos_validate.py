"""Chaos Toolkit's own command accepts every file of the catalog."""

import sys
from pathlib import Path

import pytest

from faultcast.infra.processes import run

CATALOG = Path(__file__).parents[2] / "experiments" / "catalog"


@pytest.mark.integration
@pytest.mark.parametrize("path", sorted(CATALOG.glob("*.yaml")), ids=lambda path: path.stem)
def test_chaos_validate_accepts_the_catalog(path: Path, tmp_path: Path) -> None:
    chaos = Path(sys.executable).with_name("chaos")
    done = run([chaos, "--log-file", tmp_path / "log", "validate", path], timeout=120, cwd=tmp_path)
    assert "experiment syntax and semantic look valid" in done.stdout + done.stderr
