"""Run programs: argument lists only, bounded, with their output, ended by pid and start time."""

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from faultcast.infra.errors import CommandError, WaitTimeoutError
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["Completed", "ProcessId", "end", "run", "stream", "tail"]


@dataclass(frozen=True, slots=True)
class Completed:
    """One finished command.

    Attributes:
        argv: The command and its arguments.
        code: Its exit code; negative when a signal ended it.
        stdout: What it wrote, decoded.
        stderr: What it complained of, decoded.
    """

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class ProcessId:
    """One process, told apart from a later one that got the same number.

    Attributes:
        pid: The number.
        started: When it started, in seconds since the epoch (`psutil.Process.create_time`).
    """

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """The identity of a running process; raises `psutil.NoSuchProcess` when it is gone."""
        return cls(pid, psutil.Process(pid).create_time())

    def alive(self) -> bool:
        """Whether exactly this process still runs (a zombie does not)."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1.0
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def run(
    argv: Sequence[str | Path],
    *,
    timeout: float = 60.0,
    check: bool = True,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    remedy: str = "",
) -> Completed:
    """Run one command to its end, in a process group of its own.

    Args:
        argv: Program and arguments; never a shell line.
        timeout: Seconds after which the whole group is killed.
        check: Raise on an exit code other than 0.
        env: Variables on top of this process's own.
        cwd: Folder to run in.
        stdin: Text to feed it; no input at all when not given.
        remedy: What to do when it fails.

    Raises:
        CommandError: Not found, not ended in time, or (with `check`) an exit code other than 0.
    """
    words = tuple(str(word) for word in argv)
    given = subprocess.DEVNULL if stdin is None else subprocess.PIPE
    process = _start(words, stdin=given, stderr=subprocess.PIPE, env=env, cwd=cwd, remedy=remedy)
    try:
        stdout, stderr = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        message = f"{' '.join(words)} did not end within {timeout:.0f} s"
        raise CommandError(message, remedy=remedy) from error
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    done = Completed(words, process.returncode, stdout, stderr)
    if check and done.code != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-1500:] or "no output"
        message = f"{' '.join(words)} ended with exit code {done.code}: {said}"
        raise CommandError(message, remedy=remedy)
    return done


def stream(
    argv: Sequence[str | Path],
    on_line: Callable[[str], None],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    remedy: str = "",
) -> None:
    """Run one long command, and hand on each line it writes, on either channel, as it comes.

    Args:
        argv: Program and arguments.
        on_line: Called with each line, without its end.
        timeout: Seconds after which the whole group is killed.
        env: Variables on top of this process's own.
        cwd: Folder to run in.
        remedy: What to do when it fails.

    Raises:
        CommandError: Not found, not ended in time, or an exit code other than 0; with its last lines.
    """
    words = tuple(str(word) for word in argv)
    last: deque[str] = deque(maxlen=30)
    process = _start(
        words, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, env=env, cwd=cwd, remedy=remedy
    )
    overdue = threading.Event()

    def kill() -> None:
        overdue.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(timeout, kill)
    timer.start()
    try:
        for line in process.stdout or ():
            last.append(line.rstrip())
            on_line(line.rstrip())
        code = process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    finally:
        timer.cancel()
        if process.stdout:
            process.stdout.close()
    if code != 0:
        how = f"did not end within {timeout:.0f} s" if overdue.is_set() else f"ended with exit code {code}"
        message = f"{' '.join(words)} {how}: " + "\n".join(last)[-1500:]
        raise CommandError(message, remedy=remedy)


def _start(
    words: tuple[str, ...],
    *,
    stdin: int,
    stderr: int,
    env: Mapping[str, str] | None,
    cwd: Path | None,
    remedy: str,
) -> subprocess.Popen[str]:
    """Start a program with its output in a pipe, in a process group of its own."""
    try:
        return subprocess.Popen(
            words,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            errors="replace",
            env={**os.environ, **env} if env else None,
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        message = f"cannot run {words[0]}: {error.strerror}"
        raise CommandError(message, remedy=remedy or f"install {words[0]}") from error


def end(process: ProcessId, *, grace: float = 5.0) -> None:
    """End one process: SIGTERM, then SIGKILL after `grace` seconds; nothing when it is gone.

    Raises:
        WaitTimeoutError: It did not even obey SIGKILL.
    """
    for sign, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
        if not process.alive():
            return
        try:
            os.kill(process.pid, sign)
        except ProcessLookupError:
            return
        if patience and _gone(process, patience, last=sign is signal.SIGKILL):
            return


def _gone(process: ProcessId, patience: float, *, last: bool) -> bool:
    try:
        wait_until(f"end of process {process.pid}", lambda: not process.alive(), Wait(patience, 0.05))
    except WaitTimeoutError:
        if last:
            raise
        return False
    return True


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log file, or a word saying that there is none."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return f"(no log at {log})"
