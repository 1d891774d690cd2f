"""Address and access of a Prometheus travel together, to that Prometheus and to nobody else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from faultcast.infra.errors import ConfigurationError, MetricSourceError
from faultcast.infra.prometheus.access import PrometheusAccess, prometheus_access
from faultcast.infra.prometheus.auth import PrometheusAuth, headers_of, separated
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.settings import load_settings
from tests.fakeprometheus import FakePrometheus, serving

ROOT = Path(__file__).parents[4]


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as serving_fake:
        yield serving_fake


@pytest.fixture
def other() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as serving_fake:
        yield serving_fake


def test_a_client_is_made_in_one_place_only() -> None:
    """Whoever made one from a bare URL would forget the token."""
    folders = (
        "infra",
        "experiments",
        "forecasting",
        "steady_state",
        "reports",
        "service",
        "fixtures",
        "cli",
        "bench",
    )
    made = [
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in ("PrometheusClient", "PrometheusHttp")
    ]
    assert sorted(made) == ["infra/prometheus/access.py", "infra/prometheus/client.py"]


def test_its_text_is_its_plain_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTCAST_PROMETHEUS_HEADERS", "X-Scope-OrgID: canary-header")
    url = "https://me:canary-word@prom.example/base/?token=canary-part#graph"
    access = prometheus_access(url, load_settings())
    assert access is not None
    assert str(access) == "https://prom.example/base"
    assert "canary" not in repr(access) + str(access) + repr(access.auth)


def test_the_settings_are_used_for_what_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTCAST_PROMETHEUS_TOKEN", "t")
    assert prometheus_access("http://x", load_settings()) == PrometheusAccess(
        "http://x", PrometheusAuth(token="t")
    )
    assert prometheus_access(" ", load_settings()) is None


def test_parameters_of_the_url_go_with_every_request(fake: FakePrometheus) -> None:
    access = prometheus_access(f"{fake.url}/?tenant=a%20b&dedup=", load_settings())
    assert access is not None
    client = access.client()
    client.instant("nothing")
    client.targets()
    client.metrics()
    assert [asked["tenant"] for _, asked in fake.asked] == ["a b"] * 3
    assert str(access) == client.url == fake.url


@pytest.mark.parametrize("url", ["http://x/graph?g0.expr=up", "http://x?query=up", "http://x/?time=1"])
def test_parameters_of_a_question_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="part of a question") as caught:
        prometheus_access(url, load_settings())
    assert "base URL" in caught.value.remedy


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://prom:9090/?email=a@b", "http://prom:9090"),
        ("https://[::1]:9090/x?to=a@b", "https://[::1]:9090/x"),
        ("http://u:p?ss@prom", "http://prom"),
        ("http://u:p@prom?email=a@b", "http://prom"),
    ],
)
def test_an_at_sign_of_a_parameter_changes_no_host(url: str, plain: str) -> None:
    assert separated(url, None)[0] == plain


def test_headers_are_sent(fake: FakePrometheus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTCAST_PROMETHEUS_HEADERS", "X-Scope-OrgID: team-a\nX-Other: b: c\n")
    access = prometheus_access(fake.url, load_settings())
    assert access is not None
    access.client().instant("nothing")
    assert (fake.headers[-1]["X-Scope-OrgID"], fake.headers[-1]["X-Other"]) == ("team-a", "b: c")


@pytest.mark.parametrize("text", ["no colon", "ok: 1\nbad name: 2", ": empty", "x: \x01"])
def test_what_is_no_header_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no header") as caught:
        headers_of(text)
    assert "bad name" not in str(caught.value)


AUTH = PrometheusAuth(token="canary", headers=(("X-Scope-OrgID", "canary"),), parameters=(("key", "canary"),))


def test_another_host_is_never_followed_and_gets_nothing(fake: FakePrometheus, other: FakePrometheus) -> None:
    fake.location = f"{other.url.replace('127.0.0.1', 'localhost')}/login?from=prometheus"
    with pytest.raises(MetricSourceError, match="sends us on to http://localhost") as caught:
        PrometheusClient(fake.url, auth=AUTH, patient=False).instant("up")
    assert other.headers == []
    assert "FAULTCAST_PROMETHEUS_TOKEN" in caught.value.remedy


def test_another_port_is_another_host(fake: FakePrometheus, other: FakePrometheus) -> None:
    fake.location = f"{other.url}/api/v1/query"
    with pytest.raises(MetricSourceError, match="sends us on"):
        PrometheusClient(fake.url, auth=AUTH, patient=False).instant("up")
    assert other.headers == []


@pytest.mark.parametrize(
    "location", ["http://[", "ftp://127.0.0.1/x", "javascript:alert(1)", "file:///etc/passwd"]
)
def test_addresses_that_lead_nowhere_are_said(fake: FakePrometheus, location: str) -> None:
    fake.location = location
    with pytest.raises(MetricSourceError, match="sends us on to") as caught:
        PrometheusClient(fake.url, patient=False).instant("up")
    assert "None" not in str(caught.value)


def test_a_circle_ends(fake: FakePrometheus) -> None:
    fake.location = "/api/v1/query"
    with pytest.raises(MetricSourceError, match="does not answer"):
        PrometheusClient(fake.url, patient=False).instant("up")


def test_victoriametrics_is_asked_for_what_was_measured(fake: FakePrometheus) -> None:
    """Otherwise it answers the last half minute with one value, which looks like a steady state."""
    fake.marks = {"X-Server-Hostname": "vm-0"}
    client = PrometheusClient(f"{fake.url}?latency_offset=2s", patient=False)
    client.targets()
    client.instant("up")
    assert "nocache" not in fake.asked[0][1]
    assert {"nocache": "1", "latency_offset": "2s"}.items() <= fake.asked[1][1].items()
    plain = PrometheusClient(fake.url, patient=False)
    plain.targets()
    plain.instant("up")
    assert fake.asked[-1][1]["latency_offset"] == "1ms"
