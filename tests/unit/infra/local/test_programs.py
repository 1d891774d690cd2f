from pathlib import Path

import pytest

from faultcast.infra.errors import CommandError
from faultcast.infra.processes import stream
from faultcast.infra.providers.local.toolchain.go import GoToolchain, parse_version
from faultcast.infra.providers.local.toolchain.programs import (
    PROGRAMS,
    ensure_programs,
    key_of,
    missing_programs,
)
from faultcast.infra.settings import load_settings


def _fake_programs(folder: Path, leave_out: str = "") -> Path:
    folder.mkdir()
    for program in PROGRAMS:
        if program.name != leave_out:
            (folder / program.name).write_text("#!/bin/sh\n")
            (folder / program.name).chmod(0o755)
    return folder


def test_programs_named_by_the_override_are_used_and_nothing_is_built(tmp_path: Path) -> None:
    own = _fake_programs(tmp_path / "own")
    settings = load_settings(cache_dir=tmp_path / "cache", bin=own)
    folder = ensure_programs(settings, pytest.fail)
    assert {path.name for path in folder.iterdir()} == {program.name for program in PROGRAMS}
    assert (folder / "kubelet").resolve() == own / "kubelet"


def test_a_program_missing_from_the_override_is_the_only_one_to_build(tmp_path: Path) -> None:
    own = _fake_programs(tmp_path / "own", leave_out="coredns")
    settings = load_settings(cache_dir=tmp_path / "cache", bin=own)
    assert [program.name for program in missing_programs(settings)] == ["coredns"]


def test_a_file_that_cannot_be_executed_counts_as_missing(tmp_path: Path) -> None:
    own = _fake_programs(tmp_path / "own")
    (own / "etcd").chmod(0o644)
    settings = load_settings(cache_dir=tmp_path / "cache", bin=own)
    assert [program.name for program in missing_programs(settings)] == ["etcd"]


def test_the_key_changes_with_the_checksums(tmp_path: Path) -> None:
    program = PROGRAMS[0]
    module = tmp_path / program.module
    module.mkdir()
    (module / "go.mod").write_text("module a\n")
    (module / "go.sum").write_text("one\n")
    before = key_of(program, tmp_path)
    (module / "go.sum").write_text("two\n")
    assert key_of(program, tmp_path) != before


def test_every_program_is_a_tool_of_its_module() -> None:
    import faultcast.infra.providers.local.toolchain.programs as module

    for program in PROGRAMS:
        text = (Path(module.__file__).parent / program.module / "go.mod").read_text()
        assert program.package in text, f"{program.name} is not pinned by {program.module}/go.mod"


def test_the_stamped_kubernetes_version_is_the_pinned_one() -> None:
    import faultcast.infra.providers.local.toolchain.programs as module

    text = (Path(module.__file__).parent / "kubernetes" / "go.mod").read_text()
    kubelet = next(program for program in PROGRAMS if program.name == "kubelet")
    version = next(s.partition("=")[2] for s in kubelet.stamps if "gitVersion" in s)
    assert f"k8s.io/kubernetes {version}" in text


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26, 8)),
        ("go version go1.9 x", (1, 9, 0)),
        ("command not found", None),
    ],
)
def test_go_versions_are_read(text: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(text) == version


def test_a_build_keeps_its_caches_in_the_cache_folder(tmp_path: Path) -> None:
    environment = GoToolchain(Path("/bin/go")).environment(tmp_path)
    assert environment["GOCACHE"].startswith(str(tmp_path))
    assert environment["GOMODCACHE"].startswith(str(tmp_path))


def test_a_streamed_command_hands_on_its_lines_and_its_last_words() -> None:
    lines: list[str] = []
    with pytest.raises(CommandError, match=r"exit code 3: one\ntwo"):
        stream(("sh", "-c", "echo one; echo two >&2; exit 3"), lines.append, timeout=10)
    assert lines == ["one", "two"]
