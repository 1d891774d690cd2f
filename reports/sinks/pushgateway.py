"""Marks on the time axis: fault windows and verdicts as gauges in the Pushgateway.

Each experiment owns one group (`job="faultcast", experiment=...`), which its next trial replaces; groups
of others are never touched. Prometheus keeps what was there before.
"""

from collections.abc import Iterable
from urllib.parse import quote

import requests

from faultcast.infra.errors import SinkError
from faultcast.infra.redaction import hidden, redacted
from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.reports.words.verdict import worst_metric
from faultcast.steady_state.verdict import Status

__all__ = ["VALUES", "PushgatewaySink", "exposition"]

VALUES = {Status.HELD: 0, Status.UNKNOWN: 1, Status.DEVIATED: 2}
"""Value of `faultcast_verdict`: higher is worse."""

_TIMEOUT = (3.0, 10.0)


class PushgatewaySink:
    """Pushes the marks of the latest trial of each experiment.

    Args:
        url: Base URL of the Pushgateway.
    """

    name = "pushgateway"

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def open_run(self, run: RunRecord) -> None:
        """Do nothing: marks belong to trials."""

    def publish(self, record: TrialRecord) -> None:
        """Replace the group of this experiment.

        Raises:
            SinkError: The Pushgateway is away, or refuses.
        """
        group = f"{self._url}/metrics/job/faultcast/experiment/{quote(record.history.experiment, safe='')}"
        remedy = "check that the Pushgateway runs (faultcast status); the verdict itself is not touched"
        try:
            answer = requests.put(group, data=exposition(record).encode(), timeout=_TIMEOUT)
        except requests.RequestException as error:
            message = f"the Pushgateway at {redacted(self._url)} does not answer: {_cause(error)}"
            raise SinkError(message, remedy=remedy) from error
        if not answer.ok:
            said = answer.text.strip()[:300]
            message = f"the Pushgateway at {redacted(self._url)} refused: {answer.status_code} {said}"
            raise SinkError(message, remedy=remedy)

    def close_run(self, run: RunRecord) -> None:
        """Do nothing: marks belong to trials."""


def exposition(record: TrialRecord) -> str:
    """A trial's marks in the Prometheus text format."""
    history, verdict = record.history, record.verdict
    who = {"run": history.run, "trial": history.trial}
    worst = worst_metric(verdict)
    blocks = [
        _gauge(
            "faultcast_verdict",
            "Verdict of the latest trial: 0 held, 1 cannot tell, 2 deviated.",
            [
                (
                    {
                        **who,
                        "known_weakness": str(history.known_weakness is not None).lower(),
                        "known_blindness": str(history.known_blindness is not None).lower(),
                    },
                    VALUES[verdict.status],
                )
            ],
        ),
        _gauge(
            "faultcast_fault_start_timestamp_seconds",
            "When a fault was injected.",
            [
                ({**who, "fault": fault.fault, "number": str(number)}, fault.started.timestamp())
                for number, fault in enumerate(history.injections)
            ],
        ),
        _gauge(
            "faultcast_fault_end_timestamp_seconds",
            "When a fault was over.",
            [
                ({**who, "fault": fault.fault, "number": str(number)}, fault.ended.timestamp())
                for number, fault in enumerate(history.injections)
                if fault.ended is not None
            ],
        ),
        _gauge(
            "faultcast_p_value",
            "p-value of the metric that weighs most.",
            [({**who, "metric": worst.metric}, worst.verdict.p_value)]
            if worst is not None and worst.verdict.p_value is not None
            else [],
        ),
    ]
    return "".join(blocks)


def _gauge(name: str, text: str, samples: Iterable[tuple[dict[str, str], float]]) -> str:
    lines = [f"{name}{{{_labels(labels)}}} {value!r}\n" for labels, value in samples]
    return "".join([f"# HELP {name} {text}\n# TYPE {name} gauge\n", *lines]) if lines else ""


def _labels(labels: dict[str, str]) -> str:
    def escaped(value: str) -> str:
        return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")

    return ",".join(f'{name}="{escaped(hidden(value))}"' for name, value in labels.items())


def _cause(error: requests.RequestException) -> str:
    return redacted(str(error))[:300] or type(error).__name__
