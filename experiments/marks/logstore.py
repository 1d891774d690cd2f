"""Two lines in the log store: a fault began, and until when it lasts at most; a fault was reverted."""

import json
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from faultcast.experiments.marks.mark import Mark, send
from faultcast.infra.redaction import hidden

__all__ = ["LogStoreMarker"]

_STREAM = "app,experiment"


class LogStoreMarker:
    """Writes to VictoriaLogs, in streams of `app="faultcast"`.

    Args:
        url: Base URL of the log store.
    """

    name = "log store"

    def __init__(self, url: str) -> None:
        self._url = f"{url.rstrip('/')}/insert/jsonline?{urlencode({'_stream_fields': _STREAM})}"

    def begin(self, mark: Mark) -> None:
        """Write the first line.

        Raises:
            MarkError: The log store is away, or refuses.
        """
        text = f"fault {mark.fault} is in place on {mark.where}, until {mark.until.isoformat()} at the latest"
        self._write(mark, mark.began, "begin", text)

    def end(self, mark: Mark, at: datetime, left: Sequence[str]) -> None:
        """Write the last line.

        Raises:
            MarkError: The log store is away, or refuses.
        """
        text = f"fault {mark.fault} on {mark.where} was reverted"
        if left:
            text = f"fault {mark.fault} on {mark.where} could not be reverted: {'; '.join(left)}"
        self._write(mark, at, "left" if left else "end", text)

    def _write(self, mark: Mark, at: datetime, event: str, text: str) -> None:
        line = {
            "_time": at.isoformat(),
            "_msg": text,
            "app": "faultcast",
            "event": event,
            "experiment": mark.experiment,
            "fault": mark.fault,
            "run": mark.run,
            "trial": mark.trial,
            "until": mark.until.isoformat(),
        }
        clean = {key: hidden(value) for key, value in line.items()}
        send("the log store", "POST", self._url, data=f"{json.dumps(clean)}\n".encode())
