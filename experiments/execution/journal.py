"""Reading Chaos Toolkit's journal."""

from collections.abc import Mapping
from typing import Any

__all__ = ["failure_of"]

_MARK = "ActivityFailed: "


def failure_of(activity: Mapping[str, Any]) -> str:
    """Why an activity failed, in the words of the error it ended with.

    Args:
        activity: An item of the journal's `run`, `rollbacks` or `probes`.
    """
    trace = "".join(activity.get("exception") or ())
    return trace.rpartition(_MARK)[2].strip() or "it ended without a result"
