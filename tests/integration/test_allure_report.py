"""The report, made by the real Allure and shown by a real browser."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faultcast.infra.settings import load_settings
from faultcast.reports.allure_report import build_report, install_allure
from tests.browser import browse, pages, shown

pytest_plugins = ("pytester",)
pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
SUITE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from dataclasses import replace
from pathlib import Path
import pytest
from faultcast.experiments.history import load_series
from faultcast.reports.pictures.trial import draw_trial
from faultcast.reports.sinks.allure import AllureSink
from faultcast.steady_state.verdict import Status
from tests.factories import make_record, make_run

@pytest.mark.parametrize("status", list(Status))
def test_trial(request, tmp_path, status):
    sink = AllureSink(Path(request.config.option.allure_report_dir))
    sink.open_run(make_run())
    record = make_record(tmp_path, status)
    if status is Status.DEVIATED:
        plots = draw_trial(tmp_path, record.history, record.verdict, load_series(tmp_path))
        record = replace(record, plots=plots)
    sink.publish(record)
    assert status is not Status.DEVIATED, record.verdict.reasons[0]
    if status is Status.UNKNOWN:
        raise RuntimeError(record.verdict.reasons[0])
"""


@pytest.fixture
def report(pytester: pytest.Pytester) -> Path:
    pytester.makepyfile(SUITE)
    results = pytester.path / "allure-results"
    pytester.runpytest_inprocess("-p", "no:cacheprovider", f"--alluredir={results}").assert_outcomes(
        passed=1, failed=2
    )
    return build_report(results, pytester.path / "report.html", settings=load_settings())


@pytest.mark.timeout(600)
def test_chromium_shows_the_report_from_a_file_without_network(report: Path, tmp_path: Path) -> None:
    text = report.read_text()
    assert not re.search(r"<(?:script|link|img)\b[^>]*\b(?:src|href)=[\"']?https?:", text)
    assert "googletagmanager" not in text

    titles = ("gateway-pod-delete: Customers", "store-pod-delete: Orders", "gateway-prometheus-blind")
    assert shown(report, "", tmp_path, *titles)
    test = next(page for title, page in pages(report).items() if title.startswith("store-pod-delete"))
    told = ("DEVIATED (known weakness): order_rate was", "Known weakness", "inject pod-delete", "judge: DEVI")
    assert shown(report, f"#{test}", tmp_path, *told)

    shot = tmp_path / "shot.png"
    browse(report, f"#{test}", tmp_path, f"--screenshot={shot}")
    for line, colour in (("the injection", (213, 94, 0)), ("the recovery", (0, 122, 89))):
        assert near(shot, colour) > 50, f"the picture shows no line of {line}"


def near(picture: Path, colour: tuple[int, int, int]) -> int:
    """Number of pixels that look like a colour, allowing for how the browser scales a picture."""
    pixels = np.asarray(Image.open(picture).convert("RGB"), dtype=int)
    return int((np.abs(pixels - np.array(colour)).max(axis=2) < 40).sum())


@pytest.mark.timeout(600)
def test_allure_is_installed_once(tmp_path: Path) -> None:
    told: list[str] = []
    first = install_allure(tmp_path, progress=told.append)
    again = install_allure(tmp_path, progress=told.append)
    assert first == again
    assert len(told) == 1
    assert first.script.is_file()
    assert [
        path.name for path in (tmp_path / "allure").iterdir() if path.name.startswith(".installing")
    ] == []
