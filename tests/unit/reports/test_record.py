import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from faultcast.infra.errors import SinkError
from faultcast.reports.record import (
    RunRecord,
    TrialRecord,
    close_all,
    new_run_id,
    open_all,
    publish_all,
)
from faultcast.steady_state.verdict import Status
from tests.factories import make_record, make_run


class Silent:
    """Publishes nothing."""

    name = "silent"

    def open_run(self, run: RunRecord) -> None: ...

    def publish(self, record: TrialRecord) -> None: ...

    def close_run(self, run: RunRecord) -> None: ...


class Recorder(Silent):
    name = "recorder"

    def __init__(self) -> None:
        self.seen: list[str] = []

    def open_run(self, run: RunRecord) -> None:
        self.seen.append(f"open {run.run}")

    def publish(self, record: TrialRecord) -> None:
        self.seen.append(record.history.trial)

    def close_run(self, run: RunRecord) -> None:
        self.seen.append(f"close {run.run}")


class Refusing(Silent):
    name = "refusing"

    def publish(self, record: TrialRecord) -> None:
        message = "the server is away"
        raise SinkError(message, remedy="faultcast results replay")


class Defective(Silent):
    name = "defective"

    def publish(self, record: TrialRecord) -> None:
        raise KeyError("oops")


def test_a_failing_sink_stops_no_other_and_says_what_to_do(tmp_path: Path) -> None:
    last = Recorder()
    record = make_record(tmp_path, Status.HELD)
    sentences = publish_all([Refusing(), Defective(), Silent(), last], record)
    assert last.seen == [record.history.trial]
    assert sentences[0] == "refusing: the server is away\n  what to do: faultcast results replay"
    assert sentences[1].startswith("defective: a defect of this sink: KeyError")
    assert len(sentences) == 2


def test_a_run_is_announced_and_closed_everywhere() -> None:
    sinks = [Recorder(), Recorder()]
    run = make_run()
    assert open_all(sinks, run) + close_all(sinks, run) == []
    assert [sink.seen for sink in sinks] == [[f"open {run.run}", f"close {run.run}"]] * 2


def test_run_ids_have_the_promised_form_and_differ() -> None:
    now = datetime(2026, 11, 25, 3, 2, 3, tzinfo=timezone(timedelta(hours=2)))
    ids = {new_run_id(now) for _ in range(50)}
    assert len(ids) == 50
    assert all(re.fullmatch(r"20261125T010203Z-[0-9a-f]{6}", run) for run in ids)


@given(
    st.integers(0, 4 * 10**9),
    st.integers(1, 10**7),
)
def test_run_ids_sort_by_time(epoch: int, seconds: int) -> None:
    moment = datetime.fromtimestamp(epoch, UTC)
    assert new_run_id(moment) < new_run_id(moment + timedelta(seconds=seconds))
