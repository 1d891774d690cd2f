"""What keeps the end of the command apart from its verdicts: crashes, and readers that went away."""

import io
import os
import sys
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import Any

import typer
from typer.core import TyperGroup

from faultcast.infra.errors import ConfigurationError, FaultcastError

__all__ = ["CRASHED", "CrashError", "Guarded", "guard_pipes", "refuse_empty"]

CRASHED = 70
"""Exit code of a crash: EX_SOFTWARE of sysexits.h."""

_NOBODY_READS = 128 + 13
"""Exit code of whoever writes where nobody reads any more, as a shell says it: SIGPIPE."""


class CrashError(Exception):
    """Something was raised that nobody expected; its cause says what."""


class Guarded(TyperGroup):
    """Commands whose unexpected errors are told apart: typer takes some of them for exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command.

        Raises:
            CrashError: It raised something that is neither ours nor typer's.
        """
        try:
            return super().invoke(ctx)
        except (FaultcastError, typer.Exit, typer.Abort):
            raise
        except Exception as error:
            if hasattr(error, "exit_code"):  # an error in how the command was called
                raise
            raise CrashError from error


class _Pipe(io.FileIO):
    """Standard output that ends the process in order when nobody reads it any more."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self.fileno())
            os.close(nothing)
            raise SystemExit(_NOBODY_READS) from None


def guard_pipes() -> None:
    """Let standard output and error end the process in order when their reader went away."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        try:
            number = stream.fileno()
        except (AttributeError, OSError, ValueError):
            continue  # none, or none of the system's
        setattr(
            sys,
            name,
            io.TextIOWrapper(
                io.BufferedWriter(_Pipe(number, "w", closefd=False)),
                encoding=stream.encoding,
                errors=stream.errors,
                line_buffering=stream.line_buffering,
            ),
        )


def refuse_empty(words: Sequence[str]) -> None:
    """Refuse options with an empty value, as a shell makes of a variable that is not set.

    Left empty, `--context` would be the current one, and `--db` none or that of the local cluster.

    Args:
        words: The command line; what follows `--`, or is run on a node, is somebody else's.

    Raises:
        ConfigurationError: An option has an empty value.
    """
    if list(words[:2]) == ["node", "run"]:
        return
    ours = list(takewhile(lambda word: word != "--", words))
    empty = [one for one, after in pairwise(ours) if one.startswith("--") and "=" not in one and not after]
    empty += [word[:-1] for word in ours if word.startswith("--") and word.find("=") == len(word) - 1]
    if empty:
        message = f"{empty[0]} is given, and its value is empty"
        raise ConfigurationError(message, remedy="give it a value, or leave it out; is a variable not set?")
