"""A real browser that opens a report from its file, with no network at all."""

import json
import re
from base64 import b64decode
from pathlib import Path

from faultcast.infra.processes import run
from faultcast.infra.waiting import Wait, wait_until
from tests.integration.conftest import program

BROWSER = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1500",
    "--virtual-time-budget=15000",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def browse(report: Path, fragment: str, folder: Path, *options: str) -> str:
    """Open a page of the report; returns it as it became."""
    return visit(f"{report.as_uri()}{fragment}", folder, *options)


def visit(url: str, folder: Path, *options: str) -> str:
    """Open an address; returns the page as it became."""
    argv = [program("chromium", "chromium"), *BROWSER, f"--user-data-dir={folder / 'profile'}", *options]
    return run([*argv, url], timeout=120.0, cwd=folder).stdout


def shown(report: Path, fragment: str, folder: Path, *words: str) -> str:
    """The page once it shows all words; a browser on a busy machine may be asked before it has drawn."""

    def look() -> str | None:
        seen[:] = [browse(report, fragment, folder, "--dump-dom")]
        return seen[0] if all(word in seen[0] for word in words) else None

    seen: list[str] = []
    return wait_until(
        f"{report.name}{fragment} shows what it should",
        look,
        Wait(timeout=60.0, interval=0.5),
        last_seen=lambda: f"missing: {[word for word in words if word not in seen[0]]}",
    )


def pages(report: Path) -> dict[str, str]:
    """Allure's own identity of each test's page, by the test's title, from the data in the report."""
    pattern = r'data/test-results/([0-9a-f]{32})\.json","([A-Za-z0-9+/=]+)"'
    found = re.findall(pattern, report.read_text())
    return {json.loads(b64decode(data))["name"]: page for page, data in found}
