"""`faultcast results list`: one run that cannot be read hides no other."""

from pathlib import Path

from typer.testing import CliRunner

from faultcast.cli.main import app
from faultcast.reports.runs import RunFolder
from tests.factories import make_run


def test_a_broken_run_is_named_and_the_others_are_listed(tmp_path: Path) -> None:
    good = tmp_path / make_run().run
    good.mkdir()
    RunFolder(good).save(make_run())
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    done = CliRunner().invoke(app, ["results", "list", "--runs-dir", str(tmp_path)], env={"COLUMNS": "160"})
    assert done.exit_code == 2
    assert make_run().run in done.output
    assert "left out: " in done.output
    assert str(tmp_path / "broken" / "run.json") in done.output.replace("\n", "")


def test_no_runs_are_no_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["results", "list", "--runs-dir", str(tmp_path)])
    assert (done.exit_code, "no runs in" in done.output) == (0, True)
