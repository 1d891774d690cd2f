"""The forecaster's image, built by Podman from the committed Dockerfile, on a base that is made locally.

Podman works below the cache folder with a storage of its own: no engine runs, nothing of the machine's own
images is seen or changed, and nothing is pulled.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from faultcast.infra.errors import LockedError, RequirementError
from faultcast.infra.images.archive import ImageArchive, architecture
from faultcast.infra.images.base import FORECASTER_BASE
from faultcast.infra.images.build import build_images
from faultcast.infra.images.pipconfig import ca_file, pip_config
from faultcast.infra.processes import Completed, run
from faultcast.infra.requirements import require_packages
from faultcast.infra.settings import Settings

__all__ = ["FILES", "FOLDERS", "Podman", "build_forecaster_image", "podman_of"]

FILES = ("Dockerfile", "requirements-forecaster.lock", "pyproject.toml", "README.md", "LICENSE")
"""Files of the repository that the image is made of."""
FOLDERS = ("cli", "experiments", "fixtures", "forecasting", "infra", "reports", "service", "steady_state")
"""Folders of the repository that the image is made of."""

_NAME = "forecaster"
_ROOT = Path(__file__).parents[2]
_FORMAT = 1
"""Part of every key; raised when the way the image is built changes."""
_KEPT = 2
"""Archives that stay: somebody else may be loading the one before."""
_LOCK_TIMEOUT = 1200.0
_BUILD_TIMEOUT = 1200.0
_COPY_TIMEOUT = 300.0
_A_MOMENT = 315_619_200.0  # 1 January 1980: zip files, and so wheels, know none before it
_REMEDY = "see whether Podman works here: podman info; and whether pip reaches its index: pip download six"


@dataclass(frozen=True, slots=True)
class Podman:
    """Podman on a storage of its own.

    Attributes:
        home: Folder of the storage.
    """

    home: Path

    def argv(self, *words: str | Path) -> list[str | Path]:
        """A command line of Podman.

        Args:
            words: Command and arguments.
        """
        return [
            "podman",
            *("--root", self.home / "storage", "--runroot", self.home / "run"),
            *("--tmpdir", self.home / "tmp"),
            *("--cgroup-manager", "cgroupfs", "--events-backend", "none"),
            *words,
        ]

    @property
    def environment(self) -> dict[str, str]:
        """Large scratch files are written beside the storage, not to the machine's folder for them."""
        return {"TMPDIR": str(self.home)}

    def run(self, *words: str | Path, timeout: float = _COPY_TIMEOUT, check: bool = True) -> Completed:
        """Run one command of Podman.

        Args:
            words: Command and arguments.
            timeout: Seconds.
            check: Raise on an exit code other than 0.

        Raises:
            CommandError: It failed, or did not end in time.
        """
        line = self.argv(*words)
        return run(line, timeout=timeout, check=check, env=self.environment, remedy=_REMEDY)

    def has(self, ref: str) -> bool:
        """Whether the storage holds an image."""
        return self.run("image", "exists", ref, check=False).code == 0


def podman_of(settings: Settings) -> Podman:
    """Podman with the storage in which images are built.

    Args:
        settings: Says where the cache is.
    """
    return Podman(_home(settings) / "podman")


def build_forecaster_image(
    settings: Settings, progress: Callable[[str], None], *, source: Path = _ROOT
) -> ImageArchive:
    """Build the forecaster's image, or find it built: its tag is made of everything that goes into it.

    Args:
        settings: Says where the cache is.
        progress: Told in words what goes on.
        source: The checkout of the repository.

    Returns:
        The image, in the layout that `docker save` writes.

    Raises:
        RequirementError: Faultcast is installed without its sources, or the machine lacks Podman.
        LockedError: Another process builds, and takes too long.
        CommandError: A package could not be had, or Podman failed; the text ends with its last lines.
    """
    _require_sources(source)
    home = _home(settings)
    home.mkdir(parents=True, mode=0o700, exist_ok=True)
    try:
        lock = FileLock(home / "build.lock", mode=0o600)
        with lock.acquire(timeout=_LOCK_TIMEOUT), tempfile.TemporaryDirectory(dir=home) as scratch:
            base_settings = settings.model_copy(update={"cache_dir": home})
            (base,) = build_images(base_settings, home, progress, catalog=(FORECASTER_BASE,))
            context = Path(scratch) / "context"
            _snapshot(source, context)
            key = _key(context, base.ref)
            ref = f"faultcast.local/{_NAME}:{key[:12]}"
            archive = ImageArchive(_NAME, ref, home / f"{_NAME}-{key[:12]}.tar", "worker")
            if not archive.path.is_file():
                require_packages("podman")
                _build(podman_of(settings), context, base, archive, progress)
    except Timeout as error:
        message = f"another Faultcast has been building in {home} for {_LOCK_TIMEOUT:.0f} s"
        raise LockedError(message, remedy="wait until it is done, or end it") from error
    return archive


def _home(settings: Settings) -> Path:
    return settings.cache_dir / "forecaster"


def _require_sources(source: Path) -> None:
    missing = [name for name in (*FILES, *FOLDERS) if not (source / name).exists()]
    if missing:
        message = f"the image is built from a checkout of Faultcast, and {source} has no {missing[0]}"
        remedy = "work in a checkout, or name an image built elsewhere: faultcast forecaster deploy --archive"
        raise RequirementError(message, remedy=remedy)


def _snapshot(source: Path, context: Path) -> None:
    """Copy what the image is made of: what is built is then what the key was made of.

    Times are all the same, so that Podman takes equal files for equal.
    """
    context.mkdir()
    for name in FILES:
        shutil.copyfile(source / name, context / name)
    for name in FOLDERS:
        shutil.copytree(
            source / name,
            context / name,
            ignore=shutil.ignore_patterns("__pycache__", ".*"),
            copy_function=shutil.copyfile,
        )
    for path in (context, *context.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (_A_MOMENT, _A_MOMENT))


def _key(context: Path, base: str) -> str:
    digest = hashlib.sha256(f"{_FORMAT}\0{architecture()}\0{base}\0".encode())
    for path in sorted(path for path in context.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(context).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def _build(
    podman: Podman, context: Path, base: ImageArchive, archive: ImageArchive, progress: Callable[[str], None]
) -> None:
    podman.home.mkdir(mode=0o700, exist_ok=True)
    if not podman.has(base.ref):
        progress(f"loading {base.ref} into Podman")
        podman.run("load", "--input", base.path)
    packages = f"faultcast.local/{_NAME}-packages:{archive.ref.rsplit(':', 1)[1]}"
    with _secrets(context.parent) as secrets:
        options = ("--isolation", "chroot", "--network", "host", "--pull-never", "--layers", *secrets)

        def build(*more: str) -> None:
            base_option = f"--build-arg=BASE={base.ref}"
            podman.run("build", *options, base_option, *more, context, timeout=_BUILD_TIMEOUT)

        progress("installing the locked packages: minutes when they have changed, else a moment")
        # Under a name of its own, this stage outlives what is pruned below.
        build("--target", "dependencies", "--tag", packages)
        progress(f"building image {archive.ref}")
        build("--tag", archive.ref)
    part = archive.path.with_suffix(".part")
    part.unlink(missing_ok=True)
    progress(f"writing {archive.path.name}")
    podman.run("save", "--quiet", "--format", "docker-archive", "--output", part, archive.ref)
    part.rename(archive.path)
    made = sorted(archive.path.parent.glob(f"{_NAME}-{'?' * 12}.tar"), key=lambda file: file.stat().st_mtime)
    for stale in made[:-_KEPT]:
        stale.unlink()
    _prune(podman, {base.ref, packages, archive.ref})


def _prune(podman: Podman, wanted: set[str]) -> None:
    """Remove the images of earlier builds; what they share with the wanted ones stays."""
    listing = podman.run("images", "--format", "{{.Repository}}:{{.Tag}}").stdout.split()
    for ref in listing:
        if ref.startswith("faultcast.local/") and ref not in wanted:
            podman.run("untag", ref, ref)  # without the second, every name of the image goes
    podman.run("image", "prune", "--force")


@contextlib.contextmanager
def _secrets(folder: Path) -> Iterator[list[str]]:
    """Options that lend the build this machine's way to its index of packages; removed afterwards."""
    config = folder / "pip.conf"
    authorities = ca_file()
    config.write_text(pip_config())
    config.chmod(0o600)
    try:
        yield [
            f"--secret=id=pip-conf,src={config}",
            *([f"--secret=id=ca,src={authorities}"] if authorities else []),
        ]
    finally:
        config.unlink()
