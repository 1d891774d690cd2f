"""The page of outlooks in a real browser, from its file."""

from pathlib import Path

import pytest

from faultcast.forecasting.outlook.subject import Limit, Refusal
from faultcast.reports.outlook.pages.drawing import draw
from faultcast.reports.outlook.running import Results
from tests.browser import browse
from tests.outlooks import outlook, outlook_run

pytestmark = pytest.mark.integration


def test_every_picture_loads_and_nothing_else_is_asked_for(tmp_path: Path) -> None:
    outlooks = (outlook(1), outlook(2, limit=Limit(90.0, "above", "the volume is full")), outlook(3))
    results = Results(outlook_run(), outlooks, 3, (Refusal("gone", "constant at 4"),))
    page = draw(results, tmp_path / "out", seasons=True)
    assert sorted(path.suffix for path in page.parent.iterdir()).count(".png") == 6
    probe = page.with_name("probe.html")
    script = (
        "<script>addEventListener('load', () => {for (const i of document.images) i.loading = 'eager';"
        "setTimeout(() => document.body.dataset.loaded = "
        "[...document.images].filter(i => i.complete && i.naturalWidth > 100).length, 3000)})</script>"
    )
    probe.write_text(
        page.read_text().replace("</body>", f"{script}</body>").replace("<details>", "<details open>")
    )
    html = browse(probe, "", tmp_path, "--dump-dom")
    assert 'data-loaded="6"' in html
    assert page.read_text().count("http") == page.read_text().count(outlook_run().source)
    browse(page, "", tmp_path, f"--screenshot={tmp_path / 'page.png'}")
    assert (tmp_path / "page.png").stat().st_size > 20_000
    table = page.read_text().partition("</table>")[0]
    urgent = outlooks[1].history.subject
    assert table.index(urgent.id) == min(table.index(one.history.subject.id) for one in outlooks)
    assert "its limit of" in table
    assert "constant at 4" in html
