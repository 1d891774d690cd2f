"""docs/fixtures.md: what it lists is there and nothing else, and what it shows runs."""

import os
import re
from pathlib import Path

import pandas as pd
import pytest

from faultcast.infra.settings import load_settings
from tests.fakeprometheus import FakePrometheus, serving
from tests.plugin.stubs import fixtures_of, options_of
from tests.plugin.test_existing_cluster import EXPERIMENT, KUBECONFIG, empty_cluster, noise

pytest_plugins = ("pytester",)

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "fixtures.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"```\w+\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
CACHE = load_settings().cache_dir  # of the user, before the tests get a home of their own
SAYING = [
    *(ROOT / "docs").glob("*.md"),
    *ROOT.glob("*.md"),
    ROOT / "Makefile",
    *(ROOT / "experiments").rglob("*.y*ml"),
]
KIND = """#!/bin/sh
# Stands in for the program of that name: `kind create cluster --kubeconfig FILE`.
case $1 in create) cp prepared.kubeconfig "$4" ;; delete) echo "deleted with $4" >> kind.log ;; esac
"""


def _rows(section: str) -> list[str]:
    text = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"`(-*faultcast[\w-]*)", "".join(re.findall(r"^\| ([^|]+)\|", text, re.MULTILINE)))


def test_every_option_is_listed_in_its_order(pytestconfig: pytest.Config) -> None:
    assert sorted(_rows("Options")) == sorted(options_of(pytestconfig))


def test_every_fixture_is_listed(pytester: pytest.Pytester) -> None:
    assert set(_rows("Fixtures")) == fixtures_of(pytester) | {"faultcast_experiment"}


def test_every_option_that_a_text_names_is_there(pytestconfig: pytest.Config) -> None:
    known = set(options_of(pytestconfig))
    short = "|".join(name.removeprefix("--faultcast-") for name in known)
    for path in SAYING:
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"--faultcast-[a-z-]*[a-z]", text)) <= known, path.name
        without = re.findall(rf"^ *pytest .*--(?:{short})\b.*$", text.replace("\\\n", ""), re.MULTILINE)
        assert [line for line in without if re.search(rf" --(?:{short})\b", line)] == [], path.name


@pytest.mark.slow
def test_the_test_the_provider_the_settings_and_the_sink_run_as_they_are_shown(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("conftest.py", "chat.py", "test_orders.py", "pyproject.toml"):
        (pytester.path / name).write_text(SHOWN[name])
    (pytester.mkdir("chaos") / "quiet.yaml").write_text(EXPERIMENT.replace("BASELINE", "30m"))
    kind = pytester.mkdir("bin") / "kind"
    kind.write_text(KIND)
    kind.chmod(0o755)
    prometheus = FakePrometheus(without_targets=True)
    prometheus.series = {"served": [({}, noise)], "vector(1)": [({}, lambda _: 1.0)]}
    with serving(prometheus), empty_cluster() as (api, writes):
        (pytester.path / "prepared.kubeconfig").write_text(KUBECONFIG.replace("URL", api))
        for name, value in {
            "PATH": f"{kind.parent}{os.pathsep}{os.environ['PATH']}",
            "TEAM_PROMETHEUS": prometheus.url,
            "FAULTCAST_STATE_DIR": str(pytester.path / "state"),
            "FAULTCAST_CACHE_DIR": str(CACHE),
        }.items():
            monkeypatch.setenv(name, value)
        result = pytester.runpytest_subprocess(
            "-p", "chat", "test_orders.py", "--faultcast-experiments", "chaos/", "--faultcast-step", "5s"
        )
    result.assert_outcomes(passed=1, deselected=1)
    assert writes == []
    run = (pytester.path / "results" / "latest").resolve()
    result.stdout.fnmatch_lines(["cluster test (existing, u-1)"])
    assert (run / "chat.txt").read_text().splitlines() == [f"run {run.name} on test", "quiet: HELD"]
    assert (pytester.path / "kind.log").read_text().endswith("kind.kubeconfig\n")
    assert not (pytester.path / "kind.kubeconfig").exists()


@pytest.mark.parametrize(("slower", "outcome"), [(0.0, {"passed": 1}), (0.2, {"failed": 1})])
def test_the_judge_alone_runs_as_it_is_shown(
    pytester: pytest.Pytester, slower: float, outcome: dict[str, int]
) -> None:
    times = pd.date_range("2026-03-02T09:00:00Z", periods=270, freq="15s")
    upgraded = pd.Timestamp("2026-03-02T10:00:00Z")
    seconds = [0.3 + noise(at.timestamp()) / 1000 + slower * (at >= upgraded) for at in times]
    table = pd.DataFrame({"time": times, "seconds": seconds})
    table.to_csv(pytester.path / "latency.csv", index=False)
    (pytester.path / "test_load_test.py").write_text(SHOWN["test_load_test.py"])
    pytester.runpytest_subprocess().assert_outcomes(**outcome)
