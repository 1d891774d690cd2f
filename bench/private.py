"""Private servers on loopback, of Debian packages that are unpacked and not installed.

Installing such a package would start a service on every address of the machine.
"""

import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from faultcast.infra.processes import ProcessId, end, run, tail
from faultcast.infra.settings import load_settings
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["free_port", "programs", "served"]

_READY = Wait(60.0, 0.05)
_REMEDY = "apt-get update, or check the package mirror"


def free_port() -> int:
    """A TCP port of loopback that nobody uses now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def programs(package: str, *names: str) -> Path:
    """Folder with programs of a Debian package: installed, or out of the package, which is kept.

    Args:
        package: Name of the package.
        names: Programs in it that are needed.

    Raises:
        CommandError: The package cannot be fetched.
    """
    found = shutil.which(names[0])
    if found and all((Path(found).parent / name).is_file() for name in names):
        return Path(found).parent
    kept = load_settings().cache_dir / package
    if not (kept / "usr/bin" / names[0]).is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=kept.parent) as name:
            fresh = Path(name)
            run(["apt-get", "download", package], cwd=fresh, timeout=120.0, remedy=_REMEDY)
            run(["dpkg-deb", "-x", *fresh.glob("*.deb"), fresh / "tree"])
            if not kept.exists():
                (fresh / "tree").rename(kept)
    return kept / "usr/bin"


@contextmanager
def served(
    what: str,
    argv: Sequence[str | Path],
    address: str,
    log: Path,
    *,
    auth: tuple[str, str] | None = None,
) -> Iterator[str]:
    """A server that says at `/-/ready` that it is, for as long as the block lasts.

    Args:
        what: What it is, for the error text.
        argv: Its command line.
        address: Host and port where it answers.
        log: File for what it says.
        auth: User and password that it asks for.

    Yields:
        Its base URL.

    Raises:
        WaitTimeoutError: The server does not get ready.
    """
    with log.open("wb") as file:
        process = subprocess.Popen(argv, stdout=file, stderr=file, start_new_session=True)
    try:
        wait_until(
            f"{what} answers",
            lambda: requests.get(f"http://{address}/-/ready", auth=auth, timeout=5.0).ok,
            _READY,
            last_seen=lambda: tail(log),
            transient=(requests.ConnectionError,),
        )
        yield f"http://{address}"
    finally:
        end(ProcessId.of(process.pid))
        process.wait()
