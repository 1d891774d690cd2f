"""Where the details of a crash lie: nobody is shown a traceback, and nobody has to do without it."""

import os
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from faultcast.infra.redaction import redacted

__all__ = ["crash_text", "write_crash"]


def write_crash(folder: Path, what: str, error: BaseException) -> Path:
    """Write down how something crashed; readable by its owner only.

    Args:
        folder: Where; made when it is missing, and the folder for temporary files when it cannot be made.
        what: What was going on, such as the command.
        error: What was raised.

    Returns:
        The file.
    """
    at = datetime.now(UTC)
    trace = "".join(traceback.format_exception(error))
    text = redacted(f"{at:%Y-%m-%d %H:%M:%S} UTC\n{what}\n\n{trace}")
    name = f"crash-{at:%Y%m%dT%H%M%S}-{os.getpid()}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / name
        file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    except OSError:
        file, found = tempfile.mkstemp(prefix="faultcast-", suffix=f"-{name}")
        path = Path(found)
    with os.fdopen(file, "w", encoding="utf-8", errors="replace") as opened:
        opened.write(text)
    return path


def crash_text(error: BaseException) -> str:
    """A crash in one line: the kind of error and what it says."""
    said = " ".join(redacted(str(error)).split())[:300]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
