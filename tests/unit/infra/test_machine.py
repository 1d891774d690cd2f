from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faultcast.infra.errors import RequirementError
from faultcast.infra.machine import Machine, cgroup_version, checks
from faultcast.infra.requirements import (
    DebianPackage,
    debian_packages,
    install_command,
    is_there,
    missing_packages,
    require_packages,
)

GOOD = Machine("Linux", "x86_64", True, 2, 8 * 1024**3, 100 * 1024**3, 1, frozenset({"overlay"}))


def test_a_good_machine_passes_every_check() -> None:
    assert all(check.fine and not check.remedy for check in checks(GOOD))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"system": "Darwin"}, "operating system"),
        ({"architecture": "aarch64"}, "architecture"),
        ({"root": False}, "rights"),
        ({"cores": 1}, "cores"),
        ({"memory": 1024**3}, "memory"),
        ({"disk_free": 1024**3}, "disk"),
        ({"cgroups": 0}, "control groups"),
        ({"filesystems": frozenset({"ext4"})}, "overlay file system"),
    ],
)
def test_each_lack_is_named_with_a_remedy(change: dict[str, Any], name: str) -> None:
    bad = [check for check in checks(replace(GOOD, **change)) if not check.fine]
    assert [check.name for check in bad] == [name]
    assert bad[0].remedy


def test_the_version_of_the_control_groups_is_told_by_their_files(tmp_path: Path) -> None:
    assert cgroup_version(tmp_path) == 0
    (tmp_path / "cpu").mkdir()
    (tmp_path / "memory").mkdir()
    assert cgroup_version(tmp_path) == 1
    (tmp_path / "cgroup.controllers").touch()
    assert cgroup_version(tmp_path) == 2


def test_the_committed_list_names_every_package_with_proof_and_purpose() -> None:
    packages = debian_packages()
    assert {"containerd", "runc", "chromium"} <= {package.name for package in packages}
    assert all(package.proof and package.purpose for package in packages)


def test_a_missing_package_is_told_by_its_proof(tmp_path: Path) -> None:
    there = DebianPackage("a", str(tmp_path), "x")
    gone = DebianPackage("b", str(tmp_path / "gone"), "y")
    command = DebianPackage("c", "sh", "z")
    assert is_there(there)
    assert is_there(command)
    assert missing_packages((there, gone, command)) == (gone,)
    assert "apt-get install --no-install-recommends b" in install_command((gone,))


def test_requiring_a_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("faultcast.infra.requirements._PATH", "/nonexistent")
    with pytest.raises(RequirementError, match="install --no-install-recommends runc"):
        require_packages("runc")
