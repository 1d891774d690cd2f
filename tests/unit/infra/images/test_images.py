"""Image archives: well formed, reproducible, keyed by content, with shared layers."""

import json
import os
import tarfile
from pathlib import Path

import pytest

from faultcast.infra.errors import RequirementError
from faultcast.infra.images import ImageArchive, build_images
from faultcast.infra.images.archive import ImageConfig, write_layer
from faultcast.infra.images.catalog import CATALOG
from faultcast.infra.images.recipe import ImageRecipe, LayerRecipe
from faultcast.infra.settings import Settings, load_settings

BASE = LayerRecipe(
    name="base",
    texts={"etc/passwd": "root:x:0:0::/:/bin/sh\n"},
    links={"bin": "usr/bin"},
    folders=("tmp",),
)


def recipe(name: str, *programs: str) -> ImageRecipe:
    layer = LayerRecipe(name=name, programs=programs or (name,))
    return ImageRecipe(name, (BASE, layer), ImageConfig((f"/usr/bin/{name}",), "10001:10001"), "all")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(cache_dir=tmp_path / "cache")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / name).write_text(f"program {name}")
        (folder / name).chmod(0o755)
    return folder


def build(settings: Settings, programs: Path, *recipes: ImageRecipe) -> tuple[ImageArchive, ...]:
    return build_images(settings, programs, lambda _line: None, catalog=recipes)


def manifest(archive: ImageArchive) -> tuple[dict[str, list[str]], dict[str, dict[str, list[str]]]]:
    with tarfile.open(archive.path) as tar:
        document = json.loads(read(tar, "manifest.json"))[0]
        return document, json.loads(read(tar, document["Config"]))


def read(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None
    return file.read()


def test_an_archive_names_its_reference_and_every_layer(settings: Settings, programs: Path) -> None:
    (archive,) = build(settings, programs, recipe("one"))
    document, config = manifest(archive)
    assert document["RepoTags"] == [archive.ref]
    assert [f"sha256:{name.removesuffix('.tar')}" for name in document["Layers"]] == config["rootfs"][
        "diff_ids"
    ]
    assert config["config"]["Entrypoint"] == ["/usr/bin/one"]


def test_two_images_share_their_lowest_layer(settings: Settings, programs: Path) -> None:
    one, two = (manifest(archive)[0] for archive in build(settings, programs, recipe("one"), recipe("two")))
    assert one["Layers"][0] == two["Layers"][0]
    assert one["Layers"][1] != two["Layers"][1]


def test_the_same_parts_give_the_same_bytes(tmp_path: Path, programs: Path) -> None:
    (first,) = build(load_settings(cache_dir=tmp_path / "a"), programs, recipe("one"))
    os.utime(programs / "one", (1, 1))
    (second,) = build(load_settings(cache_dir=tmp_path / "b"), programs, recipe("one"))
    assert first.ref == second.ref
    assert first.path.read_bytes() == second.path.read_bytes()


def test_another_program_gives_another_reference_and_replaces_the_archive(
    settings: Settings, programs: Path
) -> None:
    (before,) = build(settings, programs, recipe("one"))
    (programs / "one").write_text("a newer program")
    (after,) = build(settings, programs, recipe("one"))
    assert after.ref != before.ref
    assert after.path.is_file()
    assert not before.path.exists()


def test_what_was_made_is_not_made_again(settings: Settings, programs: Path) -> None:
    said: list[str] = []
    build_images(settings, programs, said.append, catalog=[recipe("one")])
    assert said == ["making image one"]
    build_images(settings, programs, said.append, catalog=[recipe("one")])
    assert said == ["making image one"]


def test_a_missing_program_is_named(settings: Settings, programs: Path) -> None:
    with pytest.raises(RequirementError, match="program three is missing"):
        build(settings, programs, recipe("three"))


def test_a_layer_belongs_to_root_and_keeps_only_what_matters_of_a_mode(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "tmp").mkdir(parents=True)
    (tree / "tmp").chmod(0o1777)
    (tree / "tool").write_text("x")
    (tree / "tool").chmod(0o700)
    (tree / "text").write_text("y")
    (tree / "text").chmod(0o600)
    layer = write_layer(tree, tmp_path / "layer.tar")
    with tarfile.open(layer.path) as tar:
        modes = {member.name: member.mode for member in tar}
        assert modes == {"tmp": 0o1777, "tool": 0o755, "text": 0o644}
        assert {(member.uid, member.gid, member.mtime) for member in tar} == {(0, 0, 0)}


def test_every_image_of_the_catalog_has_one_purpose_and_no_root_where_none_is_needed() -> None:
    names = [image.name for image in CATALOG]
    assert len(names) == len(set(names))
    assert {image.name for image in CATALOG if not image.config.user} == {"shell", "helper"}


def test_a_layer_that_two_images_name_alike_is_the_same_layer() -> None:
    layers: dict[str, LayerRecipe] = {}
    for image in CATALOG:
        for layer in image.layers:
            assert layers.setdefault(layer.name, layer) == layer
