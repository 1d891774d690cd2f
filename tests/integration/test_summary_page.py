"""The page of a run in a real browser: light and dark, wide and narrow, for eyes and for screen readers."""

import json
import re
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from faultcast.infra.settings import load_settings
from faultcast.reports.npm import install_locked
from faultcast.reports.summary.page import page
from faultcast.reports.summary.summary import score_run, summarize_run
from faultcast.steady_state.verdict import Status
from tests.browser import browse, shown
from tests.factories import make_run
from tests.unit.reports.test_summary import ADVICE, records, surprising

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

AXE = Path(__file__).parents[1] / "axe"
ROUND_IT = """<script>%s</script><script>
axe.run(document, {resultTypes: ["violations"]}).then(found => {
  const told = document.createElement("p");
  told.id = "axe";
  told.textContent = btoa(unescape(encodeURIComponent(JSON.stringify(found.violations))));
  document.body.append(told);
});
</script>"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("run")
    held, deviated, unknown = records(folder, Status.HELD, Status.DEVIATED, Status.UNKNOWN)
    advised = replace(surprising(deviated), advice=(ADVICE,))
    earlier = {name: score_run(name, [held, deviated]) for name in ("one", "two")}
    return page(summarize_run(make_run(), [held, advised, unknown], earlier), folder)


def violations(text: str, folder: Path, *options: str) -> list[dict[str, Any]]:
    """What axe-core finds on a page."""
    modules = install_locked(AXE, load_settings().cache_dir, "axe", "axe-core").modules
    probe = folder / "probe.html"
    script = (modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    probe.write_text(text.replace("</html>", ROUND_IT % script + "</html>"), encoding="utf-8")
    dump = browse(probe, "", folder, "--dump-dom", *options)
    (told,) = re.findall(r'<p id="axe">([A-Za-z0-9+/=]*)</p>', dump)
    found: list[dict[str, Any]] = json.loads(b64decode(told))
    return found


@pytest.mark.parametrize("options", [(), ("--window-size=390,840",), ("--force-dark-mode",)], ids=str)
def test_nobody_is_shut_out(drawn: str, tmp_path: Path, options: tuple[str, ...]) -> None:
    found = violations(drawn, tmp_path, *options)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_the_probe_finds_what_is_wrong(drawn: str, tmp_path: Path) -> None:
    broken = drawn.replace('lang="en"', "").replace("--quiet: #595959", "--quiet: #d0d0d0")
    assert {one["id"] for one in violations(broken, tmp_path)} >= {"html-has-lang", "color-contrast"}


def test_a_phone_shows_all_of_it_without_scrolling_sideways(drawn: str, tmp_path: Path) -> None:
    wide = "<script>document.body.dataset.wide = document.documentElement.scrollWidth > innerWidth</script>"
    probe = tmp_path / "page.html"
    probe.write_text(drawn.replace("</html>", f"{wide}</html>"), encoding="utf-8")
    text = browse(probe, "", tmp_path, "--dump-dom", "--window-size=500,900")
    assert 'data-wide="false"' in text


def test_the_dark_page_is_dark(drawn: str, tmp_path: Path) -> None:
    probe = tmp_path / "page.html"
    probe.write_text(drawn, encoding="utf-8")
    brightness = {}
    for name, options in (("light", ()), ("dark", ("--force-dark-mode",))):
        shot = tmp_path / f"{name}.png"
        browse(probe, "", tmp_path, f"--screenshot={shot}", *options)
        brightness[name] = np.asarray(Image.open(shot).convert("L")).mean()
    assert brightness["light"] > 200
    assert brightness["dark"] < 80


def test_the_ten_seconds_are_answered(drawn: str, tmp_path: Path) -> None:
    probe = tmp_path / "page.html"
    probe.write_text(drawn, encoding="utf-8")
    assert shown(
        probe, "", tmp_path,
        "DEVIATED: 1 of 3 trials held, 1 deviated, 1 cannot be told",
        "Score ", "What to change first", "spec.replicas 1 -&gt; 2", "To repeat what did not hold",
    )  # fmt: skip
