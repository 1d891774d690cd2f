"""The programs of the local cluster, built from pinned Go modules into a cache outside the repository.

Each folder of `toolchain/` is a small Go module whose `tool` lines name programs and whose `go.sum` holds
their checksums. A finished program is kept under a key made of everything it is built from, so an
interrupted build goes on where it was, and nothing is ever built twice.
"""

import hashlib
import os
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from faultcast.infra.errors import LockedError, RequirementError
from faultcast.infra.processes import stream
from faultcast.infra.providers.local.toolchain.go import GoToolchain, find_go
from faultcast.infra.settings import Settings

__all__ = ["PROGRAMS", "Program", "ensure_programs", "missing_programs"]

_TOOLCHAIN = Path(__file__).parent
_BUILD_TIMEOUT = 3600.0
_SPACE_NEEDED = 12 * 1024**3
_KUBERNETES = "v1.34.4"


@dataclass(frozen=True, slots=True)
class Program:
    """One program to build.

    Attributes:
        name: File name of the program.
        module: Folder below `toolchain/`.
        package: Go package to build.
        stamps: Values the linker writes into package variables, such as the version.
    """

    name: str
    module: str
    package: str
    stamps: tuple[str, ...] = ()


def _kubernetes(name: str) -> Program:
    major, minor, _ = _KUBERNETES.removeprefix("v").split(".")
    stamps = tuple(
        f"{package}/version.git{field}={value}"
        for package in ("k8s.io/component-base", "k8s.io/client-go/pkg")
        for field, value in (("Version", _KUBERNETES), ("Major", major), ("Minor", minor))
    )
    return Program(name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}", stamps)


_LOGS = "github.com/VictoriaMetrics/VictoriaLogs/app"

PROGRAMS: tuple[Program, ...] = (
    Program("etcd", "etcd", "go.etcd.io/etcd/server/v3"),
    _kubernetes("kube-apiserver"),
    _kubernetes("kube-controller-manager"),
    _kubernetes("kube-scheduler"),
    _kubernetes("kubelet"),
    _kubernetes("kube-proxy"),
    _kubernetes("kubectl"),
    Program("coredns", "coredns", "github.com/coredns/coredns"),
    Program("metrics-server", "metrics-server", "sigs.k8s.io/metrics-server/cmd/metrics-server"),
    Program("victoria-logs", "victorialogs", f"{_LOGS}/victoria-logs"),
    Program("vlagent", "victorialogs", f"{_LOGS}/vlagent"),
)


def key_of(program: Program, toolchain: Path = _TOOLCHAIN) -> str:
    """Digest of everything a program is made from: module files, package, stamps, machine."""
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        digest.update((toolchain / program.module / name).read_bytes())
    digest.update("\0".join((program.package, platform.machine(), *program.stamps)).encode())
    return digest.hexdigest()[:16]


def missing_programs(settings: Settings) -> tuple[Program, ...]:
    """The programs that are neither in `FAULTCAST_BIN` nor in the cache."""
    return tuple(program for program in PROGRAMS if _found(settings, program) is None)


def ensure_programs(settings: Settings, progress: Callable[[str], None]) -> Path:
    """Build what is missing.

    Args:
        settings: Says where the cache is, and where programs built earlier are.
        progress: Called with a line for people, at most about once in five seconds.

    Returns:
        A folder that holds every program of `PROGRAMS`.

    Raises:
        RequirementError: No Go toolchain can be had, or the disk is too full.
        CommandError: A build failed; the text has the compiler's words.
        LockedError: Another build has held the lock for an hour.
    """
    missing = missing_programs(settings)
    if missing:
        settings.cache_dir.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(settings.cache_dir / "programs.lock", timeout=_BUILD_TIMEOUT):
                _build(settings, missing_programs(settings), progress)
        except Timeout as error:
            message = f"another build holds {settings.cache_dir / 'programs.lock'}"
            raise LockedError(message, remedy="wait for it, or end it") from error
    return _gather(settings)


def _cached(settings: Settings, program: Program) -> Path:
    return settings.cache_dir / "programs" / f"{program.name}-{key_of(program)}" / program.name


def _found(settings: Settings, program: Program) -> Path | None:
    places = [_cached(settings, program)]
    if settings.bin:
        places.insert(0, settings.bin / program.name)
    return next((place for place in places if os.access(place, os.X_OK)), None)


def _build(settings: Settings, programs: tuple[Program, ...], progress: Callable[[str], None]) -> None:
    if not programs:
        return
    free = shutil.disk_usage(settings.cache_dir).free
    if free < _SPACE_NEEDED:
        message = f"{settings.cache_dir} has {free / 1024**3:.1f} GiB free; building the programs needs 12"
        raise RequirementError(message, remedy="free some space, or set FAULTCAST_CACHE_DIR to another disk")
    go = find_go(settings.cache_dir, progress)
    start = time.monotonic()
    for number, program in enumerate(programs, 1):
        _build_one(settings, go, program, f"program {number} of {len(programs)}, {program.name}", progress)
    progress(f"built {len(programs)} programs in {time.monotonic() - start:.0f} s")


def _build_one(
    settings: Settings, go: GoToolchain, program: Program, title: str, progress: Callable[[str], None]
) -> None:
    target = _cached(settings, program)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{program.name}.part")
    flags = " ".join(("-s -w", *(f"-X {stamp}" for stamp in program.stamps)))
    counter = _Counter(title, progress)
    dies_with_us = ("setpriv", "--pdeathsig", "KILL")
    command = (*dies_with_us, go.program, "build", "-v", "-trimpath", "-buildvcs=false", f"-ldflags={flags}")
    stream(
        (*command, "-o", partial, program.package),
        counter.line,
        timeout=_BUILD_TIMEOUT,
        env=go.environment(settings.cache_dir),
        cwd=_TOOLCHAIN / program.module,
        remedy="check that the Go module proxy can be reached (go env GOPROXY), then run the same again: "
        "finished programs are kept",
    )
    partial.replace(target)
    counter.done()


class _Counter:
    """Turns the compiler's list of packages into a line of progress every five seconds."""

    def __init__(self, title: str, progress: Callable[[str], None]) -> None:
        self._title, self._progress = title, progress
        self._start = self._said = time.monotonic()
        self._packages = self._modules = 0

    def line(self, text: str) -> None:
        if text.startswith("go: downloading"):
            self._modules += 1
        else:
            self._packages += 1
        if time.monotonic() - self._said >= 5:
            self._said = time.monotonic()
            self._progress(f"building {self._title}: {self._state()}")

    def done(self) -> None:
        self._progress(f"built {self._title}: {self._state()}")

    def _state(self) -> str:
        seconds = time.monotonic() - self._start
        return f"{self._modules} modules fetched, {self._packages} packages compiled, {seconds:.0f} s"


def _gather(settings: Settings) -> Path:
    """One folder with a link to each program, named by where they all are."""
    found = {program.name: _found(settings, program) for program in PROGRAMS}
    lost = [name for name, place in found.items() if place is None]
    if lost:
        message = f"built, but not there: {', '.join(lost)}"
        raise RequirementError(
            message, remedy=f"empty {settings.cache_dir / 'programs'} and run the same again"
        )
    digest = hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()[:16]
    folder = settings.cache_dir / "programs" / f"bin-{digest}"
    if not folder.is_dir():
        partial = folder.with_name(f"{folder.name}.part-{os.getpid()}")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name, place in found.items():
            (partial / name).symlink_to(place or "")
        try:
            partial.rename(folder)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)
    return folder
