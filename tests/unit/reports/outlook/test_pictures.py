"""Pictures and the page of outlooks: there for every shape, the same for the same data, safe for labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.subject import Limit, Refusal
from faultcast.reports.outlook.pages.index import write_index
from faultcast.reports.outlook.pages.plot import plot_outlook
from faultcast.reports.outlook.pages.season_plot import plot_seasons
from tests.outlooks import outlook, outlook_run
from tests.unit.forecasting.outlook.making import made

pytestmark = pytest.mark.slow


def renamed(one: Outlook, metric: str, **labels: str) -> Outlook:
    subject = replace(one.history.subject, metric=metric, labels=tuple(sorted(labels.items())))
    return replace(one, history=replace(one.history, subject=subject))


@pytest.mark.parametrize("kind", ["weekly", "bursty", "tiny", "huge", "trend"])
def test_every_shape_can_be_drawn(kind: str, tmp_path: Path) -> None:
    files = plot_outlook(made(kind, 1)[1], tmp_path / "one")
    assert [path.suffix for path in files] == [".png", ".svg"]
    assert all(path.stat().st_size > 5000 for path in files)


def test_what_is_special_is_named(tmp_path: Path) -> None:
    one = outlook(limit=Limit(1e6, "above", "the volume is full"), filled=40)
    clipped = np.zeros(one.forecast.mean.size, dtype=bool)
    clipped[-50:] = True
    one = replace(one, forecast=replace(one.forecast, clipped=clipped, supported=500))
    svg = plot_outlook(one, tmp_path / "one")[1].read_text()
    for words in (
        "filled gap",
        "past forecasts",
        "further than backtests reach",
        "clipped to what is possible",
    ):
        assert words in svg


def test_the_same_outlook_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = plot_outlook(outlook(), tmp_path / "one"), plot_outlook(outlook(), tmp_path / "other")
    assert [a.read_bytes() for a in one] == [b.read_bytes() for b in other]


def test_a_long_name_does_not_break_the_picture(tmp_path: Path) -> None:
    one = renamed(outlook(), "metric", **{f"label_{k}": "x" * 40 for k in range(12)})
    assert plot_outlook(one, tmp_path / "one")[0].stat().st_size > 5000


def test_the_test_for_seasons_says_what_it_found(tmp_path: Path) -> None:
    svg = plot_seasons(made("weekly", 1)[1], tmp_path / "seasons")[1].read_text()
    assert "1d: a season" in svg
    assert "1w: a season" in svg
    flat = plot_seasons(made("flat", 1)[1], tmp_path / "flat")[1].read_text()
    assert "1d: no season" in flat


def test_the_page_escapes_what_others_wrote(tmp_path: Path) -> None:
    bad = renamed(outlook(), "m", path="<script>alert(1)</script>")
    page = write_index([bad], [Refusal("<b>x</b>", "constant at 4")], tmp_path, run=outlook_run())
    html = page.read_text()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "constant at 4" in html


def test_the_page_shows_no_login_of_the_source(tmp_path: Path) -> None:
    run = replace(outlook_run(), source="http://me:secret@prometheus.example:9090")
    html = write_index([outlook()], [], tmp_path, run=run).read_text()
    assert "secret" not in html
    assert "prometheus.example:9090" in html
