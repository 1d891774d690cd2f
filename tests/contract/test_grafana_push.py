"""Dashboards reach a Grafana whose API answers as it is documented, and its refusals are sentences."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.private import free_port
from faultcast.cli.main import app
from faultcast.infra.errors import ConfigurationError, FaultcastError
from faultcast.reports.grafana.adapting import LogStore
from faultcast.reports.grafana.committed import dashboards
from faultcast.reports.grafana.http import GrafanaHttp
from faultcast.reports.grafana.push import Pushed, push
from tests.contract.grafana import TOKEN, FakeGrafana, served

LOGIN = "<html><title>Sign in</title></html>"


@pytest.fixture
def grafana() -> FakeGrafana:
    return FakeGrafana()


@pytest.fixture
def url(grafana: FakeGrafana) -> Iterator[str]:
    with served(grafana) as url:
        yield url


def pushed(url: str, token: str = TOKEN, folder: str = "Faultcast", **options: Any) -> list[Pushed]:
    return push(GrafanaHttp(url, token), folder, options.pop("logs", LogStore.LOKI), **options)


def test_all_dashboards_are_in_the_folder_with_its_own_data_sources(grafana: FakeGrafana, url: str) -> None:
    done = pushed(url)
    assert [one.title for one in done] == [one["title"] for one in dashboards().values()]
    assert all(one.changed and one.url.startswith(f"{url}/d/faultcast-") for one in done)
    assert grafana.folders == {"f1": "Faultcast"}
    assert {folder for _, folder in grafana.saved.values()} == {"f1"}
    text = str(grafana.saved)
    assert "'uid': 'p1'" in text
    assert "'uid': 'm1'" in text
    assert "'uid': 'Prometheus'" not in text


def test_a_second_time_changes_nothing(grafana: FakeGrafana, url: str) -> None:
    pushed(url)
    grafana.asked.clear()
    assert not any(one.changed for one in pushed(url))
    assert grafana.written == []


def test_what_somebody_changed_is_written_again_and_nothing_else(grafana: FakeGrafana, url: str) -> None:
    pushed(url)
    grafana.saved["faultcast-trial"][0]["title"] = "Mine"
    assert [one.title for one in pushed(url) if one.changed] == ["Trial"]
    assert grafana.saved["faultcast-trial"][0]["title"] == "Trial"


def test_another_folder_moves_them_and_a_folder_that_is_there_is_used(grafana: FakeGrafana, url: str) -> None:
    grafana.folders["mine"] = "Team A"
    pushed(url)
    assert all(one.changed for one in pushed(url, folder="Team A"))
    assert {folder for _, folder in grafana.saved.values()} == {"mine"}


def test_data_sources_with_other_names_and_victorialogs(grafana: FakeGrafana, url: str) -> None:
    grafana.sources = {"thanos/eu": "t1", "VictoriaLogs": "v1", "MySQL": "m1"}
    pushed(url, logs=LogStore.VICTORIALOGS, names={"Prometheus": "thanos/eu"})
    text = str(grafana.saved)
    assert "'uid': 't1'" in text
    assert "{'type': 'victoriametrics-logs-datasource', 'uid': 'v1'}" in text
    assert "loki" not in str(grafana.saved["faultcast-logs"])


def test_a_missing_data_source_is_said_before_anything_is_written(grafana: FakeGrafana, url: str) -> None:
    del grafana.sources["Loki"]
    with pytest.raises(ConfigurationError, match="no data source 'Loki'") as caught:
        pushed(url)
    assert "--source Loki=NAME" in caught.value.remedy
    assert grafana.written == []


def answered(status: int, body: Any, **headers: str) -> tuple[int, Any, dict[str, str]]:
    return status, body, headers


@pytest.mark.parametrize(
    ("request_line", "answer", "words", "remedy"),
    [
        ("GET /api/health", answered(404, LOGIN), "is no Grafana: HTTP 404", "the path below which"),
        ("GET /api/health", answered(200, LOGIN), "is no Grafana: HTTP 200", "the path below which"),
        ("GET /api/health", answered(200, {"status": "up"}), "is no Grafana", "the path below which"),
        (
            "GET /api/health",
            answered(302, LOGIN, Location="https://sso.example/login?state=s3cret"),
            "leads to https://sso.example/login",
            "a proxy may ask for a login",
        ),
        (
            "GET /api/folders",
            answered(403, {"message": "You'll need additional permissions: folders:read"}),
            "may not do that in Grafana: You'll need",
            "role Editor",
        ),
        (
            "POST /api/folders",
            answered(500, {"message": "database is locked"}),
            "database is locked",
            "own log",
        ),
        (
            "POST /api/dashboards/db",
            answered(400, {"message": "Cannot save provisioned dashboard"}),
            "Cannot save provisioned dashboard",
            "faultcast grafana render",
        ),
        (
            "POST /api/dashboards/db",
            answered(412, {"message": "The dashboard belongs to plugin x", "status": "plugin-dashboard"}),
            "belongs to plugin x",
            "another --folder",
        ),
        ("POST /api/dashboards/db", answered(502, LOGIN), "is no Grafana: HTTP 502", "--url"),
    ],
)
def test_every_refusal_is_a_sentence_with_a_remedy(
    grafana: FakeGrafana, url: str, request_line: str, answer: Any, words: str, remedy: str
) -> None:
    grafana.answers[request_line] = answer
    with pytest.raises(FaultcastError) as caught:
        pushed(url)
    assert words in caught.value.what
    assert remedy in caught.value.remedy
    assert "s3cret" not in str(caught.value)


def test_a_wrong_token_is_said_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError, match="refuses the token: Invalid API key") as caught:
        pushed(url, token="glsa_another")
    assert "glsa_another" not in str(caught.value)


def test_nobody_answers() -> None:
    with pytest.raises(ConfigurationError, match=r"no Grafana answers at .*refused"):
        pushed(f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    "wrong", ["grafana.example", "ftp://grafana.example", "http://a:b@g.example", "http://g/?x=1"]
)
def test_what_is_no_url_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="no URL of a Grafana"):
        GrafanaHttp(wrong, TOKEN)


@pytest.mark.parametrize("wrong", ["", "two words", "tök"])
def test_what_is_no_token_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="holds no token") as caught:
        GrafanaHttp("http://grafana.example", wrong)
    assert "wo words" not in str(caught.value)


def test_the_command(grafana: FakeGrafana, url: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    words = ["grafana", "push", "--url", f"{url}/", "--token-file", str(token), "--folder", "Ours"]
    first, second = (CliRunner().invoke(app, words) for _ in range(2))
    assert first.exit_code == second.exit_code == 0
    assert first.output.count("written: ") == second.output.count("unchanged: ") == len(dashboards())
    assert TOKEN not in first.output
    assert list(grafana.folders.values()) == ["Ours"]


def test_the_command_refuses_what_it_cannot_use(url: str, tmp_path: Path) -> None:
    words = ["grafana", "push", "--url", url, "--token-file", str(tmp_path / "none")]
    with pytest.raises(ConfigurationError, match="token cannot be read"):
        CliRunner().invoke(app, words, catch_exceptions=False)
    with pytest.raises(ConfigurationError, match="no data source 'Tempo'"):
        CliRunner().invoke(app, [*words, "--source", "Tempo=x"], catch_exceptions=False)


def test_the_files_for_a_grafana_that_starts(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["grafana", "render", "--output", str(tmp_path / "out"), "--logs", "victorialogs"]
    )
    assert done.exit_code == 0
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    assert files == {f"dashboards/{uid}.json" for uid in dashboards()} | {
        "provisioning/dashboards/faultcast.yaml",
        "provisioning/datasources/faultcast.yaml",
    }
    from faultcast.infra.yamltext import load_yaml_documents

    (sources,) = load_yaml_documents((tmp_path / "out/provisioning/datasources/faultcast.yaml").read_text())
    assert [one["uid"] for one in sources["datasources"]] == ["Prometheus", "VictoriaLogs", "MySQL"]
    assert sources["datasources"][2]["secureJsonData"] == {"password": "$MYSQL_PASSWORD"}
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(ConfigurationError, match="cannot write to"):
        CliRunner().invoke(app, ["grafana", "render", "--output", str(in_the_way)], catch_exceptions=False)
