"""`faultcast models` as a person uses it."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from faultcast.cli.main import app
from faultcast.forecasting.outlook.versions import PACKAGED, load_models
from faultcast.infra.errors import ConfigurationError


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return Path(shutil.copy(PACKAGED, tmp_path / "models.yaml"))


def run(own: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", *arguments, "--models", str(own)])


def test_the_list_marks_the_one_in_use(own: Path) -> None:
    shown = run(own, "list").output
    assert f"in use: {load_models(own).current}" in shown
    for name, configuration in load_models(own).versions.items():
        assert name in shown
        assert configuration.hash in shown


def test_the_difference_is_shown_line_by_line(own: Path) -> None:
    result = run(own, "diff", "1", "2")
    assert result.exit_code == 1
    assert "folds: 1 -> 8" in result.output.splitlines()
    assert run(own, "diff", "2", "2").output == "versions 2 and 2 make the same forecasts\n"


def test_going_back_is_one_step(own: Path) -> None:
    result = run(own, "use", "1")
    assert result.exit_code == 0
    assert load_models(own).current == "1"
    assert result.output.startswith("in use: 1, hash ")


def test_an_unknown_version_is_an_error(own: Path) -> None:
    result = run(own, "use", "3")
    assert isinstance(result.exception, ConfigurationError)
    assert "choose one of 1, 2" in str(result.exception)
