"""What the page says of a run and of each picture."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from faultcast.infra.errors import SinkError
from faultcast.reports.outlook.pages.index import write_index
from tests.outlooks import outlook, outlook_run

SMALL = outlook(points=120, steps=60)


def test_a_picture_is_told_to_those_who_do_not_see_it(tmp_path: Path) -> None:
    html = write_index([SMALL], [], tmp_path, run=outlook_run()).read_text()
    told = re.search(r'<img [^>]*alt="([^"]*)"', html)
    assert told is not None
    assert "disk_used_bytes{device=&#34;/dev/sd0&#34;" in told[1]
    assert re.search(r"now [\d.]+ GB, at the end [\d.]+ GB \(90 % band: [\d.]+ GB to [\d.]+ GB\)", told[1])


def test_the_run_is_told(tmp_path: Path) -> None:
    html = write_index([SMALL], [], tmp_path, run=outlook_run()).read_text()
    for words in ("12w ahead from 5w of history, a step of 1h", "2026-11-28 20:00:05 UTC", "4f9a1c2-dirty"):
        assert words in html
    own = write_index([SMALL], [], tmp_path, run=replace(outlook_run(), step=None)).read_text()
    assert "its own step each" in own


def test_the_page_asks_nobody_and_runs_nothing(tmp_path: Path) -> None:
    html = write_index([SMALL], [], tmp_path, run=outlook_run(), seasons=True).read_text()
    assert not re.search(r"<(?:script|link|iframe)\b|@import|url\(", html)
    linked = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert linked
    assert all(one.startswith((SMALL.history.subject.id, "#")) for one in linked)


def test_a_page_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "index.html").mkdir()
    with pytest.raises(SinkError, match=r"index\.html cannot be written"):
        write_index([SMALL], [], tmp_path, run=outlook_run())
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
