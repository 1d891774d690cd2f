from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from faultcast.infra.errors import SinkError
from faultcast.reports.sinks.pushgateway import PushgatewaySink
from faultcast.steady_state.verdict import Status
from tests.contract.sink import check_publishing
from tests.factories import make_record

pytestmark = pytest.mark.integration


def verdicts(url: str) -> dict[str, float]:
    text = requests.get(f"{url}/metrics", timeout=5.0).text
    return {
        sample.labels["experiment"]: sample.value
        for family in text_string_to_metric_families(text)
        if family.name == "faultcast_verdict"
        for sample in family.samples
    }


def test_marks_arrive_replace_their_own_and_touch_nobody_elses(pushgateway: str, tmp_path: Path) -> None:
    requests.put(f"{pushgateway}/metrics/job/other", data="theirs 1\n", timeout=5.0).raise_for_status()
    sink = PushgatewaySink(pushgateway)
    for status in (Status.HELD, Status.DEVIATED, Status.DEVIATED):
        sink.publish(make_record(tmp_path / status, status))
    sink.publish(make_record(tmp_path / "again", Status.DEVIATED, trial="a-later-trial"))
    assert verdicts(pushgateway) == {"gateway-pod-delete": 0.0, "store-pod-delete": 2.0}
    text = requests.get(f"{pushgateway}/metrics", timeout=5.0).text
    assert "theirs{" in text
    assert text.count('trial="a-later-trial"') == 4


def test_a_refusal_is_an_error_that_quotes_it(pushgateway: str, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="refused: 404"):
        PushgatewaySink(f"{pushgateway}/elsewhere").publish(make_record(tmp_path, Status.HELD))


def test_it_keeps_the_promises_of_every_sink(pushgateway: str, tmp_path: Path) -> None:
    record = make_record(tmp_path, Status.HELD)
    check_publishing(PushgatewaySink(pushgateway), record, lambda: verdicts(pushgateway))
