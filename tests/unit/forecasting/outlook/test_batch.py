"""Many series: in order, one bad one spoils nothing, and what went away is an error."""

import pytest

from faultcast.forecasting.outlook.batch import Crew, outlooks
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.forecasting.units import Unit
from faultcast.infra.errors import ConfigurationError, MetricSourceError

SUBJECTS = [Subject(f"m{i}", (), "gauge", "value", f"m{i}", Unit("")) for i in range(10)]


def name(subject: Subject) -> Refusal:
    return Refusal(subject.metric, "seen")


def bad(subject: Subject) -> Refusal:
    if subject.metric == "m3":
        message = "array must not contain infs or NaNs"
        raise ValueError(message)
    return name(subject)


def away(_subject: Subject) -> Refusal:
    message = "Prometheus does not answer"
    raise MetricSourceError(message, remedy="start it")


def test_results_come_in_order_by_batches() -> None:
    got = list(outlooks(SUBJECTS, name, Crew(), batch=4))
    assert [len(part) for part in got] == [4, 4, 2]
    assert [one.title for part in got for one in part if isinstance(one, Refusal)] == [
        s.metric for s in SUBJECTS
    ]


def test_one_that_no_model_can_take_is_refused_and_the_others_go_on() -> None:
    got = [one for part in outlooks(SUBJECTS, bad, Crew()) for one in part]
    reasons = [one.reason for one in got if isinstance(one, Refusal)]
    assert reasons[3] == "cannot be forecast: ValueError: array must not contain infs or NaNs"
    assert reasons.count("seen") == 9


def test_a_source_that_went_away_is_an_error() -> None:
    with pytest.raises(MetricSourceError, match="does not answer"):
        list(outlooks(SUBJECTS, away, Crew()))


@pytest.mark.parametrize("address", ["nonsense", "nonsense://x", "tcp://:x", "tcp://"])
def test_a_scheduler_that_is_none_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # a client that was begun in vain prints a traceback when the process ends
    monkeypatch.setattr("distributed.Client", lambda *_, **__: pytest.fail("a client was begun"))
    with pytest.raises(ConfigurationError, match=f"no Dask scheduler answers at {address}: ") as caught:
        list(outlooks(SUBJECTS, name, Crew(scheduler=address)))
    assert "dask scheduler" in caught.value.remedy
