"""What the command line and the plugin cost before they do anything: `python -m bench.startup`.

Seconds of CPU, user and system together, of whole processes; the least of several, beside a Python that does
nothing. Modules are compiled already.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.machine import facts
from faultcast.infra.processes import run

__all__ = ["cost"]

_ROOT = Path(__file__).resolve().parents[1]
_FAULTCAST = str(Path(sys.executable).with_name("faultcast"))
COMMANDS: dict[str, Sequence[str]] = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "faultcast --version": (_FAULTCAST, "--version"),
    "faultcast --help": (_FAULTCAST, "--help"),
    "pytest experiments --collect-only": (
        sys.executable,
        "-m",
        "pytest",
        "experiments",
        "--collect-only",
        "-q",
    ),
}


def cost(command: Sequence[str], times: int) -> float:
    """Seconds of CPU of a command, the least of several runs."""
    found = []
    for _ in range(times + 1):  # the first one fills the caches
        before = os.times()
        run(command, cwd=_ROOT, timeout=120)
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        found.append(spent)
    return round(min(found[1:]), 2)


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    print(
        json.dumps(
            {"machine": facts(), **{name: cost(words, times) for name, words in COMMANDS.items()}}, indent=1
        )
    )


if __name__ == "__main__":
    main()
