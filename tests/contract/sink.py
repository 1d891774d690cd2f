"""What every sink owes; run against each of them here, and against real servers in tests/integration."""

from collections.abc import Callable

import pytest

from faultcast.infra.errors import SinkError
from faultcast.reports.record import Sink, TrialRecord
from tests.factories import make_run

__all__ = ["check_failure", "check_publishing"]


def check_publishing(sink: Sink, record: TrialRecord, published: Callable[[], object]) -> None:
    """A whole run goes through, and the same trial again changes nothing.

    Args:
        sink: The sink.
        record: A trial.
        published: What has arrived, in a form that can be compared.
    """
    assert sink.name
    assert sink.name == sink.name.lower()
    sink.open_run(make_run())
    sink.publish(record)
    once = published()
    sink.publish(record)
    assert published() == once
    sink.close_run(make_run())


def check_failure(sink: Sink, record: TrialRecord, *, secret: str) -> None:
    """A failure is a `SinkError` with a way on, and tells no secret.

    Args:
        sink: A sink that cannot publish.
        record: A trial.
        secret: A password it knows.
    """
    with pytest.raises(SinkError) as error:
        sink.publish(record)
    _says_why(error.value, secret)
    for act in (sink.open_run, sink.close_run):  # most do nothing here, which cannot fail
        try:
            act(make_run())
        except SinkError as also:
            _says_why(also, secret)


def _says_why(error: SinkError, secret: str) -> None:
    assert error.remedy
    assert secret not in f"{error!s} {error!r}"
