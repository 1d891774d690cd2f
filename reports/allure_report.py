"""The report: one self-contained HTML file made from Allure results by Allure 3.

Allure 3 comes from npm, at the versions locked in `reports/allure/package-lock.json`, into a cache folder
named after that lock. Its analytics are removed from the file, which then loads nothing from elsewhere.
"""

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faultcast.infra.errors import FaultcastError
from faultcast.infra.processes import run
from faultcast.infra.redaction import hidden, redact_files
from faultcast.infra.settings import Settings
from faultcast.reports.npm import install_locked

__all__ = ["Allure", "build_report", "install_allure", "without_analytics"]

_LOCKED = Path(__file__).parent / "allure"
_ANALYTICS = re.compile(
    r'<script async src="https://www\.googletagmanager\.com/[^"]*">\s*</script>'
    r"|<script>\s*window\.dataLayer\b(?:(?!</script>).)*</script>",
    re.DOTALL,
)
_EXTERNAL = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*?\s(?:src|href)=["']?(?:https?:)?//""")
_CATEGORIES = [
    {"name": "Known weakness", "matchers": {"labels": {"known_weakness": "true", "verdict": "DEVIATED"}}},
    {"name": "Known blindness", "matchers": {"labels": {"known_blindness": "true", "verdict": "UNKNOWN"}}},
    {"name": "DEVIATED: the steady state did not hold", "matchers": {"labels": {"verdict": "DEVIATED"}}},
    {"name": "UNKNOWN: cannot tell", "matchers": {"labels": {"verdict": "UNKNOWN"}}},
    {"name": "HELD: the steady state held", "matchers": {"labels": {"verdict": "HELD"}}},
    {"name": "The test itself is broken", "matchers": {"statuses": ["broken"]}},
]


@dataclass(frozen=True, slots=True)
class Allure:
    """An installed Allure 3.

    Attributes:
        node: The Node.js program.
        script: Allure's own entry point.
    """

    node: Path
    script: Path


def build_report(
    results: Path,
    out: Path,
    *,
    settings: Settings,
    title: str = "Faultcast",
    progress: Callable[[str], None] = print,
) -> Path:
    """Make the report of a run.

    Args:
        results: Allure results, as `--alluredir` wrote them.
        out: The HTML file; replaced atomically.
        settings: Allure is kept in their cache folder.
        title: Headline of the report.
        progress: Told what goes on when it takes longer.

    Returns:
        `out`.

    Raises:
        FaultcastError: There are no results, or Allure made something that is not self-contained.
        RequirementError: Node.js or npm is missing or too old, or Allure could not be installed.
        CommandError: Allure failed.
    """
    if not any(results.glob("*-result.json")):
        message = f"no Allure results in {results}"
        raise FaultcastError(message, remedy="run pytest with --alluredir, or name another run")
    redact_files(results)  # of an earlier version, or of other plugins
    allure = install_allure(settings.cache_dir, progress=progress)
    with tempfile.TemporaryDirectory(prefix="faultcast-report-") as scratch:
        config = Path(scratch) / "allurerc.json"
        config.write_text(json.dumps(_config(title)))
        made = Path(scratch) / "report"
        run(
            [allure.node, allure.script, "generate", results.resolve(), "--config", config, "--output", made],
            timeout=300.0,
            cwd=Path(scratch),
            env={"ALLURE_NO_ANALYTICS": "1"},
            remedy=f"remove {allure.script.parents[2]}, and try again: it is installed anew",
        )
        page = without_analytics((made / "index.html").read_text(encoding="utf-8"))
    if _EXTERNAL.search(page):
        message = "the report would load something from the network"
        raise FaultcastError(
            message, remedy="Allure has changed: pin the version of reports/allure/package.json"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".part")
    partial.write_text(hidden(page, guess=False), encoding="utf-8")
    partial.replace(out)
    return out


def install_allure(cache: Path, *, progress: Callable[[str], None] = print) -> Allure:
    """Install the locked Allure once; afterwards this costs nothing.

    Args:
        cache: Folder of everything that can be had again.
        progress: Told when something is installed.

    Raises:
        RequirementError: Node.js or npm is missing or too old, or npm could not install.
    """
    made = install_locked(_LOCKED, cache, "allure", "Allure 3", progress=progress)
    return Allure(made.node, made.modules / "allure" / "cli.js")


def without_analytics(page: str) -> str:
    """The page without the scripts that tell an analytics service who reads it."""
    return _ANALYTICS.sub("", page)


def _config(title: str) -> dict[str, Any]:
    return {
        "name": title,
        "appendHistory": False,
        "categories": _CATEGORIES,
        "hideLabels": ["host", "thread", "framework", "language", "package", "faultcast.trial"],
        "plugins": {
            "awesome": {
                "options": {
                    "reportName": title,
                    "reportLanguage": "en",
                    "singleFile": True,
                    "groupBy": ["feature"],
                    "stepTreeExpansion": "expanded",
                }
            }
        },
    }
