"""The committed dashboards, as they are in the package."""

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Dashboard", "dashboards", "panels"]

Dashboard = dict[str, Any]
"""The classic JSON of Grafana (`schemaVersion` 42)."""

_FOLDER = Path(__file__).parent / "dashboards"


@cache
def dashboards() -> dict[str, Dashboard]:
    """Every committed dashboard by its uid, in the order of their titles; not to be changed."""
    read = (json.loads(path.read_text(encoding="utf-8")) for path in _FOLDER.glob("*.json"))
    return {one["uid"]: one for one in sorted(read, key=lambda one: one["title"])}


def panels(dashboard: Dashboard) -> list[dict[str, Any]]:
    """Its panels but the rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]
