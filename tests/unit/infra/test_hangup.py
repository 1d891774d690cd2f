"""A process that is asked to end, or whose terminal went away."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from faultcast.infra.hangup import ending_signals, forget_lost_terminal, on_ending


@pytest.fixture
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_process_is_asked_to_end_in_either_way(number: signal.Signals) -> None:
    asked: list[int] = []
    signal.signal(number, signal.SIG_DFL)
    with on_ending(lambda sign, _frame: asked.append(sign)):
        os.kill(os.getpid(), number)
    assert asked == [number]
    assert signal.getsignal(number) is signal.SIG_DFL


@pytest.mark.usefixtures("handlers")
def test_what_nohup_wants_is_respected() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert ending_signals() == (signal.SIGTERM,)
    with on_ending(lambda *_: None):
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_a_terminal_that_is_there_is_left_alone() -> None:
    ours, theirs = pty.openpty()
    try:
        forget_lost_terminal()
        os.write(theirs, b"still read")
        assert os.read(ours, 64) == b"still read"
    finally:
        os.close(ours)
        os.close(theirs)


def test_what_is_open_on_a_lost_terminal_can_be_written_to_again() -> None:
    ours, theirs = pty.openpty()
    os.close(ours)
    try:
        with pytest.raises(OSError, match="Input/output"):
            os.write(theirs, b"nobody reads")
        forget_lost_terminal()
        assert os.write(theirs, b"nobody reads") == 12
    finally:
        os.close(theirs)


CUT = """
import sys
from faultcast.cli.guarded import guard_pipes
guard_pipes()
for number in range(100000):
    print("line", number)
"""


def test_a_command_whose_reader_went_away_ends_as_a_shell_says_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CUT], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"line 0\n"
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == b""
    assert process.returncode == 141
