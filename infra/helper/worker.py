"""A process of a helper that does the heavy work: `python3 -m helper.worker JSON`.

It joins the control groups that it is told, dies with its parent, and ends by itself at its time. What it
burns, holds or writes is all its own, so its end is the end of the effect.
"""

import ctypes
import json
import mmap
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["available", "main", "risen"]

_PR_SET_PDEATHSIG = 1
_PERIOD = 0.05
_CHUNK = 4 << 20
_PAGE = 4096


def main(text: str) -> int:
    """Do what the JSON says: `kind`, `id`, `parent`, `until`, `groups` and what the kind needs."""
    job = json.loads(text)
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != job["parent"]:
        return 1  # the parent ended before this process could be bound to it
    for folder in job["groups"]:
        (Path(folder) / "cgroup.procs").write_text("0")
    _KINDS[job["kind"]](job)
    return 0


def risen(start: float, ramp: float, now: float) -> float:
    """Share of the effect, 0 to 1, that a ramp of `ramp` seconds has reached."""
    return 1.0 if ramp <= 0 else min(1.0, max(0.0, (now - start) / ramp))


def available(file: Path = Path("/proc/meminfo")) -> int:
    """Bytes that this machine could still give to programs."""
    for line in file.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _cpu(job: Mapping[str, Any]) -> None:
    """Use `share` of one CPU: so much processor time in each short period, then rest."""
    start = time.time()
    while (now := time.time()) < job["until"]:
        used = time.process_time()
        budget = job["share"] * risen(start, job["ramp"], now) * _PERIOD
        while time.process_time() - used < budget:
            sum(range(500))
        if job["share"] < 1 or budget < _PERIOD:
            time.sleep(max(0.0, _PERIOD - (time.time() - now)))


def _memory(job: Mapping[str, Any]) -> None:
    """Hold `bytes` of touched pages; less while the machine has less than `floor` left."""
    _protect()
    start = time.time()
    held: list[mmap.mmap] = []
    while (now := time.time()) < job["until"]:
        goal = int(job["bytes"] * risen(start, job["ramp"], now))
        spare = available() - job["floor"]
        if spare < 0 and held:
            held.pop().close()
        elif len(held) * _CHUNK < goal and spare > _CHUNK:
            chunk = mmap.mmap(-1, _CHUNK)
            chunk[::_PAGE] = b"\1" * (_CHUNK // _PAGE)
            held.append(chunk)
        else:
            time.sleep(_PERIOD)


def _protect() -> None:
    """Make this process the last that the kernel would end for want of memory, as far as it is permitted."""
    file = Path("/proc/self/oom_score_adj")
    for value in (-1000, -500, 0):  # below what the process was born with needs a right that nodes may lack
        if value >= int(file.read_text()):
            return
        try:
            file.write_text(str(value))
        except OSError:
            continue
        return


def _io(job: Mapping[str, Any]) -> None:
    """Write, flush and read one file over and over; `size` bytes each time."""
    file, block = Path(job["file"]), os.urandom(1 << 20)
    left = 0
    with file.open("w+b", buffering=0) as stream:
        while time.time() < job["until"]:
            if left <= 0:
                stream.seek(0)
                left = job["size"]
            stream.write(block[: min(len(block), left)])
            os.fsync(stream.fileno())
            left -= len(block)
            if left <= 0:
                stream.seek(0)
                while stream.read(len(block)):
                    pass


_KINDS = {"cpu": _cpu, "memory": _memory, "io": _io}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
