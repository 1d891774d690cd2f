"""The forecaster's image, really built by Podman on the locally made base, and run as the cluster runs it."""

import contextlib
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faultcast.infra.images import ImageArchive
from faultcast.infra.images.foreign import read_archive
from faultcast.infra.images.podman import FILES, FOLDERS, Podman, build_forecaster_image, podman_of
from faultcast.infra.processes import Completed
from faultcast.infra.settings import load_settings

pytestmark = [
    pytest.mark.long,
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="Podman without root needs more than this machine promises"),
]

LARGEST = 800_000_000
CGROUP = "faultcast-image-test"
USES_EVERYTHING = """
import os, sqlite3, ssl, zoneinfo
import alembic, kubernetes, matplotlib.pyplot, prometheus_api_client, pyarrow, pymysql, sqlalchemy
from darts.models import LinearRegressionModel, NaiveDrift, NaiveMean, NaiveSeasonal, Theta
import faultcast.forecasting.outlook.versions as versions
from importlib.metadata import version
matplotlib.pyplot.figure().savefig("/tmp/plot.png")
zoneinfo.ZoneInfo("Europe/Berlin")
print(version("faultcast"), os.getuid(), os.getgid(), versions.load_models().current)
"""
TRIES_TO_WRITE = """
for place in ("/written", "/opt/code/written", "/opt/faultcast/written", "/etc/written", "/tmp/written"):
    try:
        open(place, "w").close()
        print(place)
    except OSError:
        pass
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout, which nobody edits meanwhile."""
    root, copy = Path(__file__).parents[2], tmp_path_factory.mktemp("source")
    for name in FILES:
        shutil.copyfile(root / name, copy / name)
    for name in FOLDERS:
        shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(scope="module")
def image(source: Path) -> ImageArchive:
    """From the real cache: minutes when it was never built, half a minute after a change of the code."""
    return build_forecaster_image(load_settings(), print, source=source)


@pytest.fixture(scope="module")
def podman(image: ImageArchive) -> Iterator[Podman]:
    tool = podman_of(load_settings())
    if not tool.has(image.ref):
        tool.run("load", "--input", image.path)
    yield tool
    for group in sorted(Path("/sys/fs/cgroup").glob(f"*/{CGROUP}/**/"), reverse=True):
        with contextlib.suppress(OSError):
            group.rmdir()


def start(podman: Podman, image: ImageArchive, *words: str, program: str = "") -> Completed:
    """Run the image as the manifests do: no rights, nothing to write to but /tmp, and no network."""
    return podman.run(
        *("run", "--rm", "--pull", "never", "--network", "none", "--cgroup-parent", CGROUP),
        *("--read-only", "--tmpfs", "/tmp:mode=1777", "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges"),
        # Podman raises these limits by itself, which a sandbox without CAP_SYS_RESOURCE does not allow.
        *("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"),
        *(("--entrypoint", program) if program else ()),
        *(image.ref, *words),
        check=False,
    )


def config_of(image: ImageArchive) -> dict[str, Any]:
    with tarfile.open(image.path) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
        config: dict[str, Any] = json.load(tar.extractfile(manifest[0]["Config"]))  # type: ignore[arg-type]
    return config


def test_its_command_answers_without_rights_and_with_a_read_only_root(
    podman: Podman, image: ImageArchive
) -> None:
    done = start(podman, image, "--help")
    assert done.code == 0, done.stderr
    assert "steady state" in done.stdout


def test_everything_it_needs_is_in_it_and_it_is_nobody(podman: Podman, image: ImageArchive) -> None:
    done = start(podman, image, "-c", USES_EVERYTHING, program="python3")
    assert done.code == 0, done.stderr
    assert done.stdout.split()[1:3] == ["10001", "10001"]


def test_it_writes_nowhere_but_to_its_scratch_folder(podman: Podman, image: ImageArchive) -> None:
    assert start(podman, image, "-c", TRIES_TO_WRITE, program="python3").stdout.split() == ["/tmp/written"]


def test_it_starts_as_kubernetes_expects(image: ImageArchive) -> None:
    config = config_of(image)["config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["faultcast"]
    assert config["Cmd"] == ["forecaster", "serve"]
    assert "8080/tcp" in config["ExposedPorts"]


def test_nothing_of_this_machines_way_to_its_packages_stays_in_it(
    podman: Podman, image: ImageArchive
) -> None:
    text = json.dumps(config_of(image))
    assert "index" not in text
    assert "PIP_" not in text
    places = (
        "print([p for p in ('/etc/pip.conf', '/etc/ssl/certs/ca-certificates.crt') if os.path.exists(p)])"
    )
    assert start(podman, image, "-c", f"import os; {places}", program="python3").stdout.strip() == "[]"


def test_it_is_named_by_its_content_and_found_built(image: ImageArchive, source: Path) -> None:
    assert read_archive(image.path).ref == image.ref
    said: list[str] = []
    assert build_forecaster_image(load_settings(), said.append, source=source) == image
    assert said == []


def test_it_is_no_larger_than_it_has_to_be(image: ImageArchive) -> None:
    assert image.path.stat().st_size < LARGEST
