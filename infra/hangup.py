"""The signals that ask a process to end, a lost terminal among them; and output that nobody reads any more.

Whoever loses its terminal gets SIGHUP, and whatever it prints from then on fails. Neither may keep a fault
in place: SIGHUP is an interruption like SIGTERM, and the terminal's place is taken by nothing.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

__all__ = ["ending_signals", "forget_lost_terminal", "on_ending"]

type Handler = Callable[[int, FrameType | None], object]

_OPEN = Path("/proc/self/fd")
_TERMINALS = ("/dev/pts/", "/dev/tty", "/dev/console")


def ending_signals() -> tuple[signal.Signals, ...]:
    """SIGTERM, and SIGHUP unless whoever started this process wanted it to be ignored, as `nohup` does."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return (signal.SIGTERM,)
    return (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def on_ending(handler: Handler) -> Iterator[None]:
    """Have a function called at each of `ending_signals`, until the block ends. Main thread only.

    Args:
        handler: Called with the signal's number; by then a terminal that is lost is forgotten.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            forget_lost_terminal()
        handler(number, frame)

    before = {number: signal.signal(number, handle) for number in ending_signals()}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def forget_lost_terminal() -> None:
    """Let what is open on a terminal which is gone lead to nothing, so that printing fails no more."""
    try:
        numbers = [int(each.name) for each in _OPEN.iterdir()]
    except OSError:
        numbers = [0, 1, 2]
    for number in numbers:
        with suppress(OSError):
            if _leads_to_terminal(number) and not os.isatty(number):
                nothing = os.open(os.devnull, os.O_RDWR)
                os.dup2(nothing, number, inheritable=number <= 2)
                os.close(nothing)


def _leads_to_terminal(number: int) -> bool:
    try:
        return str((_OPEN / str(number)).readlink()).startswith(_TERMINALS)
    except OSError:
        return not _OPEN.exists()
