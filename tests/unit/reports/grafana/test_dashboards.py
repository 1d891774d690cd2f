"""The committed dashboards: in step with their source, and whole."""

import re
from itertools import combinations
from typing import Any

import pytest

from faultcast.reports.grafana.adapting import LogStore, adapted, source_names
from faultcast.reports.grafana.committed import _FOLDER, dashboards, panels
from faultcast.reports.grafana.source.rendering import rendered

ALL = dashboards()
PANELS = [(uid, panel) for uid, one in ALL.items() for panel in panels(one)]
OWN = {"__rate_interval", "__auto", "__timeFilter", "__timeFrom", "__timeTo", "__data"}

each = pytest.mark.parametrize("uid", ALL)


def targets(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [target for panel in panels(dashboard) for target in panel.get("targets", ())]


def texts(dashboard: dict[str, Any]) -> str:
    return "\n".join(
        str(target.get(key, "")) for target in targets(dashboard) for key in ("expr", "logsql", "rawSql")
    )


def test_the_committed_files_are_in_step_with_their_source() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in _FOLDER.glob("*.json")}
    assert committed == rendered(), "run: make dashboards"


def test_there_is_a_dashboard_for_each_question() -> None:
    assert [one["title"] for one in ALL.values()] == [
        "Cluster metadata",
        "Global infrastructure",
        "Kubernetes troubleshooting",
        "Log search",
        "Log store resources",
        "Outlook",
        "Resilience history",
        "Trial",
    ]


@each
def test_a_dashboard_is_whole(uid: str) -> None:
    one = ALL[uid]
    assert len(uid) <= 40
    assert one["schemaVersion"] == 42
    assert one["description"]
    assert "faultcast" in one["tags"]
    assert one["links"][0]["tags"] == ["faultcast"]
    assert "placement" not in one["links"][0]
    assert len({panel["id"] for panel in one["panels"]}) == len(one["panels"])
    assert len({panel["title"] for panel in panels(one)}) == len(panels(one))


@each
def test_panels_do_not_overlap(uid: str) -> None:
    places = [panel["gridPos"] for panel in ALL[uid]["panels"]]
    for one, other in combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y
    assert all(place["x"] + place["w"] <= 24 for place in places)


@pytest.mark.parametrize(("uid", "panel"), PANELS, ids=[f"{uid}-{panel['title']}" for uid, panel in PANELS])
def test_a_panel_says_what_it_shows_and_in_which_unit(uid: str, panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["datasource"]["uid"] in source_names(LogStore.LOKI)
    assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    if panel["type"] in ("timeseries", "stat"):
        assert panel["fieldConfig"]["defaults"]["unit"]


@each
def test_every_variable_of_a_query_is_there_and_every_variable_is_used(uid: str) -> None:
    one = ALL[uid]
    variables = {variable["name"]: variable for variable in one["templating"].get("list", ())}
    asked = texts(one) + "\n".join(str(variable.get("query")) for variable in variables.values())
    assert set(re.findall(r"\$\{?(\w+)", asked)) - OWN == set(variables)


@each
def test_links_lead_to_dashboards_and_columns_that_are_there(uid: str) -> None:
    for panel in panels(ALL[uid]):
        for override in panel.get("fieldConfig", {}).get("overrides", ()):
            for link in (
                one for each in override["properties"] if each["id"] == "links" for one in each["value"]
            ):
                target = re.match(r"/d/([\w-]+)\?var-(\w+)=", link["url"])
                assert target
                names = {variable["name"] for variable in ALL[target[1]]["templating"]["list"]}
                assert set(re.findall(r"var-(\w+)=", link["url"])) <= names
                query = panel["targets"][0].get("rawSql") or panel["targets"][0]["expr"]
                for column in re.findall(r"__data\.fields\.(\w+)", link["url"]):
                    assert re.search(rf"\b{column}\b", query)


@each
def test_logs_are_read_from_victorialogs_where_it_keeps_them(uid: str) -> None:
    made = adapted(ALL[uid], LogStore.VICTORIALOGS, {"VictoriaLogs": "vl-1", "MySQL": "db"})
    assert "'loki'" not in str(made)
    assert "logsql" not in str(made)
    for before, after in zip(targets(ALL[uid]), targets(made), strict=True):
        if "logsql" in before:
            assert after["expr"] == before["logsql"]
            assert after["datasource"] == {"type": "victoriametrics-logs-datasource", "uid": "vl-1"}
        elif "rawSql" in before:
            assert after["datasource"]["uid"] == "db"
        else:
            assert after == before


@each
def test_loki_gets_no_key_of_another_language(uid: str) -> None:
    made = adapted(ALL[uid], LogStore.LOKI)
    assert "logsql" not in str(made)
    assert [one.get("expr") for one in targets(made)] == [one.get("expr") for one in targets(ALL[uid])]


def test_every_question_about_logs_is_asked_in_both_languages() -> None:
    logs = [
        target for one in ALL.values() for target in targets(one) if target["datasource"]["type"] == "loki"
    ]
    assert len(logs) >= 5
    assert all(target["expr"] and target["logsql"] for target in logs)
