"""Log lines of a service: one JSON object each, so that a log store can be asked about any of their facts."""

import json
import logging
import sys
from datetime import UTC, datetime

from faultcast.infra.errors import FaultcastError
from faultcast.infra.redaction import redacted, redacted_data

__all__ = ["JsonLines", "log_to_stderr", "say", "say_error"]

_NAME = "faultcast"


class JsonLines(logging.Formatter):
    """Time, level, event, and whatever facts came along; no newline inside, no credentials."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": redacted(record.getMessage()),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["trace"] = redacted(self.formatException(record.exc_info))
        return json.dumps(redacted_data(line), ensure_ascii=False, default=str)


def log_to_stderr() -> None:
    """From now on, what this suite logs is written to stderr, a line each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger(_NAME)
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def say(log: logging.Logger, event: str, level: int = logging.INFO, **facts: object) -> None:
    """Log an event with its facts."""
    log.log(level, event, extra={"facts": facts})


def say_error(log: logging.Logger, event: str, error: Exception, **facts: object) -> None:
    """Log an error: one of ours with its remedy, any other with its trace, for those who mend it."""
    if isinstance(error, FaultcastError):
        told = {"error": redacted(error.what), "kind": type(error).__name__}
        log.warning(event, extra={"facts": told | {"remedy": error.remedy} | facts})
    else:
        log.error(event, extra={"facts": {"kind": type(error).__name__} | facts}, exc_info=error)
