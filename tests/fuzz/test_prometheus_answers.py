"""Whatever answers in Prometheus' place: data, or one of our own errors, and nothing else."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import requests
from hypothesis import strategies as st
from requests.adapters import BaseAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from faultcast.forecasting.sources import PrometheusSource
from faultcast.infra.errors import FaultcastError
from faultcast.infra.prometheus.alerts import alert_spans
from faultcast.infra.prometheus.auth import PrometheusAuth
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.prometheus.promql import selectors
from faultcast.infra.prometheus.series import alive, first_sample, step_of
from tests.fuzz.budget import fuzz

END = datetime(2026, 3, 1, tzinfo=UTC)
START = END - timedelta(seconds=30)
AT = START.timestamp()
HISTOGRAM = {"count": "60", "sum": "33.4", "buckets": [[0, "0.5", "1", "30"], [0, "1", "2", "30"]]}

ASKED: list[Callable[[PrometheusClient], Any]] = [
    lambda client: client.instant("up"),
    lambda client: client.range("up", START, END, 1.0),
    lambda client: client.raw("up", START, END),
    lambda client: client.series("up", START, END),
    lambda client: client.metrics(),
    lambda client: client.all_metadata(),
    lambda client: client.metadata("up"),
    lambda client: client.alerts(),
    lambda client: client.targets(),
    lambda client: client.scrape_interval(),
    lambda client: alive(client, ["up"], timedelta(minutes=1), END),
    lambda client: first_sample(client, "up", START, END),
    lambda client: step_of(client, ["sum(rate(up[1m]))"], END),
    lambda client: alert_spans(client, START, END, 1.0),
    lambda client: PrometheusSource(client).fetch("up", START, END, 1.0).values,
]

numbers = st.one_of(
    st.sampled_from(["1", "NaN", "+Inf", "-Inf", "Inf", "1e400", "-0", "0x1", "", " 1 ", "1_0", "٣", "1,5"]),
    st.floats(),
    st.integers(),
    st.text(max_size=4),
    st.none(),
    st.booleans(),
)
moments = st.one_of(st.integers(0, 40).map(lambda i: AT + i), st.just(str(AT)), numbers)
points = st.one_of(st.tuples(moments, numbers).map(list), st.lists(numbers, max_size=3), st.none())
labels = st.one_of(
    st.dictionaries(
        st.sampled_from(["__name__", "pod", "alertname", "alertstate", ""]), st.text(max_size=3) | numbers
    ),
    st.none(),
)
series = st.fixed_dictionaries(
    {},
    optional={
        "metric": labels,
        "value": points,
        "values": st.lists(points, max_size=5) | st.none(),
        "histogram": st.just([AT, HISTOGRAM]) | st.none(),
        "histograms": st.just([[AT, HISTOGRAM]]) | st.none() | numbers,
    },
)
results = st.fixed_dictionaries(
    {},
    optional={
        "resultType": st.sampled_from(["matrix", "vector", "scalar", "string", "other", None, 1]),
        "result": st.one_of(st.lists(series, max_size=3), points, st.none(), numbers),
    },
)
times = st.sampled_from(
    [
        "2026-03-01T00:00:10.123456789Z",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-09:00",
        "",
        None,
        "now",
        7,
    ]
)
targets = st.fixed_dictionaries(
    {},
    optional={
        "labels": labels,
        "scrapeUrl": st.none() | st.just("http://x"),
        "health": st.sampled_from(["up", None, 1]),
        "lastError": st.none() | st.text(max_size=3),
        "scrapeInterval": st.sampled_from(["5s", "1m0s", "0s", "", None, "soon", 5, "-1s"]),
        "lastScrape": times,
    },
)
alerts = st.fixed_dictionaries(
    {}, optional={"labels": labels, "state": st.sampled_from(["firing", None, 3]), "activeAt": times}
)
lists = st.fixed_dictionaries(
    {},
    optional={
        "activeTargets": st.lists(targets, max_size=3) | st.none() | numbers,
        "alerts": st.lists(alerts, max_size=3) | st.none() | numbers,
    },
)
said = st.fixed_dictionaries({}, optional={"type": numbers, "unit": numbers, "help": numbers})
metadata = st.dictionaries(st.sampled_from(["up", "down"]), st.lists(said, max_size=2) | st.none() | numbers)
json_values = st.recursive(
    numbers,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)
datas = st.one_of(
    results,
    lists,
    metadata,
    st.lists(labels, max_size=3),
    st.lists(st.text(max_size=4), max_size=3),
    json_values,
)
envelopes = st.fixed_dictionaries(
    {"status": st.sampled_from(["success", "success", "success", "error", None, 5])},
    optional={
        "data": datas,
        "errorType": st.sampled_from(["bad_data", None, 4]),
        "error": st.text(max_size=5) | st.none() | numbers,
        "warnings": st.none() | st.lists(st.sampled_from(["No StoreAPIs", "PromQL info: x"])) | numbers,
        "isPartial": st.booleans() | numbers,
    },
)
whole = st.one_of(envelopes, envelopes, envelopes, json_values).map(lambda value: json.dumps(value).encode())
seeds = st.sampled_from(
    [
        b"", b"<!doctype html><title>Sign in</title>", b"<html>", b"\xff\xfe", b"null", b"[]", b"{}", b"NaN",
        b'{"status":"success","data":{"resultType":"matrix","result":null}}', b"[" * 5000, b'"\\ud800"',
        b'{"status":"success","data":{"activeTargets":null}}', b"404 page not found\n", b"\x1f\x8b\x08\x00",
    ]
)  # fmt: skip


@st.composite
def cut(draw: st.DrawFn) -> bytes:
    """An answer that ends too early, or is broken somewhere."""
    body = draw(whole)
    at = draw(st.integers(0, len(body)))
    return body[:at] + draw(st.binary(max_size=2)) + (body[at + 1 :] if draw(st.booleans()) else b"")


bodies = st.one_of(whole, whole, cut(), seeds, st.binary(max_size=40))
headers = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(["application/json", "text/html", "x"]),
        "Content-Encoding": st.sampled_from(["gzip", "identity", "x"]),
        "Location": st.sampled_from(
            ["/login", "http://[", "https://elsewhere.example/", "//x", "", "http://x:99999/"]
        ),
        "X-Server-Hostname": st.just("vm"),
    },
)
statuses = st.sampled_from(
    [200, 200, 200, 200, 204, 206, 301, 302, 304, 400, 401, 403, 404, 422, 429, 500, 503]
)


class Stub(BaseAdapter):
    """Answers every request with the next of some answers."""

    def __init__(self, found: list[tuple[int, dict[str, str], bytes]]) -> None:
        super().__init__()
        self.found, self.asked = found, 0

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        status, sent, body = self.found[self.asked % len(self.found)]
        self.asked += 1
        response = requests.Response()
        response.status_code, response.url, response.request = status, request.url or "", request
        response.headers.update(sent)
        response.raw = HTTPResponse(
            BytesIO(body), HTTPHeaderDict(sent), status, preload_content=False, decode_content=True
        )
        response.reason = "because"
        return response

    def close(self) -> None:
        pass


def client_of(found: list[tuple[int, dict[str, str], bytes]]) -> PrometheusClient:
    client = PrometheusClient("http://prom.example", patient=False)
    session = client._http._session
    session.adapters.clear()
    session.mount("http://", Stub(found))
    session.mount("https://", Stub(found))
    return client


def check(given: tuple[Callable[[PrometheusClient], Any], list[tuple[int, dict[str, str], bytes]]]) -> None:
    ask, found = given
    try:
        ask(client_of(found))
    except FaultcastError as error:
        refused = error
    else:
        return
    assert len(refused.what) < 1000
    assert refused.remedy


def test_only_our_own_errors_come_out_of_an_answer() -> None:
    answers = st.lists(st.tuples(statuses, headers, bodies), min_size=1, max_size=3)
    fuzz(st.tuples(st.sampled_from(ASKED), answers), check)


def url_check(given: tuple[str, str]) -> None:
    url, query = given
    selectors(query)
    try:
        client = PrometheusClient(url, patient=False, auth=PrometheusAuth(user="canary", password="canary"))
        session = client._http._session
        session.adapters.clear()
        session.mount("", Stub([(200, {}, b'{"status":"success","data":{"result":[]}}')]))
        client.instant(query)
    except FaultcastError as error:
        said = str(error)
    else:
        return
    assert "canary" not in said


def test_only_our_own_errors_come_out_of_a_url() -> None:
    parts = st.sampled_from(
        [
            "http://", "https://", "HTTP://", "u:p@", "p/w@", "@", "host", "[::1]", "[", ":9090", ":x", ":0",
            "/", "?", "#", "a=b", "query=1", "%zz", "\n", " ", "ü", "\ud800", "..", "\\",
        ]
    )  # fmt: skip
    urls = st.lists(parts, max_size=8).map("".join) | st.text(max_size=20)
    fuzz(st.tuples(urls, st.text(max_size=20)), url_check)
