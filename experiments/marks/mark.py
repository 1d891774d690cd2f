"""The seam of the marks: what is marked, and what every destination does with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import requests

from faultcast.experiments.resources.targets import Target
from faultcast.infra.errors import MarkError
from faultcast.infra.redaction import redacted

__all__ = ["Mark", "Marker", "send"]

_TIMEOUT = (2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Mark:
    """One fault that is in place.

    Attributes:
        experiment: Name of the experiment.
        run: Identity of the run.
        trial: Identity of the trial.
        fault: Kind of the fault.
        number: Tells it from others of the trial: number in the method, repeat and round, as in `0.0.0`.
        targets: What it touches.
        began: When it was injected, in UTC.
        until: When it is over by itself at the latest, in UTC, whatever becomes of this process.
    """

    experiment: str
    run: str
    trial: str
    fault: str
    number: str
    targets: tuple[Target, ...]
    began: datetime
    until: datetime

    @property
    def where(self) -> str:
        """The targets in words."""
        return ", ".join(map(str, self.targets)) or "no target"


class Marker(Protocol):
    """One destination.

    What `begin` leaves behind says by itself when it is over (`Mark.until`): a runner that is killed calls
    nothing more, and neither the cluster nor anybody else has to know this destination. `end` only makes the
    mark shorter.

    Attributes:
        name: Its name in warnings.
    """

    name: str

    def begin(self, mark: Mark) -> None:
        """Show that a fault is in place.

        Raises:
            FaultcastError: The destination is away, or refuses.
        """
        ...

    def end(self, mark: Mark, at: datetime, left: Sequence[str]) -> None:
        """Show that a fault is over; called only for a mark that was begun.

        Args:
            mark: As it was begun.
            at: When the fault was over, in UTC.
            left: What could not be reverted; empty when everything was.

        Raises:
            FaultcastError: The destination is away, or refuses.
        """
        ...


def send(who: str, method: str, url: str, **how: Any) -> requests.Response:
    """One HTTP request, within seconds.

    Args:
        who: Who is asked, for the error.
        method: Such as `PUT`.
        url: Where.
        **how: Further arguments of `requests.request`.

    Raises:
        MarkError: Nobody answers, or the answer is a refusal; the text has no secret.
    """
    try:
        answer = requests.request(method, url, timeout=_TIMEOUT, allow_redirects=False, **how)
    except requests.RequestException as error:
        message = f"{who} does not answer: {redacted(str(error))[:200] or type(error).__name__}"
        raise MarkError(message, remedy=f"check that {who} runs") from error
    if not 200 <= answer.status_code < 300:
        message = f"{who} refused: {answer.status_code} {redacted(answer.text.strip())[:200]}"
        raise MarkError(message, remedy=f"check address and rights of {who}")
    return answer
