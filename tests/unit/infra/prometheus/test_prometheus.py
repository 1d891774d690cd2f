import math
import ssl
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from faultcast.forecasting.sources import PrometheusSource
from faultcast.infra.errors import ConfigurationError, MetricSourceError, QueryRefusedError
from faultcast.infra.prometheus.auth import PrometheusAuth, auth_of, separated
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.prometheus.series import first_sample, interval_of, named
from faultcast.infra.settings import load_settings
from tests.fakeprometheus import FakePrometheus, serving

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as serving_fake:
        yield serving_fake


@pytest.fixture
def client(fake: FakePrometheus) -> PrometheusClient:
    return PrometheusClient(fake.url + "/")


def test_an_instant_query_gives_labels_value_and_time(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.series["up"] = [({"job": "shop"}, lambda _: 1.0), ({"job": "db"}, lambda _: math.inf)]
    found = client.instant("up", START)
    assert [(one.labels, one.value, one.at) for one in found] == [
        ({"job": "shop"}, 1.0, START),
        ({"job": "db"}, math.inf, START),
    ]
    assert client.instant("scalar(x)")[0].value == 1.5
    assert client.instant("nothing") == []


def test_a_long_range_comes_in_parts_without_duplicates(
    client: PrometheusClient, fake: FakePrometheus
) -> None:
    fake.series["x"] = [({}, lambda at: at)]
    end = START + timedelta(seconds=25_000)
    found = client.range("x", START, end, 1.0)
    assert len(found) == 1
    assert list(found[0].samples) == [START.timestamp() + i for i in range(25_001)]
    assert len(fake.asked) == 3


def test_the_ends_of_a_range_are_not_rounded(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.series["x"] = [({}, lambda at: at)]
    start = START + timedelta(seconds=0.5)
    assert list(client.range("x", start, start, 1.0)[0].samples) == [start.timestamp()]


def test_several_series_stay_apart(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.series["up"] = [({"job": "a", "pod": "1"}, lambda _: 1.0), ({"job": "a", "pod": "2"}, lambda _: 0.0)]
    assert [one.labels["pod"] for one in client.range("up", START, START, 1.0)] == ["1", "2"]
    with pytest.raises(MetricSourceError, match="2 series, not one: up; they differ in pod") as caught:
        PrometheusSource(client).fetch("up", START, START, 1.0)
    assert "sum(up)" in caught.value.remedy


def test_what_is_infinite_or_nan_is_a_hole(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.series["x"] = [({}, lambda at: {0: 1.0, 1: math.inf, 2: math.nan}[int(at - START.timestamp())])]
    series = PrometheusSource(client).fetch("x", START, START + timedelta(seconds=2), 1.0)
    assert series.values.isna().tolist() == [False, True, True]
    assert series.holes.tolist() == ["", "not scraped", "not scraped"]


def test_a_refusal_carries_the_words_of_the_server(client: PrometheusClient) -> None:
    with pytest.raises(MetricSourceError, match=r"bad_data: parse error: unclosed \(") as caught:
        client.range("sum(", START, START, 1.0)
    assert caught.value.remedy == "correct the query"


def test_a_server_that_is_away_for_a_moment_is_asked_again(
    client: PrometheusClient, fake: FakePrometheus
) -> None:
    fake.failures = [503, 502]
    assert client.instant("nothing") == []
    assert len(fake.asked) == 3


def test_a_server_that_stays_away_is_an_error(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.failures = [503] * 9
    with pytest.raises(MetricSourceError, match="503"):
        client.instant("nothing")
    assert len(fake.asked) == 4


def test_nobody_there() -> None:
    with serving(FakePrometheus()) as gone:
        url = gone.url
    with pytest.raises(MetricSourceError, match=r"does not answer: .*refused") as caught:
        PrometheusClient(url).instant("up")
    assert url in caught.value.remedy


def test_an_answer_of_somebody_else(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.body = b"<html>login</html>"
    with pytest.raises(MetricSourceError):
        client.instant("up")
    fake.body = b"{}"
    with pytest.raises(MetricSourceError, match="is not Prometheus"):
        client.targets()


@pytest.mark.parametrize("url", ["", "prometheus:9090", "http://"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="not the URL") as caught:
        PrometheusClient(url)
    assert "--prometheus-url" in caught.value.remedy


@pytest.mark.parametrize(
    "url",
    [
        "me:Zq7xKandy@127.0.0.1:19741/plain",
        "http:me:Zq7xKandy@h",
        "http:/me:Zq7xKandy@h",
        "htp//me:Zq7xKandy@h",
        "http:\\\\me:Zq7xKandy@h/x",
        "//me:Zq7xKandy@h",
        "http://me:Zq7xKandy",
        "http://h..x:9/Zq7xKandy",
        "me:Zq7xKandy?query=up",
    ],
)
def test_what_is_no_url_is_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        PrometheusClient(url)
    assert "Zq7x" not in str(caught.value)


def test_metadata_alerts_and_targets(client: PrometheusClient) -> None:
    metadata = client.metadata("up")
    assert metadata is not None
    assert metadata.kind == "gauge"
    (alert,) = client.alerts()
    assert (alert.name, alert.state) == ("TargetDown", "firing")
    assert alert.since == datetime(2026, 3, 1, 0, 0, 10, 123456, tzinfo=UTC)
    targets = client.targets()
    assert [target.up for target in targets] == [True, False, True]
    assert targets[1].error == "connection refused"
    assert targets[2].interval == 90
    assert client.scrape_interval() == 2


@pytest.mark.parametrize("left_closed", [True, False], ids=["version 2", "version 3"])
def test_raw_samples_come_once_and_both_ends_are_there(
    client: PrometheusClient, fake: FakePrometheus, left_closed: bool
) -> None:
    fake.left_closed = left_closed
    times = [START.timestamp() - 0.001 + 0.001 * (i > 0) + 21_600 * i for i in range(13)]
    fake.raw["x"] = [({"a": "1"}, {at: float(i) for i, at in enumerate(times)}), ({"a": "2"}, {})]
    end = START + timedelta(days=3)
    (found,) = client.raw("x", START, end)
    assert found.labels == {"a": "1"}
    assert list(found.samples) == [START.timestamp() + 21_600 * i for i in range(1, 13)]
    assert len(fake.asked) == 3


def test_raw_samples_of_nothing_are_nothing(client: PrometheusClient) -> None:
    assert client.raw("x", START, START + timedelta(hours=1)) == []


def test_names_series_and_metadata(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.stored = [{"__name__": "b", "x": "2"}, {"__name__": "b", "x": "1"}, {"__name__": "a"}]
    fake.metadata["b"] = [
        {"type": "gauge", "help": "", "unit": ""},
        {"type": "counter", "help": "b", "unit": ""},
        {"type": "counter", "help": "b", "unit": ""},
    ]
    assert client.metrics() == ["a", "b"]
    assert [one.get("x", "") for one in client.series("{x=~'.*'}", START, START)] == ["", "1", "2"]
    assert client.all_metadata()["b"].kind == "counter"


def test_many_selectors_are_asked_for_in_parts(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.stored = [{"__name__": "a"}]
    assert client.series([f'{{__name__="{i:0>100}"}}' for i in range(200)], START, START) == fake.stored
    assert len(fake.asked) == 4


def test_a_query_that_is_refused_can_be_told_from_a_server_that_is_away(
    client: PrometheusClient, fake: FakePrometheus
) -> None:
    with pytest.raises(QueryRefusedError):
        client.instant("sum(")
    fake.failures = [500]
    with pytest.raises(MetricSourceError) as caught:
        client.instant("up")
    assert not isinstance(caught.value, QueryRefusedError)


SECRET = "p@ss/w%rd ü"


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        (PrometheusAuth(token="to.ken\n"), "Bearer to.ken"),
        (PrometheusAuth(user="me", password=SECRET), "Basic " + b64encode(f"me:{SECRET}".encode()).decode()),
    ],
)
def test_what_is_asked_for_is_sent(fake: FakePrometheus, auth: PrometheusAuth, header: str) -> None:
    fake.header = header
    assert PrometheusClient(fake.url, auth=auth).instant("nothing") == []


def test_user_and_password_of_the_url_are_sent_and_never_shown(fake: FakePrometheus) -> None:
    fake.header = "Basic " + b64encode(b"me:p@s:s/").decode()
    client = PrometheusClient(fake.url.replace("//", "//me:p%40s:s/@"))
    assert client.instant("nothing") == []
    assert client.url == fake.url
    fake.failures = [500]
    with pytest.raises(MetricSourceError) as caught:
        client.instant("nothing")
    assert "p@s" not in str(caught.value)
    with pytest.raises(ConfigurationError) as wrong:
        PrometheusClient("http://me:secret@")
    assert "secret" not in str(wrong.value)


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        (None, r"asks for a token or a password, and none was given \(HTTP 401\)"),
        (PrometheusAuth(token="wrong"), r"refuses the token \(HTTP 401\)"),
        (PrometheusAuth(user="me", password="wrong"), r"refuses the password \(HTTP 401\)"),
    ],
)
def test_a_wrong_secret_is_said_and_not_shown(
    fake: FakePrometheus, auth: PrometheusAuth | None, said: str
) -> None:
    fake.header = "Bearer right"
    with pytest.raises(MetricSourceError, match=said) as caught:
        PrometheusClient(fake.url, auth=auth).metrics()
    assert "wrong" not in str(caught.value)
    assert "FAULTCAST_PROMETHEUS_TOKEN" in caught.value.remedy
    assert len(fake.asked) == 1


def test_secrets_are_not_in_the_text_of_what_holds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTCAST_PROMETHEUS_USER", "me")
    monkeypatch.setenv("FAULTCAST_PROMETHEUS_PASSWORD", "secret")
    settings = load_settings()
    auth = auth_of(settings)
    assert auth == PrometheusAuth(user="me", password="secret")
    assert "secret" not in repr(settings) + str(settings) + repr(auth)


def test_without_settings_nothing_is_sent() -> None:
    assert auth_of(load_settings()) is None


def test_what_cannot_be_sent_is_refused_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="only one of them"):
        PrometheusAuth(token="t", user="me")
    with pytest.raises(ConfigurationError, match="no user"):
        PrometheusAuth(password="p")
    with pytest.raises(ConfigurationError, match="line ends") as caught:
        PrometheusAuth(token="sec\nret")
    assert "sec" not in caught.value.what
    with pytest.raises(ConfigurationError, match="no-such") as missing:
        PrometheusClient("https://x", auth=PrometheusAuth(ca_file=tmp_path / "no-such.pem"))
    assert "CA_FILE" in missing.value.remedy


def own_certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for loopback that nobody else signed, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prometheus")])
    now = datetime.now(UTC)
    loopback = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(1)
    )
    certificate = made.add_extension(loopback, critical=False).sign(key, hashes.SHA256())
    file = folder / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


def test_a_certificate_is_checked_as_was_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, context = own_certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    with serving(FakePrometheus(), context) as fake:
        for auth in (PrometheusAuth(ca_file=file), PrometheusAuth(insecure=True)):
            client = PrometheusClient(fake.url, auth=auth, patient=False)
            assert client.instant("nothing") == []
            assert client.alerts()
        with pytest.raises(MetricSourceError, match=r"certificate of Prometheus .* is not trusted") as caught:
            PrometheusClient(fake.url, patient=False).instant("nothing")
        assert "FAULTCAST_PROMETHEUS_CA_FILE" in caught.value.remedy


def test_another_way_in_counts_before_that_of_the_url(tmp_path: Path) -> None:
    checked = PrometheusAuth(ca_file=tmp_path / "ca.pem")
    assert separated("https://u:p@x", checked) == (
        "https://x",
        PrometheusAuth(user="u", password="p", ca_file=tmp_path / "ca.pem"),
    )
    assert separated("https://u:p@x", PrometheusAuth(token="t")) == ("https://x", PrometheusAuth(token="t"))
    assert separated("https://x", None) == ("https://x", None)


def test_the_interval_is_that_of_the_latest_samples(client: PrometheusClient, fake: FakePrometheus) -> None:
    end = START.timestamp()
    fake.raw["x"] = [({}, {end - 15.002 * i: 1.0 for i in range(400, -1, -1)})]
    fake.raw["slow"] = [({}, {end - 900.0 * i: 1.0 for i in range(9, -1, -1)})]
    assert interval_of(client, "x", START) == 15
    assert interval_of(client, "slow", START) == 900
    assert interval_of(client, "nothing", START) is None


@pytest.mark.parametrize("age", [30, 200, 4000, 2_000_000])
def test_the_first_sample_of_a_young_prometheus_is_found(
    client: PrometheusClient, fake: FakePrometheus, age: int
) -> None:
    born = START.timestamp() - age
    fake.series["x"] = [({}, lambda at: 1.0 if at >= born else None)]
    found = first_sample(client, "x", START - timedelta(weeks=5), START)
    assert found is not None
    assert 0 <= found.timestamp() - born <= 2
    assert first_sample(client, "nothing", START - timedelta(weeks=5), START) is None


def test_names_are_selected_as_they_are() -> None:
    assert named("a", "b:c") == '{__name__=~"a|b:c"}'
    assert named("odd.name") == '{__name__=~"odd\\\\.name"}'
