"""The images of the catalog, really made: each program starts in its own root, as the image's user."""

import json
import os
import tarfile
from pathlib import Path

import pytest

from faultcast.infra.images import ImageArchive, build_images
from faultcast.infra.images.catalog import CATALOG, USER
from faultcast.infra.images.recipe import ImageRecipe
from faultcast.infra.processes import run
from faultcast.infra.settings import load_settings

pytestmark = pytest.mark.integration

FROM_PACKAGES = tuple(image for image in CATALOG if not any(layer.programs for layer in image.layers))
LARGEST = 100_000_000
IMPORTS = "import http.server, json, prometheus_client, pymysql, ssl; import {package}; print('imported')"


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ImageArchive]:
    """Made in the real cache, without the images of programs that a compiler makes."""
    made = build_images(
        load_settings(), tmp_path_factory.mktemp("no-programs"), lambda _line: None, catalog=FROM_PACKAGES
    )
    return {archive.name: archive for archive in made}


def unpack(archive: ImageArchive, root: Path) -> None:
    """Lay the layers over each other, as a container runtime does."""
    with tarfile.open(archive.path) as outer:
        manifest = outer.extractfile("manifest.json")
        assert manifest is not None
        for name in json.load(manifest)[0]["Layers"]:
            with tarfile.open(fileobj=outer.extractfile(name)) as layer:
                layer.extractall(root, filter="fully_trusted", numeric_owner=True)  # noqa: S202 (made here)


def question(image: ImageRecipe) -> tuple[list[str], str]:
    """A command that needs the whole program, and a word of its answer."""
    if image.config.entrypoint[0].endswith("python3"):
        return ["-c", IMPORTS.format(package=image.name)], "imported"
    return {
        "shell": (["-c", "ls / && echo works"], "works"),
        "mariadb": (["--version"], "MariaDB"),
        "pause": (["--version"], "version"),
        "rsyslog": (["-v"], "rsyslogd"),
    }.get(image.name, (["--version"], "version"))


@pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root")
@pytest.mark.parametrize("image", FROM_PACKAGES, ids=lambda image: image.name)
def test_its_program_runs_in_its_root(
    archives: dict[str, ImageArchive], image: ImageRecipe, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    root.mkdir(mode=0o755)
    unpack(archives[image.name], root)
    words, answer = question(image)
    program = "/usr/sbin/mariadbd" if image.name == "mariadb" else image.config.entrypoint[0]
    done = run(["chroot", f"--userspec={USER}", root, program, *words])
    assert answer in done.stdout + done.stderr


@pytest.mark.parametrize("image", FROM_PACKAGES, ids=lambda image: image.name)
def test_it_is_small(archives: dict[str, ImageArchive], image: ImageRecipe) -> None:
    assert archives[image.name].path.stat().st_size < LARGEST
