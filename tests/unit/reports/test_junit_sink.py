from dataclasses import replace
from pathlib import Path

from faultcast.reports.sinks.junit import properties
from faultcast.steady_state.verdict import Status
from tests.factories import make_record


def test_properties_tell_verdict_p_run_and_trial(tmp_path: Path) -> None:
    record = make_record(tmp_path, Status.DEVIATED)
    found = dict(properties(record))
    assert found["faultcast.verdict"] == "DEVIATED"
    assert found["faultcast.p"] == "0.0004"
    assert found["faultcast.worst_metric"] == "order_rate"
    assert found["faultcast.run"] == record.history.run
    assert found["faultcast.trial"] == record.history.trial
    assert found["faultcast.recovery_seconds"] == "20.000"
    assert found["faultcast.known_weakness"] == "the store has one replica on purpose"


def test_a_known_blindness_is_a_property(tmp_path: Path) -> None:
    record = make_record(tmp_path, Status.UNKNOWN)
    blind = replace(record, history=replace(record.history, known_blindness="monitoring is broken"))
    assert dict(properties(blind))["faultcast.known_blindness"] == "monitoring is broken"


def test_what_is_not_known_is_empty_not_zero(tmp_path: Path) -> None:
    found = dict(properties(make_record(tmp_path, Status.UNKNOWN)))
    assert (found["faultcast.p"], found["faultcast.recovery_seconds"]) == ("", "")
    assert found["faultcast.verdict"] == "UNKNOWN"
