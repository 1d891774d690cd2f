"""The log of a helper pod: one JSON object a line, whoever writes it."""

import json
import sys
import threading
from typing import Any

__all__ = ["say"]

_LOCK = threading.Lock()


def say(line: dict[str, Any]) -> None:
    """Write one line; lines of several threads never mix."""
    text = json.dumps(line) + "\n"
    with _LOCK:
        sys.stdout.write(text)
        sys.stdout.flush()
