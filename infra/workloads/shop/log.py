"""Logs as one JSON object a line, on standard output."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import override

__all__ = ["JsonFormatter", "log_to_stdout"]


class JsonFormatter(logging.Formatter):
    """Formats a record; what was given as `extra={"facts": {...}}` becomes fields.

    Args:
        service: Name of the service, a field of every line.
    """

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    @override
    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps(fields)


def log_to_stdout(service: str) -> None:
    """Send all logs of this process to standard output.

    Args:
        service: Name of the service.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
