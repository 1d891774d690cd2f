"""Debian packages, fetched by the machine's own apt with a state of its own: nothing on the machine changes.

apt checks every package against the archive's signed index. What it chose is written down beside the
packages, so that later builds need no network and give the same images; removing that folder chooses anew.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from faultcast.infra.errors import RequirementError
from faultcast.infra.processes import run

__all__ = ["SUITE", "Package", "fetch_packages", "unpack"]

SUITE = "trixie"
"""The Debian release: the first with Python 3.13 and a Prometheus that knows Kubernetes."""

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_RECORD = "packages.json"
_TIMEOUT = 300.0
_REMEDY = "check that apt works on this machine (apt-get update), then try again"


@dataclass(frozen=True, slots=True)
class Package:
    """One fetched package.

    Attributes:
        file: Name of its file in the folder of packages.
        sha256: Checksum of that file, in hexadecimal digits.
    """

    file: str
    sha256: str


def fetch_packages(
    names: Iterable[str], folder: Path, progress: Callable[[str], None]
) -> Mapping[str, Package]:
    """Have packages in `folder`; without network when they are there already.

    Args:
        names: Names of the packages; their dependencies are not added.
        folder: Where their files are kept.
        progress: Told in words what goes on.

    Returns:
        What was chosen, by name.

    Raises:
        RequirementError: This machine has no Debian archive configured, or no key to check it.
        CommandError: apt failed.
    """
    wanted = sorted(set(names))
    record = folder / _RECORD
    chosen = _read(record)
    if all(name in chosen and (folder / chosen[name].file).is_file() for name in wanted):
        return {name: chosen[name] for name in wanted}
    fresh = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    config = _private_apt(fresh / "apt")
    env = {"APT_CONFIG": str(config), "LC_ALL": "C"}
    progress(f"reading the package index of Debian {SUITE}")
    run(["apt-get", "--quiet", "update", "--error-on=any"], env=env, timeout=_TIMEOUT, remedy=_REMEDY)
    progress(f"fetching {len(wanted)} Debian packages")
    run(["apt-get", "--quiet", "download", *wanted], env=env, cwd=fresh, timeout=_TIMEOUT, remedy=_REMEDY)
    shutil.rmtree(fresh / "apt")
    found = {file.name.split("_")[0]: _describe(file) for file in sorted(fresh.glob("*.deb"))}
    document = {name: asdict(package) for name, package in found.items()}
    (fresh / _RECORD).write_text(json.dumps(document, indent=1) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return found


def unpack(package: Path, tree: Path) -> None:
    """Put the files of a package below `tree`; none of its scripts runs.

    Args:
        package: The package's file.
        tree: An existing folder.
    """
    run(["dpkg-deb", "--extract", package, tree], timeout=_TIMEOUT)


def _read(record: Path) -> dict[str, Package]:
    if not record.is_file():
        return {}
    return {name: Package(**fields) for name, fields in json.loads(record.read_text()).items()}


def _describe(file: Path) -> Package:
    with file.open("rb") as content:
        return Package(file.name, hashlib.file_digest(content, "sha256").hexdigest())


def _private_apt(home: Path) -> Path:
    """A configuration of apt with state, cache and sources of its own, below `home`."""
    if not _KEYRING.is_file():
        message = f"no {_KEYRING}: Debian's packages cannot be checked"
        raise RequirementError(message, remedy="install it: apt-get install debian-archive-keyring")
    for part in ("state/lists/partial", "cache/archives/partial", "empty"):
        (home / part).mkdir(parents=True)
    sources = home / "sources.list"
    sources.write_text(f"deb [signed-by={_KEYRING}] {_mirror()} {SUITE} main\n")
    config = home / "apt.conf"
    config.write_text(
        f'Dir::State "{home}/state";\n'
        'Dir::State::status "/dev/null";\n'
        f'Dir::Cache "{home}/cache";\n'
        f'Dir::Etc::sourcelist "{sources}";\n'
        f'Dir::Etc::sourceparts "{home}/empty";\n'
        f'Dir::Etc::preferencesparts "{home}/empty";\n'
        'Dir::Etc::preferences "/dev/null";\n'
        'APT::Sandbox::User "root";\n'
        'Acquire::Languages "none";\n'
        'Acquire::Retries "3";\n'
        "#clear Acquire::IndexTargets::deb::DEP-11;\n"
        "#clear APT::Update::Post-Invoke;\n"
        "#clear APT::Update::Post-Invoke-Success;\n"
    )
    return config


def _mirror() -> str:
    """Address of the Debian archive that this machine's apt uses."""
    listing = run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"], remedy=_REMEDY)
    sites = dict.fromkeys(listing.stdout.split())
    for site in sites:
        if site.rstrip("/").rsplit("/", 1)[-1] == "debian":
            return site
    message = "apt of this machine knows no Debian archive"
    raise RequirementError(message, remedy="add a source of Debian to /etc/apt/sources.list.d")
