"""The wheel, installed into an empty environment, runs an experiment of another folder."""

import shutil
import sys
from pathlib import Path

import pytest

from faultcast.infra.cluster import Cluster
from faultcast.infra.processes import run
from tests.e2e.gate import ROOT

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment that holds the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # a build in place leaves modules behind, which the next wheel would hold too
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "runs"))
    run((sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source), timeout=300)
    (wheel,) = folder.glob("*.whl")
    run((sys.executable, "-m", "venv", "--without-pip", folder / "venv"))
    interpreter = folder / "venv" / "bin" / "python"
    install = (sys.executable, "-m", "uv", "pip", "install", "--python", interpreter, "--compile-bytecode")
    lock = (ROOT / "requirements.lock").read_text().splitlines()
    pins = folder / "pins.txt"
    pins.write_text("\n".join(line.split(" ")[0] for line in lock if line and line[0].isalpha()))
    run((*install, wheel, "--constraint", pins), timeout=600)
    return interpreter


@pytest.mark.timeout(1500)
def test_an_experiment_of_another_folder_runs_with_the_installed_wheel(
    python: Path, cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "that").mkdir()
    catalog = ROOT / "experiments" / "catalog"
    (tmp_path / "that" / "mine.yaml").write_text((catalog / "no-fault.yaml").read_text())
    done = run(
        (python, "-m", "pytest", "--faultcast-experiments", "that/", "--faultcast-keep-cluster"),
        cwd=tmp_path,
        timeout=900,
        check=False,
    )
    assert done.code == 0, done.stdout[-5000:]
    assert "1 passed" in done.stdout
    assert (tmp_path / "runs" / "latest" / "report.html").is_file()
    where = run((python, "-c", "import faultcast.infra.cluster as it; print(it.__file__)"), cwd=tmp_path)
    assert "site-packages" in where.stdout
