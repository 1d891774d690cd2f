"""What the command line loads before it knows what is asked: nothing that takes long."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

HEAVY = {
    "chaoslib",
    "darts",
    "kubernetes",
    "matplotlib",
    "numpy",
    "pandas",
    "requests",
    "ruamel.yaml",
    "scipy",
    "sqlalchemy",
}
ROOT = Path(__file__).parents[3]
READ_FILES = {"chaoslib", "requests", "ruamel.yaml"}
"""What checks experiment files, and what Chaos Toolkit takes along."""
CODE = """
import sys
from faultcast.cli.main import main
sys.argv[0] = "faultcast"
try:
    main()
finally:
    print("\\n".join(sys.modules), file=sys.stderr)
"""


def asked(*words: str) -> tuple[str, set[str]]:
    """What a command prints, and which modules it has loaded at its end."""
    done = subprocess.run([sys.executable, "-c", CODE, *words], capture_output=True, text=True, check=True)
    return done.stdout, set(done.stderr.split())


@pytest.mark.parametrize("words", [("--help",), ("forecast", "--help"), ("node", "--help"), ("up", "--help")])
def test_help_loads_nothing_that_takes_long(words: tuple[str, ...]) -> None:
    shown, loaded = asked(*words)
    assert "Usage:" in shown
    assert loaded & HEAVY == set()


def test_the_version_is_that_of_the_package() -> None:
    shown, loaded = asked("--version")
    assert shown == f"{version('faultcast')}\n"
    assert loaded & HEAVY == set()


@pytest.mark.slow
def test_collecting_the_catalog_loads_what_reads_files_and_no_more() -> None:
    code = "import sys, pytest; pytest.main(sys.argv[1:]); print('\\n'.join(sys.modules), file=sys.stderr)"
    words = ("experiments", "--collect-only", "-q", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "no-fault" in done.stdout
    assert set(done.stderr.split()) & (HEAVY | {"chaosk8s"}) == READ_FILES
