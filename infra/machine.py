"""What this machine's kernel offers, found out without changing anything."""

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Check", "Machine", "cgroup_version", "checks", "inspect"]

_MEMORY_NEEDED = 4 * 1024**3
_DISK_NEEDED = 20 * 1024**3


@dataclass(frozen=True, slots=True)
class Machine:
    """Facts about this machine.

    Attributes:
        system: Such as `Linux`.
        architecture: Such as `x86_64`.
        root: Whether this process is root.
        cores: Cores this process may use.
        memory: Bytes of memory.
        disk_free: Free bytes where the cache is.
        cgroups: Version of the control groups; 0 when there are none.
        filesystems: Names the kernel knows.
    """

    system: str
    architecture: str
    root: bool
    cores: int
    memory: int
    disk_free: int
    cgroups: Literal[0, 1, 2]
    filesystems: frozenset[str]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What it is.
        fine: Whether it will do.
        seen: What was found.
        remedy: What mends it; empty when fine.
    """

    name: str
    fine: bool
    seen: str
    remedy: str = ""


def cgroup_version(root: Path = Path("/sys/fs/cgroup")) -> Literal[0, 1, 2]:
    """Which control groups are mounted at `root`."""
    if (root / "cgroup.controllers").exists():
        return 2
    return 1 if (root / "cpu").is_dir() and (root / "memory").is_dir() else 0


def inspect(cache: Path) -> Machine:
    """Look at this machine; `cache` is the folder whose disk counts."""
    place = next(p for p in (cache, *cache.parents) if p.exists())
    known = Path("/proc/filesystems")
    return Machine(
        system=platform.system(),
        architecture=platform.machine(),
        root=os.geteuid() == 0,
        cores=len(os.sched_getaffinity(0)),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        disk_free=shutil.disk_usage(place).free,
        cgroups=cgroup_version(),
        filesystems=frozenset(known.read_text().split()) if known.exists() else frozenset(),
    )


def checks(machine: Machine) -> tuple[Check, ...]:
    """What the local cluster needs of the machine itself, one check each."""
    gib = 1024**3
    found = (
        ("operating system", machine.system == "Linux", machine.system, "use a Linux machine"),
        ("architecture", machine.architecture == "x86_64", machine.architecture, "use an x86-64 machine"),
        (
            "rights",
            machine.root,
            "root" if machine.root else "not root",
            "run as root, for example with sudo -E",
        ),
        ("cores", machine.cores >= 2, f"{machine.cores}", "use a machine with at least 2 cores"),
        (
            "memory",
            machine.memory >= _MEMORY_NEEDED,
            f"{machine.memory / gib:.1f} GiB",
            "use a machine with 4 GiB",
        ),
        (
            "disk",
            machine.disk_free >= _DISK_NEEDED,
            f"{machine.disk_free / gib:.0f} GiB free",
            "free 20 GiB, or set FAULTCAST_CACHE_DIR",
        ),
        ("control groups", machine.cgroups > 0, f"v{machine.cgroups}", "mount the control groups"),
        (
            "overlay file system",
            "overlay" in machine.filesystems,
            "known" if "overlay" in machine.filesystems else "unknown",
            "load the module: modprobe overlay",
        ),
    )
    return tuple(Check(name, fine, seen, "" if fine else remedy) for name, fine, seen, remedy in found)
