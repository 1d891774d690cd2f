"""The folder of a run: where everything lies, and how it is found and read again.

::

    runs/latest -> 20261125T010203Z-4f9a1c
    runs/<run>/run.json                 the run (`RunRecord`)
    runs/<run>/index.html               the run in short; summary.md and scores.json say the same
    runs/<run>/report.html              Allure, one file
    runs/<run>/junit.xml
    runs/<run>/repeats.json             what repeated experiments say together
    runs/<run>/allure-results/          what report.html is made from
    runs/<run>/trials/<trial>/          history.json, journal.json, verdict.json,
                                        series/*.parquet, forecasts/*.parquet,
                                        plots/*.{png,svg}, logs/*.txt, repeat.txt,
                                        facts.json, advice.json, advice/*.yaml
"""

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from faultcast.experiments.history import load_history
from faultcast.infra.documents import load_document, save_document
from faultcast.infra.errors import FaultcastError
from faultcast.infra.redaction import hidden, redacted
from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.steady_state.advice.store import load_advice, save_advice
from faultcast.steady_state.store import load_verdict

__all__ = ["RunFolder", "earlier_runs", "find_run", "list_runs", "load_record", "save_extras"]

_RUN = TypeAdapter(RunRecord)
_IDENTITY = re.compile(r"\d{8}T\d{6}Z-")
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The layout of one run's folder.

    Attributes:
        path: The folder, `runs/<run>`.
    """

    path: Path

    @property
    def name(self) -> str:
        """The run's identity."""
        return self.path.name

    @property
    def report(self) -> Path:
        """The report to open in a browser."""
        return self.path / "report.html"

    @property
    def page(self) -> Path:
        """The run in short, to open in a browser first."""
        return self.path / "index.html"

    @property
    def summary(self) -> Path:
        """The run in short as Markdown."""
        return self.path / "summary.md"

    @property
    def scores(self) -> Path:
        """What the run scores."""
        return self.path / "scores.json"

    @property
    def junit(self) -> Path:
        """The JUnit file."""
        return self.path / "junit.xml"

    @property
    def repeats(self) -> Path:
        """What repeated experiments say together; there when one was repeated."""
        return self.path / "repeats.json"

    @property
    def allure_results(self) -> Path:
        """What the report is made from."""
        return self.path / "allure-results"

    def trial(self, trial: str) -> Path:
        """Folder of one trial."""
        return self.path / "trials" / trial

    def trials(self) -> tuple[Path, ...]:
        """Folders of the trials that are complete, in order of their names."""
        return tuple(sorted(path.parent for path in self.path.glob("trials/*/history.json")))

    def save(self, run: RunRecord) -> None:
        """Write `run.json` atomically, and let `latest` point here."""
        self.path.mkdir(parents=True, exist_ok=True)
        save_document(self.path / "run.json", _RUN, run)
        fresh = self.path.parent / f".latest-{self.name}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self.name)
        fresh.replace(self.path.parent / "latest")

    def load(self) -> RunRecord:
        """Read `run.json`.

        Raises:
            FaultcastError: There is none, or a broken one.
        """
        run = load_document(
            self.path / "run.json",
            _RUN,
            missing=f"{self.path} is not a run: there is no run.json",
            remedy="list the runs there are: faultcast results list",
        )
        if any(moment is not None and moment.tzinfo is None for moment in (run.started, run.ended)):
            message = f"{self.path / 'run.json'} is broken: a moment has no time zone"
            raise FaultcastError(message, remedy="it was edited by hand: correct it")
        return run


def list_runs(runs: Path) -> tuple[RunFolder, ...]:
    """All runs below a folder, the newest last."""
    found = [path.parent for path in runs.glob("[!.]*/run.json") if not path.parent.is_symlink()]
    # A copy under a name of its own is no newer than the runs that have an identity.
    ordered = sorted(found, key=lambda path: (bool(_IDENTITY.match(path.name)), path.name))
    return tuple(map(RunFolder, ordered))


def earlier_runs(runs: Path, folder: RunFolder) -> tuple[RunFolder, ...]:
    """The runs below a folder that began before a run, the newest last."""
    return tuple(run for run in list_runs(runs) if run.name < folder.name)


def find_run(runs: Path, name: str | None = None) -> RunFolder:
    """One run: by identity, by the beginning of it, by its folder; the newest when no name is given.

    Args:
        runs: Folder of all runs.
        name: What a person typed.

    Raises:
        FaultcastError: There is no such run, or several.
    """
    there = list_runs(runs)
    if name is None or name == "latest":
        found = list(there[-1:])
    elif (Path(name) / "run.json").is_file():
        found = [RunFolder(Path(name).resolve())]
    else:
        found = [run for run in there if run.name == name] or [
            run for run in there if run.name.startswith(name)
        ]
    if len(found) == 1:
        return found[0]
    what = f"run {name}" if name else "run"
    message = f"{len(found)} runs in {runs} begin with {name}" if found else f"there is no {what} in {runs}"
    raise FaultcastError(message, remedy="list the runs there are: faultcast results list")


def save_extras(record: TrialRecord) -> None:
    """Write what a record holds beyond history and verdict: logs, the command to repeat it, advice."""
    save_advice(record.folder, record.advice)
    if record.repeat_command:
        (record.folder / "repeat.txt").write_text(hidden(record.repeat_command) + "\n")
    for source, text in record.log_excerpts.items():
        logs = record.folder / "logs"
        logs.mkdir(exist_ok=True)
        (logs / f"{_SAFE.sub('_', source)}.txt").write_text(redacted(text))


def load_record(folder: Path) -> TrialRecord:
    """Read a trial's folder back as a record, so that it can be published again.

    Args:
        folder: A folder below `runs/<run>/trials`.

    Raises:
        FaultcastError: The folder holds no complete, judged trial.
    """
    history = load_history(folder)
    repeat = _text(folder / "repeat.txt").strip()
    return TrialRecord(
        history=history,
        verdict=load_verdict(folder),
        folder=folder,
        plots=_plots(folder),
        repeat_command=repeat,
        log_excerpts={path.stem: _text(path) for path in sorted((folder / "logs").glob("*.txt"))},
        advice=load_advice(folder),
    )


def _text(path: Path) -> str:
    """A text beside the verdict, which is no reason to do without that; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _plots(folder: Path) -> tuple[Path, ...]:
    found = [*folder.glob("plots/*.png"), *folder.glob("plots/*.svg")]
    return tuple(sorted(found, key=lambda path: (path.stem != "overview", path.name)))
