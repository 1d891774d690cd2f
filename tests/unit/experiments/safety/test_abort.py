import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from pydantic import ValidationError
from urllib3.exceptions import LocationParseError

from faultcast.experiments.document.extension import AbortCondition
from faultcast.experiments.resources.access import Reading
from faultcast.experiments.safety.abort import AbortWatch
from tests.fakekube import FakeClock

NOTHING = Reading(None, "no series")
NAN = Reading(None, "NaN")
TWO = Reading(None, "2 series", lasting=True)
TEXT = Reading(None, "a text", lasting=True)
AWAY = Reading(None, "no answer: Prometheus does not answer")


class FakeMeter:
    """Gives what it was told, and notes who asked."""

    def __init__(self, **values: float | Reading | None) -> None:
        self.values = values
        self.asked: list[str] = []
        self.on_ask: Callable[[], None] = lambda: None

    def read(self, query: str) -> Reading:
        self.asked.append(query)
        self.on_ask()
        given = self.values[query]
        if isinstance(given, Reading):
            return given
        return NOTHING if given is None else Reading(given)

    def value(self, query: str) -> float | None:
        return self.read(query).number


P95 = AbortCondition(query="p95", above=2)
UP = AbortCondition(query="up", below=0.5, reason="half of the shop is gone")
HEALTH = AbortCondition(url="http://shop/health", timeout=0.5)


def _watch(meter: FakeMeter, *conditions: AbortCondition, **how: Any) -> tuple[AbortWatch, FakeClock]:
    clock = FakeClock()
    return AbortWatch(conditions, meter, clock=clock, **how), clock


def _passing(watch: AbortWatch, clock: FakeClock, seconds: float) -> Iterator[str | None]:
    """What the watch says every half second."""
    end = clock.now + seconds
    while clock.now < end:
        yield watch.check()
        clock.sleep(0.5)


def test_without_conditions_nothing_is_asked() -> None:
    meter = FakeMeter()
    watch, clock = _watch(meter)
    assert set(_passing(watch, clock, 20)) == {None}
    assert meter.asked == []


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"p95": 3.2, "up": 1.0}, "p95 is 3.2, above 2"),
        ({"p95": 2.0, "up": 0.5}, None),
        ({"p95": 1.0, "up": 0.25}, "half of the shop is gone: up is 0.25, below 0.5"),
        ({"p95": math.inf, "up": 1.0}, "p95 is inf, above 2"),
    ],
)
def test_a_value_beyond_its_limit_aborts_with_a_sentence(
    values: dict[str, float], sentence: str | None
) -> None:
    watch, _ = _watch(FakeMeter(**values), P95, UP)
    assert watch.check() == sentence


def test_conditions_are_asked_every_two_seconds_at_most() -> None:
    meter = FakeMeter(p95=1.0)
    watch, clock = _watch(meter, P95)
    assert set(_passing(watch, clock, 10)) == {None}
    assert len(meter.asked) == 5


def test_a_change_is_seen_at_the_next_poll_and_stays_a_reason() -> None:
    meter = FakeMeter(p95=1.0)
    watch, clock = _watch(meter, P95)
    assert watch.check() is None
    meter.values["p95"] = 5.0
    said = list(_passing(watch, clock, 3))
    assert said[:4] == [None] * 4
    assert said[4] == "p95 is 5, above 2"
    meter.values["p95"] = 1.0
    clock.sleep(10)
    assert watch.check() == "p95 is 5, above 2"
    assert len(meter.asked) == 2


@pytest.mark.parametrize(
    ("gave", "words"),
    [
        (NOTHING, "no series"),
        (NAN, "NaN"),
        (AWAY, "no answer: Prometheus does not answer"),
        (Reading(-math.inf), "-inf"),
    ],
)
def test_a_query_without_a_number_for_ten_seconds_aborts_and_says_what_it_gave(
    gave: Reading, words: str
) -> None:
    watch, clock = _watch(FakeMeter(p95=gave), P95)
    said = list(_passing(watch, clock, 10))
    assert set(said) == {None}
    assert watch.check() == f"p95 gave {words} for 10 s, so nobody can tell whether to abort"


@pytest.mark.parametrize("gave", [TWO, TEXT])
def test_a_query_that_comes_to_give_several_series_or_a_text_aborts_at_once(gave: Reading) -> None:
    meter = FakeMeter(p95=1.0)
    watch, clock = _watch(meter, P95)
    assert watch.check() is None
    meter.values["p95"] = gave
    clock.sleep(2)
    said = f"p95 gives {gave.instead} and no longer one number, so nobody can tell whether to abort"
    assert watch.check() == said


def test_a_short_gap_between_numbers_does_not_abort() -> None:
    meter = FakeMeter(p95=None)
    watch, clock = _watch(meter, P95)
    for number in (None, 1.0) * 3:
        meter.values["p95"] = number
        assert set(_passing(watch, clock, 8)) == {None}


def test_the_time_that_asking_itself_takes_counts() -> None:
    meter = FakeMeter(p95=None)
    watch, clock = _watch(meter, P95)
    meter.on_ask = lambda: clock.sleep(12.0)
    assert watch.check() == "p95 gave no series for 12 s, so nobody can tell whether to abort"


@pytest.mark.parametrize(
    ("status", "sentence"), [(200, None), (503, "http://shop/health answered 503, not 200")]
)
def test_a_url_with_another_status_aborts(status: int, sentence: str | None) -> None:
    asked: list[tuple[str, float]] = []

    def http(url: str, timeout: float) -> int:
        asked.append((url, timeout))
        return status

    watch, _ = _watch(FakeMeter(), HEALTH, http=http)
    assert watch.check() == sentence
    assert asked == [("http://shop/health", 0.5)]


def test_a_url_without_an_answer_in_time_aborts_at_once() -> None:
    def http(url: str, timeout: float) -> int:
        raise requests.ReadTimeout

    watch, _ = _watch(FakeMeter(), HEALTH, http=http)
    assert watch.check() == "http://shop/health gave no answer within 0.5 s (ReadTimeout)"


def test_what_is_secret_in_a_url_is_not_in_the_reason() -> None:
    condition = AbortCondition(url="http://me:geheim@shop/health?pwd=Zq7x#tok", status=200, timeout="500ms")
    watch, _ = _watch(FakeMeter(), condition, http=lambda *_: 503)
    assert watch.check() == "http://shop/health answered 503, not 200"


def test_a_long_query_is_shortened() -> None:
    query = "x" * 200
    watch, _ = _watch(FakeMeter(**{query: 3.0}), AbortCondition(query=query, above=2))
    sentence = watch.check()
    assert sentence is not None
    assert sentence.endswith("x… is 3, above 2")
    assert len(sentence) < 100


def test_a_second_thread_does_not_wait_for_a_slow_poll() -> None:
    asking, go_on = threading.Event(), threading.Event()
    meter = FakeMeter(p95=3.0)

    def slowly() -> None:
        asking.set()
        assert go_on.wait(10)

    meter.on_ask = slowly
    watch, _ = _watch(meter, P95)
    thread = threading.Thread(target=watch.check)
    thread.start()
    assert asking.wait(10)
    assert watch.check() is None
    go_on.set()
    thread.join(10)
    assert watch.check() == "p95 is 3, above 2"
    assert meter.asked == ["p95"]


@pytest.mark.parametrize(
    "error", [LocationParseError("a..b"), ValueError("no host"), UnicodeError("label too long")]
)
def test_a_url_that_cannot_be_asked_aborts_and_crashes_nothing(error: Exception) -> None:
    def http(url: str, timeout: float) -> int:
        raise error

    watch, _ = _watch(FakeMeter(), HEALTH, http=http)
    assert watch.check() == f"http://shop/health gave no answer within 0.5 s ({type(error).__name__})"


def test_all_conditions_are_asked_side_by_side() -> None:
    together = threading.Barrier(20, timeout=10)

    def http(url: str, timeout: float) -> int:
        together.wait()
        return 503 if url.endswith("/7") else 200

    conditions = [AbortCondition(url=f"http://shop/{number}", timeout=10) for number in range(20)]
    watch, _ = _watch(FakeMeter(), *conditions, http=http)
    assert watch.check() == "http://shop/7 answered 503, not 200"


def test_whoever_checks_waits_no_longer_than_they_want_to() -> None:
    go_on, answered = threading.Event(), threading.Event()

    def http(url: str, timeout: float) -> int:
        assert go_on.wait(10)
        answered.set()
        return 503

    watch, clock = _watch(FakeMeter(), AbortCondition(url="http://shop/health", timeout=10), http=http)
    assert watch.check(patience=0.0) is None
    clock.sleep(60)
    assert watch.check(patience=0.0) is None
    go_on.set()
    assert answered.wait(10)
    reasons = (watch.check() for _ in range(1_000_000))
    assert next(filter(None, reasons)) == "http://shop/health answered 503, not 200"


def test_what_went_wrong_with_a_query_is_raised_where_it_is_checked() -> None:
    meter = FakeMeter()
    watch, _ = _watch(meter, P95)
    with pytest.raises(KeyError, match="p95"):
        watch.check()


@pytest.mark.parametrize(
    "url",
    [
        "http://a..b/",
        "http://[::1",
        "http://x:99999/",
        "http://x:0/",
        "http://x:port/",
        f"http://{'a' * 70}.example/",
        "http://*.example/",
        "http://a b/",
        "http://a%zz/",
    ],
)
def test_a_url_that_nobody_can_ask_is_no_condition(url: str) -> None:
    with pytest.raises(ValidationError):
        AbortCondition(url=url)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop/",
        "https://u:p@shop.example:8443/health?a=b",
        "http://[::1]:80/",
        "http://192.0.2.1",
        "http://a_b/ü",
    ],
)
def test_a_url_that_can_be_asked_is_a_condition(url: str) -> None:
    assert AbortCondition(url=url).url == url
