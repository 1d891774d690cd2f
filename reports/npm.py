"""Programs of npm, each at the versions of its lock, installed once into the cache."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from faultcast.infra.errors import CommandError, RequirementError
from faultcast.infra.processes import run

__all__ = ["Installed", "install_locked"]

_OLDEST_NODE = 18


@dataclass(frozen=True, slots=True)
class Installed:
    """What was installed.

    Attributes:
        node: The Node.js program.
        modules: The folder `node_modules`.
    """

    node: Path
    modules: Path


def install_locked(
    locked: Path, cache: Path, name: str, what: str, *, progress: Callable[[str], None] = print
) -> Installed:
    """Install what a lock names; afterwards this costs nothing.

    Args:
        locked: Folder with `package.json` and `package-lock.json`.
        cache: Folder of everything that can be had again.
        name: Its folder in the cache; below it there is one for each lock.
        what: What it is, for people.
        progress: Told when something is installed.

    Raises:
        RequirementError: Node.js or npm is missing or too old, or npm could not install.
    """
    node, npm = _program("node", "nodejs", what), _program("npm", "npm", what)
    _check_version(node, what)
    lock = (locked / "package-lock.json").read_bytes()
    home = cache / name / hashlib.sha256(lock).hexdigest()[:16]
    home.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(home.with_suffix(".lock"), timeout=900):
        if not home.exists():
            progress(f"installing {what} from npm (once) ...")
            _install(npm, locked, home, what)
    return Installed(node, home / "node_modules")


def _install(npm: Path, locked: Path, home: Path, what: str) -> None:
    with tempfile.TemporaryDirectory(prefix=".installing-", dir=home.parent) as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        for file in ("package.json", "package-lock.json"):
            shutil.copy(locked / file, fresh / file)
        try:
            run(
                [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
                cwd=fresh,
                timeout=600.0,
            )
        except CommandError as error:
            message = f"npm could not install {what}: {error.what}"
            raise RequirementError(message, remedy="check the registry: npm ping") from error
        fresh.replace(home)


def _program(name: str, package: str, what: str) -> Path:
    found = shutil.which(name)
    if found is None:
        message = f"{name} is not installed; {what} needs it"
        raise RequirementError(message, remedy=f"apt-get install {package}")
    return Path(found)


def _check_version(node: Path, what: str) -> None:
    said = run([node, "--version"], timeout=20.0).stdout.strip()
    match = re.fullmatch(r"v(\d+)\..*", said)
    if match is None or int(match[1]) < _OLDEST_NODE:
        message = f"{node} is version {said or 'unknown'}; {what} needs {_OLDEST_NODE} or later"
        raise RequirementError(message, remedy="apt-get install nodejs (Debian 12 or later)")
