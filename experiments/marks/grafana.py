"""An annotation in Grafana: a shaded stretch on every dashboard that asks for the tag `faultcast`.

See https://grafana.com/docs/grafana/latest/developers/http_api/annotations/. It is made with the latest end
that is possible, so that it ends by itself where nobody corrects that.
"""

from collections.abc import Sequence
from datetime import datetime

from faultcast.experiments.marks.mark import Mark, send
from faultcast.infra.errors import MarkError
from faultcast.infra.redaction import hidden

__all__ = ["GrafanaMarker"]

_WHO = "Grafana"


class GrafanaMarker:
    """Makes annotations of the organization that its token belongs to.

    Args:
        url: Base URL of Grafana, with its sub-path if it has one.
        token: Token of a service account that may write annotations.
    """

    name = "Grafana"

    def __init__(self, url: str, token: str) -> None:
        self._url = f"{url.rstrip('/')}/api/annotations"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._made: dict[tuple[str, str], int] = {}

    def begin(self, mark: Mark) -> None:
        """Make the annotation.

        Raises:
            MarkError: Grafana is away, refuses, or does not say which annotation it made.
        """
        body = {
            "time": _milliseconds(mark.began),
            "timeEnd": _milliseconds(mark.until),
            "tags": ["faultcast", f"experiment:{mark.experiment}", f"fault:{mark.fault}"],
            "text": hidden(f"fault {mark.fault} on {mark.where} (trial {mark.trial})"),
        }
        answer = send(_WHO, "POST", self._url, json=body, headers=self._headers)
        try:
            self._made[mark.trial, mark.number] = int(answer.json()["id"])
        except (KeyError, TypeError, ValueError) as error:
            message = "Grafana does not say which annotation it made"
            raise MarkError(message, remedy="check FAULTCAST_GRAFANA_URL") from error

    def end(self, mark: Mark, at: datetime, left: Sequence[str]) -> None:  # noqa: ARG002
        """Correct the annotation's end; what is left of a fault is told elsewhere.

        Raises:
            MarkError: Grafana is away, or refuses.
        """
        url = f"{self._url}/{self._made.pop((mark.trial, mark.number))}"
        send(_WHO, "PATCH", url, json={"timeEnd": _milliseconds(at)}, headers=self._headers)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
