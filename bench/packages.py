"""The map of the packages, drawn from their imports into docs/architecture.md: `python bench/packages.py`.

An arrow leads from a package to one whose modules it imports, for types alone or not. What follows from other
arrows is left out, so that the picture shows the floors of the house.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
SUITE = ROOT / "experiments" / "test_catalog.py"
"""A test, which names the type of the fixture it gets: no part of the house."""
TOP = ("cli", "fixtures", "service", "reports", "steady_state", "experiments", "forecasting", "infra")
_CHART = re.compile(r"(?<=```mermaid\n).*?(?=```)", re.DOTALL)


def picture() -> str:
    """The chart in Mermaid's language: the top-level packages, and the inside of `experiments`."""
    inside = sorted(path.stem for path in (ROOT / "experiments").iterdir() if list(path.glob("*.py")))
    modules = sorted(path.stem for path in (ROOT / "experiments").glob("[!_]*.py") if path != SUITE)
    return "\n".join(
        [
            "flowchart TD",
            "    subgraph faultcast",
            *_arrows(ROOT, TOP, ""),
            "    end",
            "    subgraph inside of experiments",
            *_arrows(ROOT / "experiments", (*inside, *modules), "experiments."),
            "    end\n",
        ]
    )


def drawn(page: str, chart: str) -> str:
    """A page with its chart renewed.

    Args:
        page: The whole page; it has one Mermaid chart.
        chart: What is to be in it.
    """
    return _CHART.sub(lambda _: chart, page, count=1)


def _arrows(folder: Path, names: tuple[str, ...], prefix: str) -> list[str]:
    direct = {name: set(_imported(folder / name, prefix)) & {*names} - {name} for name in names}
    beyond = {name: _reached(direct, name) for name in names}
    return [
        f"    {prefix}{name}[{name}] --> {prefix}{other}[{other}]"
        for name in names
        for other in sorted(direct[name] - set[str]().union(*(beyond[each] for each in direct[name])))
    ]


def _imported(place: Path, prefix: str) -> Iterator[str]:
    """The neighbours that a package, or a module, imports something of."""
    for path in {*place.rglob("*.py")} - {SUITE} if place.is_dir() else {place.with_suffix(".py")}:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = (f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Import):
                names = (alias.name for alias in node.names)
            else:
                continue
            start = f"faultcast.{prefix}"
            yield from (name.removeprefix(start).split(".")[0] for name in names if name.startswith(start))


def _reached(direct: dict[str, set[str]], name: str) -> set[str]:
    found: set[str] = set()
    waiting = [*direct[name]]
    while waiting:
        other = waiting.pop()
        if other not in found:
            found.add(other)
            waiting += direct[other]
    return found


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8"), picture()), encoding="utf-8")
