"""The table of CONTRIBUTING.md leads whoever follows it to what is there, and what is added passes."""

import importlib.util
import math
import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.fault import Fault, faults
from faultcast.experiments.loading.readers import READERS
from faultcast.forecasting.models import Forecaster
from faultcast.forecasting.outlook.candidates import MODELS
from faultcast.forecasting.sources import MetricSource
from faultcast.infra.cluster import ClusterProvider
from faultcast.infra.providers.local.toolchain.programs import PROGRAMS
from faultcast.reports.record import Sink
from faultcast.steady_state.verdict import Status
from tests.contract.forecaster import check_forecaster
from tests.contract.metric_source import check_metric_source
from tests.contract.samples import SAMPLES
from tests.contract.sink import check_publishing
from tests.e2e.samples import REFUSED
from tests.e2e.samples import SAMPLES as SAMPLES_FOR_REAL
from tests.factories import make_record

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ROWS = {
    cells[0]: cells[1:]
    for line in TEXT.splitlines()
    if line.startswith("| ") and len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 3
}
del ROWS["to add"]
BESIDE = {
    "a fault": ROOT / "experiments" / "faults",
    "a program of the local cluster": ROOT / "infra" / "providers" / "local" / "toolchain",
}
"""Where a bare file name of a row lies."""
HELD_BY_A_TEST = {"a Python package": "tests/unit/test_packaging.py"}

every_row = pytest.mark.parametrize("row", ROWS)


def ticked(row: str) -> list[str]:
    return [word for cell in ROWS[row] for word in re.findall(r"`([^`]+)`", cell)]


def files_of(row: str) -> list[Path]:
    """The files and folders that a row names; those with a `<name>` stand for their folder."""
    found = []
    for word in ticked(row):
        if re.fullmatch(r"[\w./<>-]+", word) and (
            "/" in word or re.search(r"\.(py|toml|yaml|txt|md)$", word)
        ):
            path = ROOT / word if "/" in word else BESIDE.get(row, ROOT) / word
            found.append(path.parent if "<" in word else path)
    return found + [ROOT / link for cell in ROWS[row] for link in re.findall(r"\]\(([^)]+)\)", cell)]


def members(contract: type) -> set[str]:
    return {name for name in vars(contract) if not name.startswith("_")}


def made(folder: Path, source: str) -> Any:
    """A module as somebody would write it, in a file of its own."""
    file = folder / "mine.py"
    file.write_text(source)
    spec = importlib.util.spec_from_file_location("mine", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_found() -> None:
    assert len(ROWS) >= 15
    assert {"a fault", "a sink", "a forecaster", "an error"} <= set(ROWS)


@every_row
def test_whatever_file_is_named_is_there(row: str) -> None:
    missing = [str(path.relative_to(ROOT)) for path in files_of(row) if not path.exists()]
    assert missing == []


@every_row
def test_every_row_says_where_to_begin(row: str) -> None:
    assert files_of(row) or row == "a fault of your own, elsewhere"
    assert ROWS[row][1], "what goes with it"


def test_whatever_is_made_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {word for row in ROWS for word in re.findall(r"`make ([a-z-]+)`", " ".join(ROWS[row]))}
    assert named >= {"schema", "lock", "kill-matrix"}
    assert named | set(re.findall(r"^    make ([a-z-]+)", TEXT, re.MULTILINE)) <= targets


@pytest.mark.parametrize(
    ("row", "contract"),
    [
        ("a metric source", MetricSource),
        ("a forecaster", Forecaster),
        ("a sink", Sink),
        ("a provider of clusters", ClusterProvider),
    ],
)
def test_a_row_names_all_that_its_contract_asks_for(row: str, contract: type) -> None:
    assert members(contract) <= set(ticked(row))


@pytest.mark.parametrize(
    ("row", "file", "words"),
    [
        ("a metric source", "fixtures/trial/reading.py", "PrometheusSource("),
        ("a forecaster", "forecasting/recovery/expectation.py", "models: tuple[Forecaster, ...] ="),
        ("a sink", "fixtures/publishing.py", "PushgatewaySink("),
        ("a provider of clusters", "fixtures/clusters.py", "return ExistingProvider("),
        ("a provider of clusters", "fixtures/options.py", 'choices=("local", "existing")'),
        ("a model of the outlook", "forecasting/models.yaml", "models: ["),
        ("a sink of your own, elsewhere", "fixtures/hooks.py", "def pytest_faultcast_sinks("),
        ("a call of the Kubernetes API", "infra/kube/calls.py", "def calling("),
        ("a call of the Kubernetes API", "experiments/resources/objects.py", "def ask("),
        ("an error", "infra/errors.py", "class FaultcastError(Exception)"),
    ],
)
def test_it_is_switched_on_where_the_row_says(row: str, file: str, words: str) -> None:
    assert ROOT / file in files_of(row)
    assert words in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("row", "file", "check"),
    [
        ("a metric source", "tests/contract/test_metric_source.py", "check_metric_source"),
        ("a forecaster", "tests/contract/test_forecaster.py", "check_forecaster"),
        ("a model of the outlook", "tests/contract/test_forecaster.py", "check_forecaster"),
        ("a sink", "tests/contract/test_sink.py", "check_publishing"),
        ("a provider of clusters", "tests/contract/provider.py", "check_up"),
    ],
)
def test_the_test_it_names_holds_the_contract(row: str, file: str, check: str) -> None:
    assert ROOT / file in files_of(row)
    assert f"{check}(" in (ROOT / file).read_text(encoding="utf-8")


def test_each_part_of_a_fault_exists_and_each_kind_has_its_samples() -> None:
    parts = re.findall(r"plan|evidence|inject|undo", ROWS["a fault"][0])
    assert all(callable(getattr(Fault, part)) for part in parts)
    kinds = {fault.kind for fault in faults()}
    assert kinds == set(SAMPLES)
    assert kinds - {"none"} <= set(SAMPLES_FOR_REAL) | set(REFUSED)


def test_a_fault_of_others_is_found_by_an_entry_point_of_that_group() -> None:
    [group] = re.findall(r"`(faultcast\.\w+)`", " ".join(ROWS["a fault of your own, elsewhere"]))
    example = tomllib.loads((ROOT / "tests" / "example_fault" / "pyproject.toml").read_text())
    assert group in example["project"]["entry-points"]


def test_readers_models_and_programs_are_tables_with_lines() -> None:
    assert READERS
    assert "MODELS" in ticked("a model of the outlook")
    assert MODELS
    toolchain = BESIDE["a program of the local cluster"]
    for module in {program.module for program in PROGRAMS}:
        assert (toolchain / module / "go.mod").is_file()


def test_each_debian_package_says_what_proves_it_and_what_it_is_for() -> None:
    lines = (ROOT / "infra" / "debian-packages.txt").read_text().splitlines()
    for line in lines:
        if not line.startswith("#"):
            assert len(line.split(maxsplit=2)) == 3, f"package, proof, what for: {line}"


def test_what_a_test_is_said_to_ask_for_is_asked_for() -> None:
    for row, file in HELD_BY_A_TEST.items():
        assert "a test asks for it" in ROWS[row][1]
        assert "docs" in (ROOT / file).read_text()


# What somebody writes who follows a row, as short as it can be.

SOURCE = """
from dataclasses import dataclass

from faultcast.forecasting.series import MetricSeries
from faultcast.infra.errors import ConfigurationError, MetricSourceError


@dataclass
class Mine:
    samples: dict

    def fetch(self, query, start, end, step):
        if start.tzinfo is None or end < start or step <= 0:
            raise ConfigurationError("no such stretch", remedy="ask for another")
        known = self.samples.get(query, {})
        found = {at: value for at, value in known.items() if start.timestamp() <= at <= end.timestamp()}
        if not found:
            raise MetricSourceError(f"nothing is known of {query}", remedy="see how it is spelt")
        return MetricSeries.from_samples(query, found, start=start, end=end, step=step)

    def alerts(self, start, end, step):
        return None

    def values(self, query, at):
        return None
"""
FORECASTER = """
import numpy as np


class Mine:
    name = "the mean of all"
    needs = 1
    cheap = True

    def forecast(self, values, steps):
        return np.full(steps, values.mean())
"""
SINK = """
class Mine:
    name = "letters"

    def __init__(self):
        self.letters = {}

    def open_run(self, run): ...

    def publish(self, record):
        self.letters[record.history.trial] = str(record.verdict.status)

    def close_run(self, run): ...
"""


def test_a_source_that_is_written_so_keeps_the_contract(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    hole = range(20, 25)
    samples = {start.timestamp() + 2.0 * n: 20 + math.sin(n) for n in range(60) if n not in hole}
    source = made(tmp_path, SOURCE).Mine({"up": samples})
    check_metric_source(source, "up", start, start + timedelta(seconds=118), 2.0)


def test_a_forecaster_that_is_written_so_keeps_the_contract(tmp_path: Path) -> None:
    check_forecaster(made(tmp_path, FORECASTER).Mine())


def test_a_sink_that_is_written_so_keeps_the_contract(tmp_path: Path) -> None:
    sink = made(tmp_path, SINK).Mine()
    check_publishing(sink, make_record(tmp_path / "trial", Status.DEVIATED), lambda: dict(sink.letters))


def test_a_forecaster_that_is_written_wrongly_does_not(tmp_path: Path) -> None:
    for wrong in ("values[-steps:]", "np.full(steps + 1, values.mean())", "np.full(steps, np.nan)"):
        source = FORECASTER.replace("np.full(steps, values.mean())", wrong)
        with pytest.raises(AssertionError):
            check_forecaster(made(tmp_path, source).Mine())


def test_a_sink_that_is_written_wrongly_does_not(tmp_path: Path) -> None:
    sink = made(tmp_path, SINK.replace("[record.history.trial]", "[len(self.letters)]")).Mine()
    with pytest.raises(AssertionError):
        check_publishing(sink, make_record(tmp_path / "trial", Status.DEVIATED), lambda: dict(sink.letters))
