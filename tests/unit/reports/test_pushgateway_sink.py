from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from faultcast.reports.sinks.pushgateway import VALUES, exposition
from faultcast.steady_state.verdict import Status
from tests.factories import INJECTED, make_record


@pytest.mark.parametrize("status", list(Status))
def test_marks_are_read_by_a_prometheus_parser(tmp_path: Path, status: Status) -> None:
    record = make_record(tmp_path, status)
    families = {family.name: family for family in text_string_to_metric_families(exposition(record))}
    (verdict,) = families["faultcast_verdict"].samples
    assert verdict.value == VALUES[status]
    assert verdict.labels["trial"] == record.history.trial
    (start,) = families["faultcast_fault_start_timestamp_seconds"].samples
    assert start.value == INJECTED.timestamp()
    assert start.labels["fault"] == "pod-delete"
    assert ("faultcast_p_value" in families) == (status is not Status.UNKNOWN)


def test_a_fault_that_never_ended_has_no_end(tmp_path: Path) -> None:
    record = make_record(tmp_path, Status.HELD)
    endless = tuple(replace(injection, ended=None) for injection in record.history.injections)
    text = exposition(replace(record, history=replace(record.history, injections=endless)))
    assert "faultcast_fault_start" in text
    assert "faultcast_fault_end" not in text


def test_labels_are_escaped(tmp_path: Path) -> None:
    record = make_record(tmp_path, Status.HELD)
    odd = 'a"b\\c\nd'
    text = exposition(replace(record, history=replace(record.history, trial=odd)))
    family = next(iter(text_string_to_metric_families(text)))
    assert family.samples[0].labels["trial"] == odd
