"""Every error Faultcast raises on purpose, in one tree.

::

    FaultcastError                 what happened, to what, and what to do next
    ├── ConfigurationError         a setting or an option is wrong; nothing was touched
    ├── RequirementError           this machine lacks something
    │   └── UnsupportedError       this machine or kernel cannot do it at all
    ├── LockedError                another Faultcast works on the same thing
    ├── SupersededError            another writer has taken over; this one must stop writing
    ├── CommandError               a program ended with a failure
    ├── WaitTimeoutError           something did not become true in time
    ├── ClusterError               the cluster does not do what was asked
    │   └── ComponentDiedError     a program of a node ended by itself
    ├── ExperimentError            an experiment file is refused
    ├── RefusedError               a safety rule forbids the fault; nothing was touched
    │   ├── ConsentError           the cluster did not agree to be broken, or is another one
    │   ├── RadiusError            the fault would reach further than it may
    │   └── NoTargetError          the fault would reach nothing
    ├── InjectionError             the fault could not be applied
    │   └── NotProvedError         the fault was applied, but no effect was seen
    ├── AbortedError               a live condition, or somebody, ended a fault before its time
    ├── RevertError                something of a fault may still be in place
    ├── MetricSourceError          metrics could not be read
    │   ├── NoSamplesError         the source answers, and has nothing for this query
    │   └── QueryRefusedError      the source answers, but not this query
    │       └── NoNumbersError     it answers with something that is no number
    ├── MarkError                  a fault could not be shown where people look
    ├── InconclusiveError          a trial ended, but nobody can tell whether the system held
    └── SinkError                  a result could not be published

Each carries a remedy: the next step of the person who reads it.
"""

import re

__all__ = [
    "AbortedError",
    "ApiError",
    "ClusterError",
    "CommandError",
    "ComponentDiedError",
    "ConfigurationError",
    "ConflictError",
    "ConsentError",
    "ExperimentError",
    "FaultcastError",
    "InconclusiveError",
    "InjectionError",
    "LockedError",
    "MarkError",
    "MetricSourceError",
    "NoNumbersError",
    "NoSamplesError",
    "NoTargetError",
    "NotFoundError",
    "NotProvedError",
    "QueryRefusedError",
    "RadiusError",
    "RefusedError",
    "RequirementError",
    "RevertError",
    "SinkError",
    "SupersededError",
    "UnsupportedError",
    "WaitTimeoutError",
    "without_control",
]


_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What moves a terminal's cursor or colours it; line ends and tabs stay."""


def without_control(text: str) -> str:
    """A text without control characters, as a server's own words may hold them."""
    return _CONTROL.sub("", text)


class FaultcastError(Exception):
    """Root of the tree.

    Args:
        what: What happened, and to what; one sentence without a full stop. Control characters, which a
            server's own words may hold, are taken out.
        remedy: What the reader should do next; empty only when there is nothing to do.
    """

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(without_control(what))
        self.what = without_control(what)
        self.remedy = without_control(remedy)

    def __str__(self) -> str:
        """The sentence shown to people: the event, then the next step."""
        return f"{self.what}\n  what to do: {self.remedy}" if self.remedy else self.what


class ConfigurationError(FaultcastError):
    """A setting or an option is wrong; nothing was touched."""


class RequirementError(FaultcastError):
    """This machine lacks a program, a package or a right."""


class UnsupportedError(RequirementError):
    """This machine or its kernel cannot do what was asked, whatever is installed."""


class LockedError(FaultcastError):
    """Another Faultcast works on the same cluster or run."""


class SupersededError(FaultcastError):
    """Another writer has taken over; nothing was written, and this one must stop writing."""


class CommandError(FaultcastError):
    """A program ended with a failure, or did not end in time."""


class WaitTimeoutError(FaultcastError):
    """Something did not become true in time; the text says what was last seen."""


class ClusterError(FaultcastError):
    """The cluster does not do what was asked of it."""


class ApiError(ClusterError):
    """A call of the Kubernetes API failed.

    Args:
        what: See `FaultcastError`.
        remedy: See `FaultcastError`.
        status: HTTP status of the answer; 0 when there was none.
        answer: What the API server itself says of its refusal; empty for nothing.
    """

    def __init__(self, what: str, *, remedy: str, status: int = 0, answer: str = "") -> None:
        super().__init__(what, remedy=remedy)
        self.status, self.answer = status, answer


class NotFoundError(ApiError):
    """The API server says that there is no such object."""


class ConflictError(ApiError):
    """The API server says that the object is there already, or that somebody else was faster."""


class ComponentDiedError(ClusterError):
    """A program of a node ended by itself; the text carries the tail of its log."""


class ExperimentError(FaultcastError):
    """An experiment file is refused: file, line, what, and how to mend it."""


class RefusedError(FaultcastError):
    """A safety rule forbids the fault; nothing was touched."""


class ConsentError(RefusedError):
    """The cluster did not agree to be broken, or is another one than was previewed."""


class RadiusError(RefusedError):
    """The fault would reach further than its blast radius allows."""


class NoTargetError(RefusedError):
    """The fault's selector matches nothing, so nothing would be tested."""


class InjectionError(FaultcastError):
    """The fault could not be applied, or only in part."""


class NotProvedError(InjectionError):
    """The fault was applied, but no effect was measured on its target."""


class AbortedError(FaultcastError):
    """A live condition, or somebody, ended a fault before its time; it was reverted."""


class RevertError(FaultcastError):
    """Something of a fault may still be in place."""


class MetricSourceError(FaultcastError):
    """Metrics could not be read."""


class NoSamplesError(MetricSourceError):
    """The source works, and has no series for this query at that time."""


class QueryRefusedError(MetricSourceError):
    """Prometheus works, but cannot answer this query: it is wrong, or asks for too much."""


class NoNumbersError(QueryRefusedError):
    """Prometheus answers the query, but with something that is no number.

    Args:
        what: See `FaultcastError`.
        gives: What it gives, such as "a text".
        remedy: See `FaultcastError`.
    """

    def __init__(self, what: str, *, gives: str, remedy: str = "") -> None:
        super().__init__(what, remedy=remedy)
        self.gives = gives


class InconclusiveError(FaultcastError):
    """A trial ended, but nobody can tell whether the system held; never to be taken for a pass."""


class MarkError(FaultcastError):
    """A fault could not be shown where people look; the trial goes on."""


class SinkError(FaultcastError):
    """A result could not be published; it is kept on disk."""
