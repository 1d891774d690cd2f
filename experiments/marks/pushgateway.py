"""A gauge in the Pushgateway for each fault that is in place: until when it is, at the latest.

The value is a time and not 1, because a Pushgateway shows what it has for ever: after `kill -9` of the runner
nobody takes a 1 away, and the pod that cleans up in the cluster knows no Pushgateway. Compared with `time()`
in PromQL, this one ends by itself. The group is apart from that of the verdicts, and no other metric has
its name.
"""

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import quote

from faultcast.experiments.marks.mark import Mark, send
from faultcast.infra.redaction import hidden

__all__ = ["GAUGE", "PushgatewayMarker", "exposition"]

GAUGE = "faultcast_fault_until_timestamp_seconds"
_HEAD = f"# HELP {GAUGE} When a fault in place is over by itself at the latest.\n# TYPE {GAUGE} gauge\n"
_WHO = "the Pushgateway"


class PushgatewayMarker:
    """Keeps one group for each experiment, `job="faultcast_fault"`: what is in place of its trial.

    Args:
        url: Base URL of the Pushgateway.
    """

    name = "pushgateway"

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._open: dict[str, Mark] = {}
        self._lock = threading.Lock()

    def begin(self, mark: Mark) -> None:
        """Push everything that is in place, this fault too.

        Raises:
            MarkError: The Pushgateway is away, or refuses.
        """
        with self._lock:
            self._open = {key: other for key, other in self._open.items() if other.trial == mark.trial}
            self._open[mark.number] = mark
            self._push(mark.experiment)

    def end(self, mark: Mark, at: datetime, left: Sequence[str]) -> None:  # noqa: ARG002
        """Push what is still in place, or remove the group; what is left of a fault is no fault any more.

        Raises:
            MarkError: The Pushgateway is away, or refuses.
        """
        with self._lock:
            self._open.pop(mark.number, None)
            self._push(mark.experiment)

    def _push(self, experiment: str) -> None:
        group = f"{self._url}/metrics/job/faultcast_fault/experiment/{quote(experiment, safe='')}"
        if self._open:
            send(_WHO, "PUT", group, data=exposition(self._open.values()).encode())
        else:
            send(_WHO, "DELETE", group)


def exposition(marks: Iterable[Mark]) -> str:
    """The marks in the Prometheus text format: one sample for each target."""
    latest: dict[str, float] = {}
    for mark in marks:
        for target in mark.targets:
            labels = {"fault": mark.fault, "target": str(target), "trial": mark.trial}
            series = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
            latest[series] = max(latest.get(series, 0.0), mark.until.timestamp())
    return _HEAD + "".join(f"{GAUGE}{{{series}}} {until!r}\n" for series, until in latest.items())


def _escaped(value: str) -> str:
    return hidden(value).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
