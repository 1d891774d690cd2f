"""Runs the suite as a user does, in a process of its own, and reads what it left."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faultcast.experiments.history import TrialHistory, load_trial
from faultcast.infra.waiting import Wait, wait_until

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Gate:
    """One finished run of the suite."""

    code: int
    output: str
    folder: Path

    @property
    def run(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        return found

    def verdict(self, experiment: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.trial(experiment) / "verdict.json").read_text())
        return found

    def history(self, experiment: str) -> TrialHistory:
        return load_trial(self.trial(experiment))[0]

    def trial(self, experiment: str) -> Path:
        return next(self.folder.glob(f"trials/{experiment}-*"))


@dataclass
class Running:
    """A run that goes on; `output` grows."""

    process: subprocess.Popen[str]
    log: Path
    runs: Path

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for(self, text: str, seconds: float) -> None:
        def seen() -> bool:
            return text in self.output or self.process.poll() is not None

        wait_until(f"{text!r} in the output", seen, Wait(seconds, 0.2), last_seen=lambda: self.output[-2000:])
        assert text in self.output, f"the run ended without {text!r}:\n{self.output[-4000:]}"

    def finish(self, seconds: float) -> Gate:
        code = self.process.wait(seconds)
        return Gate(code, self.output, (self.runs / "latest").resolve())


@contextmanager
def started(runs: Path, *arguments: str, env: dict[str, str] | None = None) -> Iterator[Running]:
    """Start `pytest` with these arguments; ended by force when the block ends first."""
    runs.mkdir(parents=True, exist_ok=True)
    log = runs / "output.txt"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--faultcast-keep-cluster",
        "--faultcast-runs-dir",
        str(runs),
    ]
    with (
        log.open("w") as file,
        subprocess.Popen(
            [*command, "--faultcast-runs-dir", str(runs), *arguments],
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
        ) as process,
    ):
        try:
            yield Running(process, log, runs)
        finally:
            if process.poll() is None:
                process.kill()


def gate(runs: Path, *arguments: str, seconds: float = 1200) -> Gate:
    """Run to the end."""
    with started(runs, *arguments) as running:
        return running.finish(seconds)
