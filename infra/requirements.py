"""What this machine must have, and the command that mends what it lacks."""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from faultcast.infra.errors import RequirementError

__all__ = [
    "DebianPackage",
    "debian_packages",
    "install_command",
    "is_there",
    "missing_packages",
    "require_packages",
]

_LIST = Path(__file__).parent / "debian-packages.txt"
_PATH = os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin"))


@dataclass(frozen=True, slots=True)
class DebianPackage:
    """One line of the committed list.

    Attributes:
        name: Name of the package.
        proof: A command, or an absolute path, that is there when the package is.
        purpose: What it is for.
    """

    name: str
    proof: str
    purpose: str


def debian_packages(listing: Path = _LIST) -> tuple[DebianPackage, ...]:
    """The committed list."""
    lines = (line.split(maxsplit=2) for line in listing.read_text().splitlines() if line.strip())
    return tuple(DebianPackage(*parts) for parts in lines if not parts[0].startswith("#"))


def is_there(package: DebianPackage) -> bool:
    """Whether the package's proof is found."""
    if package.proof.startswith("/"):
        return Path(package.proof).exists()
    path = os.pathsep.join((os.environ.get("PATH", ""), _PATH))
    return shutil.which(package.proof, path=path) is not None


def missing_packages(packages: Iterable[DebianPackage] | None = None) -> tuple[DebianPackage, ...]:
    """The packages whose proof is not found."""
    return tuple(p for p in (packages if packages is not None else debian_packages()) if not is_there(p))


def install_command(packages: Iterable[DebianPackage]) -> str:
    """The command that installs these packages."""
    names = " ".join(package.name for package in packages)
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install --no-install-recommends {names}"


def require_packages(*names: str) -> None:
    """Make sure of some packages of the list.

    Raises:
        RequirementError: Some are missing; the remedy is the command that installs them.
    """
    missing = missing_packages(p for p in debian_packages() if p.name in names)
    if missing:
        what = ", ".join(f"{package.name} ({package.purpose})" for package in missing)
        message = f"this machine lacks {what}"
        raise RequirementError(message, remedy=install_command(missing))
