"""Copies of a container runtime's folder that share everything but the databases."""

from pathlib import Path

import pytest

from faultcast.infra.providers.local.images import clone


@pytest.fixture
def template(tmp_path: Path) -> Path:
    root = tmp_path / "template"
    for name in ("content/blobs/abc", "snapshots/metadata.db", "snapshots/1/fs/bin/tool", "bolt/meta.db"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "snapshots/1/fs/link").symlink_to("bin/tool")
    (root / "snapshots/1/fs/bin").chmod(0o711)
    return root


def test_blobs_and_layers_are_shared_and_databases_are_not(template: Path, tmp_path: Path) -> None:
    clone(template, tmp_path / "nodes" / "worker")
    copy = tmp_path / "nodes" / "worker"
    for shared in ("content/blobs/abc", "snapshots/1/fs/bin/tool"):
        assert (copy / shared).samefile(template / shared)
    for own in ("snapshots/metadata.db", "bolt/meta.db"):
        assert not (copy / own).samefile(template / own)
        assert (copy / own).read_text() == own
    assert (copy / "snapshots/1/fs/link").readlink() == Path("bin/tool")
    assert (copy / "snapshots/1/fs/bin").stat().st_mode & 0o777 == 0o711


def test_a_node_that_writes_its_database_leaves_the_template_alone(template: Path, tmp_path: Path) -> None:
    clone(template, tmp_path / "a")
    clone(template, tmp_path / "b")
    (tmp_path / "a" / "bolt/meta.db").write_text("changed")
    (tmp_path / "a" / "content/blobs/abc").unlink()
    assert (
        (template / "bolt/meta.db").read_text()
        == (tmp_path / "b" / "bolt/meta.db").read_text()
        == "bolt/meta.db"
    )
    assert (tmp_path / "b" / "content/blobs/abc").read_text() == "content/blobs/abc"
