"""All dashboards as JSON; `make dashboards` writes the committed files."""

import json
from pathlib import Path
from typing import Any, cast

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from faultcast.reports.grafana.source.history import history
from faultcast.reports.grafana.source.infrastructure import infrastructure
from faultcast.reports.grafana.source.kubernetes import kubernetes
from faultcast.reports.grafana.source.logsearch import logsearch
from faultcast.reports.grafana.source.logstore import logstore
from faultcast.reports.grafana.source.metadata import metadata
from faultcast.reports.grafana.source.outlook import outlook
from faultcast.reports.grafana.source.trial import trial

__all__ = ["rendered", "write"]

_COMMITTED = Path(__file__).parents[1] / "dashboards"
_ALL = (history, trial, outlook, infrastructure, kubernetes, logsearch, logstore, metadata)


def rendered() -> dict[str, str]:
    """The JSON of each dashboard, by the name of its file."""
    texts = (JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False).encode(make()) for make in _ALL)
    return {f"{cast('dict[str, Any]', json.loads(text))['uid']}.json": f"{text}\n" for text in texts}


def write(folder: Path = _COMMITTED) -> None:
    """Write them, and remove what is no dashboard any more."""
    made = rendered()
    for old in folder.glob("*.json"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
