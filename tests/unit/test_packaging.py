import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NOT_SHIPPED = {"tests", "bench", "docs", "schema"}


def _packages() -> set[str]:
    found = {path.parent.relative_to(ROOT) for path in ROOT.glob("*/**/__init__.py")}
    return {
        "faultcast." + ".".join(path.parts)
        for path in found
        if path.parts[0] not in NOT_SHIPPED and not path.parts[0].startswith((".", "build"))
    }


def test_every_package_is_listed_for_the_wheel() -> None:
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == _packages()


def test_every_experiment_hypothesis_and_workflow_is_in_the_wheel() -> None:
    home = ROOT / "experiments"
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["faultcast.experiments"]
    shipped = {path for pattern in patterns for path in home.glob(pattern)}
    assert set(home.rglob("*.yaml")) <= shipped


def test_every_page_dashboard_and_lock_of_the_reports_is_in_the_wheel() -> None:
    home = ROOT / "reports"
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["faultcast.reports"]
    shipped = {path for pattern in patterns for path in home.glob(pattern)}
    found = {path for path in home.rglob("*.*") if path.suffix not in (".py", ".pyc")}
    assert found - shipped == set()
    assert {"board.js", "faultcast-trial.json"} <= {path.name for path in shipped}


def test_the_lock_names_no_host_and_hashes_every_package() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pins = [line for line in lock.splitlines() if line and line[0].isalpha()]
    assert "://" not in lock
    assert len(pins) > 50
    assert all(line.endswith("\\") for line in pins)


def test_every_direct_dependency_is_explained() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    extra = PROJECT["project"]["optional-dependencies"]["dev"]
    for requirement in PROJECT["project"]["dependencies"] + extra:
        name = next(part for part in (requirement.replace("==", ">=").split(">=")) if part).strip()
        assert f"`{name}`" in text, f"docs/dependencies.md does not say why {name} is there"
