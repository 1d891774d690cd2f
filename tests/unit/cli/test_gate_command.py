"""`faultcast gate`: exit codes, the table, and questions that make no sense."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from faultcast.cli.main import app
from faultcast.reports.gate.rules import GateRules, load_rules
from faultcast.reports.runs import RunFolder
from faultcast.steady_state.verdict import Status
from tests.factories import make_run
from tests.unit.reports.test_summary import records

PAGE = Path(__file__).parents[3] / "docs" / "gate.md"


def saved(runs: Path, name: str, *statuses: Status) -> None:
    folder = RunFolder(runs / name)
    folder.save(make_run(name))
    records(folder.path, *statuses)


def asked(runs: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["gate", "--runs-dir", str(runs), *options])
    return result.exit_code, " ".join(f"{result.output} {result.exception or ''}".split())


def test_the_latest_run_is_held_against_the_rules(tmp_path: Path) -> None:
    saved(tmp_path, "20261125T010203Z-aaaaaa", Status.HELD)
    code, text = asked(tmp_path, "--min-score", "80", "--against", "last-5-passing", "--max-age", "5000w")
    assert code == 0
    assert text.startswith("run 20261125T010203Z-aaaaaa")
    assert text.endswith("gate open")
    assert "min_score passed the run scores 100, 80 are asked" in text


def test_a_broken_rule_is_code_1_and_what_nobody_can_tell_code_3(tmp_path: Path) -> None:
    saved(tmp_path, "20261125T010203Z-aaaaaa", Status.HELD, Status.DEVIATED)
    assert asked(tmp_path, "--min-score", "80")[0] == 1
    saved(tmp_path, "20261126T010203Z-aaaaaa", Status.HELD, Status.UNKNOWN)
    assert asked(tmp_path)[0] == 3
    assert asked(tmp_path, "--unknown", "warn")[0] == 0


def test_options_come_before_the_file(tmp_path: Path) -> None:
    saved(tmp_path, "20261125T010203Z-aaaaaa", Status.HELD, Status.DEVIATED)
    file = tmp_path / "gate.yaml"
    file.write_text("min_score: 80\n")
    assert asked(tmp_path, "--rules", str(file))[0] == 1
    assert asked(tmp_path, "--rules", str(file), "--min-score", "10")[0] == 0


def test_json_says_the_same(tmp_path: Path) -> None:
    saved(tmp_path, "20261125T010203Z-aaaaaa", Status.HELD)
    result = CliRunner().invoke(app, ["gate", "--runs-dir", str(tmp_path), "--json"])
    found = json.loads(result.output)
    assert (found["run"], found["outcome"]) == ("20261125T010203Z-aaaaaa", "passed")
    assert {"rule", "outcome", "sentence"} == set(found["findings"][0])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--run", "nobody"], "there is no run nobody"),
        (["--min-score", "800"], "min_score: "),
        (["--unknown", "maybe"], "unknown: "),
        (["--max-regression", "lots"], "max_regression: "),
        (["--max-age", "old"], "max_age: "),
        (["--against", "nobody"], "there is no run nobody"),
        (["--against", "last-0-passing"], "last-0-passing names no run"),
        (["--rules", "none.yaml"], "none.yaml cannot be read"),
    ],
)
def test_a_question_that_makes_no_sense_is_one_clear_error(
    tmp_path: Path, options: list[str], said: str
) -> None:
    saved(tmp_path, "20261125T010203Z-aaaaaa", Status.HELD)
    _code, text = asked(tmp_path, *options)
    assert said in text
    assert "Traceback" not in text


def test_without_any_run_it_says_so(tmp_path: Path) -> None:
    assert "there is no run in" in asked(tmp_path)[1]


def test_the_page_names_each_rule_and_its_example_is_one(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in GateRules.model_fields:
        assert f"| `{name}` | `--{name.replace('_', '-')} " in text
    (example,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    file = tmp_path / "gate.yaml"
    file.write_text(example)
    assert load_rules(file).max_age == "7d"
