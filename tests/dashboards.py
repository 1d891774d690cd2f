"""The committed dashboards, asked as a page would ask them."""

from collections.abc import Iterator
from typing import Any

import pytest

from faultcast.reports.board.board import Asked, Board
from faultcast.reports.grafana.committed import dashboards, panels

__all__ = ["answered", "asked_of", "panels_of"]


def panels_of(*sources: str) -> list[Any]:
    """Every panel that reads one of these data sources, as parameters: the uid and the panel."""
    return [
        pytest.param(uid, panel, id=f"{uid}-{panel['title']}")
        for uid, one in dashboards().items()
        for panel in panels(one)
        if panel["datasource"]["uid"] in sources
    ]


def asked_of(uid: str, **chosen: list[str]) -> Asked:
    """What a page asks that was just opened."""
    time = dashboards()[uid]["time"]
    return Asked(time["from"], time["to"], 200, chosen)


def answered(board: Board, uid: str, panel: dict[str, Any], asked: Asked) -> None:
    """Ask a panel; an empty answer has to be explained by the panel itself.

    Raises:
        AssertionError: There is nothing, and no reason beside the panel.
    """
    answers = board.panel(uid, panel["id"], asked)
    assert len(answers) == len(panel["targets"])
    if not all(any(_sizes(answer)) for answer in answers):
        assert panel["fieldConfig"]["defaults"].get("noValue"), "empty, and the panel does not say why"


def _sizes(answer: dict[str, Any]) -> Iterator[int]:
    yield from (len(one["points"]) for one in answer.get("series", ()))
    yield len(answer.get("rows", ()))
    yield len(answer.get("lines", ()))
