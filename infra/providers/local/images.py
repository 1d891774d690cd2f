"""Images on the nodes: imported once into a template, then cloned for each node by hard links.

A container runtime's folder holds blobs and unpacked layers, which are only ever read or removed, and two
small databases. So a node's copy shares every file with the template but the databases, costs no space and
takes a moment; removing one copy leaves the others whole.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from faultcast.infra.errors import ClusterError, ConfigurationError, LockedError
from faultcast.infra.images import ImageArchive
from faultcast.infra.processes import run, tail
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["clone", "make_template"]

_START = Wait(20.0, 0.05)
_IMPORT_TIMEOUT = 300.0
_KEEP_SECONDS = 7 * 86400
_UNFINISHED = "new"
_SOCKET_PATH = 107
_END = 10.0
_DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")


def make_template(archives: Sequence[ImageArchive], cache: Path, progress: Callable[[str], None]) -> Path:
    """Import the archives into a container runtime's folder, or find that done.

    Args:
        archives: The images.
        cache: Folder of all templates; the finished one has a key made of its archives.
        progress: Told in words what goes on.

    Returns:
        The template's folder.

    Raises:
        LockedError: Another process is at it, and takes too long.
        ClusterError: The container runtime did not start.
        CommandError: An archive could not be imported.
    """
    template = cache / _key(archives)
    cache.mkdir(parents=True, mode=0o700, exist_ok=True)
    try:
        with FileLock(cache / "lock", timeout=_IMPORT_TIMEOUT):
            _prune(cache)
            if not template.is_dir():
                _import(archives, cache / _UNFINISHED, progress).rename(template)
                shutil.rmtree(cache / _UNFINISHED)
            os.utime(template)
    except Timeout as error:
        message = f"another Faultcast has been importing images into {cache} for {_IMPORT_TIMEOUT:.0f} s"
        raise LockedError(message, remedy="wait until it is done, or end it") from error
    return template


def clone(template: Path, target: Path) -> None:
    """Give a node its own copy of the template.

    Args:
        template: What `make_template` returned.
        target: The node's folder of the container runtime; must not exist.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    same_disk = template.stat().st_dev == target.parent.stat().st_dev
    share = "--link" if same_disk else "--reflink=auto"
    run([*_DIES_WITH_US, "cp", "--archive", share, template, target], timeout=_IMPORT_TIMEOUT)
    for database in target.glob("*/*.db"):
        database.unlink()
        shutil.copy2(template / database.relative_to(target), database)


def _prune(cache: Path) -> None:
    """Remove what a killed process left, and what nobody used for a week; nodes keep what they linked."""
    for folder in cache.iterdir():
        if not folder.is_dir():
            continue
        if folder.name == _UNFINISHED or time.time() - folder.stat().st_mtime > _KEEP_SECONDS:
            shutil.rmtree(folder)


def _key(archives: Sequence[ImageArchive]) -> str:
    digest = hashlib.sha256()
    for archive in archives:
        facts = archive.path.stat()
        digest.update(f"{archive.ref}\0{archive.path}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _import(archives: Sequence[ImageArchive], place: Path, progress: Callable[[str], None]) -> Path:
    """Import the archives into a new folder below `place`, and return that."""
    root = place / "root"
    root.mkdir(parents=True)
    with _runtime(root, place / "run") as socket:
        for number, archive in enumerate(archives, 1):
            progress(f"importing image {archive.ref} ({number} of {len(archives)})")
            control = ["ctr", "--address", str(socket), "--namespace", "k8s.io"]
            load = ["images", "import", str(archive.path)]
            run([*control, *load], timeout=_IMPORT_TIMEOUT, remedy="see whether the disk is full: df -h")
    return root


@contextlib.contextmanager
def _runtime(root: Path, scratch: Path) -> Iterator[Path]:
    """A container runtime without pods on the folder `root`; yields its socket.

    It runs in namespaces of its own and is killed by the kernel when this process dies, so that neither it
    nor a mount of it can be left over.
    """
    scratch.mkdir()
    socket, log, config = scratch / "c.sock", scratch / "c.log", scratch / "c.toml"
    if len(f"{socket}.ttrpc") > _SOCKET_PATH:
        message = f"the path {socket}.ttrpc is too long for a socket"
        raise ConfigurationError(message, remedy="set FAULTCAST_CACHE_DIR to a folder with a shorter path")
    config.write_text(
        f'version = 2\nroot = "{root}"\nstate = "{scratch}/state"\n'
        'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
        f'[grpc]\n  address = "{socket}"\n'
        f'[ttrpc]\n  address = "{socket}.ttrpc"\n'
    )
    with (
        log.open("wb") as out,
        _killed_with_us(["containerd", "--config", str(config)], out.fileno()) as process,
    ):

        def ready() -> bool:
            if process.poll() is not None:
                message = f"containerd did not start: {tail(log)}"
                raise ClusterError(message, remedy="check the package: containerd --version")
            return socket.exists()

        wait_until("socket of containerd", ready, _START)
        yield socket


@contextlib.contextmanager
def _killed_with_us(argv: Sequence[str], out: int) -> Iterator[subprocess.Popen[bytes]]:
    fence = [*_DIES_WITH_US, "unshare", "--mount", "--pid", "--fork", "--kill-child"]
    process = subprocess.Popen([*fence, *argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        yield process
    finally:
        for child in psutil.Process(process.pid).children():
            child.kill()  # the program itself; its fence ends after it, and so nothing writes any more
        try:
            process.wait(timeout=_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
