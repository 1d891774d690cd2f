from pathlib import Path

import pytest

from faultcast.infra.errors import FaultcastError, RequirementError
from faultcast.infra.settings import load_settings
from faultcast.reports.allure_report import build_report, install_allure, without_analytics

TAG = """<p>before</p>
    <script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
    <script>
        window.dataLayer = window.dataLayer || [];
        function gtag(){dataLayer.push(arguments);}
        gtag('config', 'G-1', {"report": "awesome"});
    </script>
    <script defer>keep()</script>"""


def test_analytics_go_and_the_rest_stays() -> None:
    page = without_analytics(TAG)
    assert "google" not in page
    assert "gtag" not in page
    assert "<p>before</p>" in page
    assert "<script defer>keep()</script>" in page


def test_without_results_there_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(FaultcastError, match="no Allure results") as error:
        build_report(tmp_path, tmp_path / "report.html", settings=load_settings(cache_dir=tmp_path))
    assert "--alluredir" in error.value.remedy


def test_missing_programs_are_named_with_their_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RequirementError, match="node is not installed") as error:
        install_allure(tmp_path)
    assert error.value.remedy == "apt-get install nodejs"


def test_an_old_node_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, line in (("node", "echo v16.20.2"), ("npm", "exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RequirementError, match=r"v16\.20\.2; Allure 3 needs 18"):
        install_allure(tmp_path)


@pytest.mark.parametrize("folder", ["reports/allure", "reports/board/page", "tests/logql"])
def test_the_lock_names_no_registry(folder: str) -> None:
    lock = (Path(__file__).parents[3] / folder / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert '"integrity": "sha512-' in lock
