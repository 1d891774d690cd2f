"""Archives of images that somebody else made."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.infra.errors import ConfigurationError, FaultcastError, UnsupportedError
from faultcast.infra.images.archive import architecture
from faultcast.infra.images.foreign import full_name, open_foreign, read_archive

OURS = architecture()
OTHER = "s390x"


def tar(path: Path, members: dict[str, Any]) -> Path:
    with tarfile.open(path, "w") as out:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    return path


def config(machine: str = OURS, layers: int = 1, system: str = "linux") -> dict[str, Any]:
    return {"architecture": machine, "os": system, "rootfs": {"diff_ids": ["sha256:x"] * layers}}


def docker(path: Path, *tags: str, machine: str = OURS, more: dict[str, Any] | None = None) -> Path:
    image = {"Config": "c.json", "RepoTags": list(tags) or None, "Layers": ["l.tar"]}
    members = {"c.json": config(machine), "l.tar": b"layer", "manifest.json": [image]}
    return tar(path, members | (more or {}))


def blob(name: str) -> str:
    return f"blobs/sha256/{name}"


def oci(path: Path, name: str = "", machines: tuple[str, ...] = (OURS,), *, nested: bool = True) -> Path:
    """As builders write it: an index of one image, itself an index of one manifest for each machine."""
    notes = {"org.opencontainers.image.ref.name": name} if name else {}
    members: dict[str, Any] = {"oci-layout": {"imageLayoutVersion": "1.0.0"}, blob("layer"): b"layer"}
    manifests = []
    for machine in machines:
        members[blob(f"c-{machine}")] = config(machine)
        members[blob(f"m-{machine}")] = {
            "config": {"digest": f"sha256:c-{machine}"},
            "layers": [{"digest": "sha256:layer"}],
        }
        platform = {"os": "linux", "architecture": machine}
        manifests.append({"digest": f"sha256:m-{machine}", **({"platform": platform} if nested else {})})
    if nested:
        members[blob("index")] = {"manifests": manifests}
        manifests = [{"digest": "sha256:index"}]
    members["index.json"] = {"manifests": [{**each, "annotations": notes} for each in manifests]}
    return tar(path, members)


def loaded(path: Path, tmp_path: Path, name: str = "") -> tuple[tuple[str, ...], list[Any]]:
    """The names, and the manifest of what the nodes get."""
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    with open_foreign(path, scratch, name) as (file, names), tarfile.open(file) as out:
        manifest = json.load(out.extractfile("manifest.json"))  # type: ignore[arg-type]
        for image in manifest:
            assert out.extractfile(image["Layers"][0]).read() == b"layer"  # type: ignore[union-attr]
            assert json.load(out.extractfile(image["Config"]))["architecture"] == OURS  # type: ignore[arg-type]
    assert list(scratch.iterdir()) == [], "nothing stays behind"
    return names, manifest


def test_an_archive_of_docker_save(tmp_path: Path) -> None:
    names, manifest = loaded(docker(tmp_path / "a.tar", "own/web:1.0"), tmp_path)
    assert names == ("docker.io/own/web:1.0",)
    assert [image["RepoTags"] for image in manifest] == [["docker.io/own/web:1.0"]]


def test_every_name_of_an_image_is_kept(tmp_path: Path) -> None:
    names, _ = loaded(docker(tmp_path / "a.tar", "web", "localhost/web:2"), tmp_path)
    assert names == ("docker.io/library/web:latest", "localhost/web:2")


@pytest.mark.parametrize("nested", [True, False])
def test_an_archive_of_oci(nested: bool, tmp_path: Path) -> None:
    path = oci(tmp_path / "a.tar", "localhost/web:1.0", nested=nested)
    assert loaded(path, tmp_path)[0] == ("localhost/web:1.0",)


def test_of_several_machines_ours_is_taken(tmp_path: Path) -> None:
    path = oci(tmp_path / "a.tar", "localhost/web:1.0", (OTHER, OURS))
    _, manifest = loaded(path, tmp_path)
    assert [image["Config"] for image in manifest] == [blob(f"c-{OURS}")]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_archive(compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = docker(tmp_path / "a.tar", "web:1")
    path.write_bytes(compress(path.read_bytes()))
    assert loaded(path, tmp_path)[0] == ("docker.io/library/web:1",)


def test_members_below_a_dot_and_links_among_them(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    image = {"Config": "c.json", "RepoTags": ["web:1"], "Layers": ["s/l"]}
    docker(path, "web:1", more={"manifest.json": [image]})
    with tarfile.open(path) as old, tarfile.open(tmp_path / "b.tar", "w") as out:
        for member in old:
            content = old.extractfile(member)
            member.name = f"./{member.name}"
            out.addfile(member, content)
        link = tarfile.TarInfo("./s/l")
        link.type, link.linkname = tarfile.SYMTYPE, "../l.tar"
        out.addfile(link)
    assert loaded(tmp_path / "b.tar", tmp_path)[0] == ("docker.io/library/web:1",)


@pytest.mark.parametrize("make", [docker, oci])
def test_an_image_without_a_name_asks_for_one(make: Callable[..., Path], tmp_path: Path) -> None:
    path = make(tmp_path / "a.tar")
    with pytest.raises(ConfigurationError, match="without a name") as refused:
        loaded(path, tmp_path)
    assert "--name" in refused.value.remedy
    assert loaded(path, tmp_path, "mine:2")[0] == ("docker.io/library/mine:2",)


def test_a_tag_alone_is_no_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="without a name"):
        loaded(oci(tmp_path / "a.tar", "1.0"), tmp_path)


def test_a_given_name_wins_over_the_archives_own(tmp_path: Path) -> None:
    path = docker(tmp_path / "a.tar", "web:1", "web:2")
    assert loaded(path, tmp_path, "mine:3")[0] == ("docker.io/library/mine:3",)


@pytest.mark.parametrize(
    "make",
    [
        lambda path: docker(path, "web:1", machine=OTHER),
        lambda path: oci(path, "web:1", (OTHER,)),
        lambda path: oci(path, "web:1", (OTHER,), nested=False),
        lambda path: docker(path, "web:1", more={"c.json": config(system="windows")}),
    ],
)
def test_an_image_for_other_machines_is_refused(make: Callable[[Path], Path], tmp_path: Path) -> None:
    with pytest.raises(
        UnsupportedError, match=rf"web:1 in .* is for .*; the nodes are linux/{OURS}"
    ) as refused:
        loaded(make(tmp_path / "a.tar"), tmp_path)
    assert f"--platform linux/{OURS}" in refused.value.remedy


def written(text: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(text)
        return path

    return write


def cut(path: Path) -> Path:
    docker(path, "web:1")
    path.write_bytes(gzip.compress(path.read_bytes())[:-40])
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (written(b""), "cannot be read as an archive"),
        (written(b"root:x:0:0:\n" * 99), "cannot be read as an archive"),
        (written(b"\x28\xb5\x2f\xfd...."), "compressed by zstd"),
        (cut, "cannot be read as an archive"),
        (lambda path: path, "there is no file"),
        (lambda path: path.parent, "is a folder"),
        (lambda path: tar(path, {}), "neither manifest.json nor index.json"),
        (lambda path: tar(path, {"etc/passwd": b"root"}), "neither manifest.json nor index.json"),
        (lambda path: tar(path, {"manifest.json": []}), "holds no image"),
        (lambda path: tar(path, {"index.json": {"manifests": []}}), "holds no image"),
        (lambda path: tar(path, {"manifest.json": b"no JSON"}), "cannot be understood"),
        (lambda path: tar(path, {"manifest.json": {"x": 1}}), "cannot be understood"),
        (lambda path: tar(path, {"index.json": {"manifests": [{"digest": 5}]}}), "cannot be understood"),
        (lambda path: docker(path, "UPPER:1"), "no name of an image"),
        (lambda path: docker(path, "web:1", more={"c.json": {"a": 1}}), "something else than an image"),
        (lambda path: docker(path, "web:1", more={"c.json": config(layers=2)}), "lacks layers"),
        (
            lambda path: tar(path, {"manifest.json": [{"Config": "c", "RepoTags": ["a:1"], "Layers": []}]}),
            "has no c",
        ),
    ],
)
def test_what_is_no_archive_of_images_is_said(
    make: Callable[[Path], Path], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        loaded(make(tmp_path / "a.tar"), tmp_path)
    assert refused.value.remedy


def test_the_forecasters_archive_has_one_named_image(tmp_path: Path) -> None:
    found = read_archive(docker(tmp_path / "a.tar", "localhost/forecaster:7"))
    assert (found.name, found.ref, found.nodes) == ("forecaster", "localhost/forecaster:7", "worker")
    with pytest.raises(ConfigurationError, match="holds 2 images"):
        read_archive(docker(tmp_path / "b.tar", "a:1", "b:1"))


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("web", "docker.io/library/web:latest"),
        ("web:1.0", "docker.io/library/web:1.0"),
        ("own/web", "docker.io/own/web:latest"),
        ("localhost/web:1", "localhost/web:1"),
        ("registry.example:5000/a/b:1", "registry.example:5000/a/b:1"),
        ("registry.example:5000/a", "registry.example:5000/a:latest"),
    ],
)
def test_the_full_name(name: str, full: str) -> None:
    assert full_name(name) == full
    assert full_name(full) == full


@given(st.text(max_size=40))
def test_a_name_is_full_or_refused(name: str) -> None:
    try:
        full = full_name(name)
    except ConfigurationError:
        return
    assert full_name(full) == full


@given(
    manifest=st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["Config", "RepoTags", "Layers", "manifests", "digest", "platform", "os"]),
                inner,
                max_size=4,
            )
        ),
    ),
    kind=st.sampled_from(["manifest.json", "index.json"]),
)
def test_whatever_an_archive_says_only_our_errors_come_out(
    manifest: Any, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("archive")
    path = tar(place / "a.tar", {kind: manifest})
    try:
        loaded(path, place)
    except FaultcastError:
        return
    raise AssertionError(manifest)
