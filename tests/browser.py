"""A real browser that opens a report from its file, with no network at all."""

import json
import re
from base64 import b64decode
from pathlib import Path

from faultcast.infra.processes import run
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


def pages(report: Path) -> dict[str, str]:
    """Allure's own identity of each test's page, by the test's title, from the data in the report."""
    pattern = r'data/test-results/([0-9a-f]{32})\.json","([A-Za-z0-9+/=]+)"'
    found = re.findall(pattern, report.read_text())
    return {json.loads(b64decode(data))["name"]: page for page, data in found}
