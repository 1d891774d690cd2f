"""The board's page in a real browser: what the database holds is seen, and nothing leaves loopback."""

import math
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.reports.board.board import Board
from tests.factories import INJECTED, RUN
from tests.fakeprometheus import FakePrometheus, serving
from tests.integration.test_dashboard_queries import board as board  # noqa: PLC0414 - a fixture
from tests.integration.test_dashboard_queries import milliseconds
from tests.walking import Walk, walk

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

DRAWN = ("ok", "empty")


class Anything(dict[str, Any]):
    """A series for every query."""

    def get(self, key: str, default: Any = None) -> Any:
        return [({"pod": "store-1", "__name__": "up"}, lambda at: 3 + math.sin(at / 20))]


@pytest.fixture
def page(board: Board, tmp_path: Path) -> Iterator[Walk]:
    stored = [{"__name__": "kube_pod_info", "namespace": "shop", "node": "worker", "pod": "store-1"}]
    with serving(FakePrometheus(series=Anything(), stored=stored)) as fake:
        sources = replace(board._sources, prometheus=PrometheusClient(fake.url))
        with walk(Board(sources, 2.0), tmp_path) as made:
            yield made


def times(minutes: float = 2) -> str:
    away = timedelta(minutes=minutes)
    return f"from={milliseconds(INJECTED - away)}&to={milliseconds(INJECTED + away)}"


def near(picture: Path, colour: tuple[int, int, int], reach: int = 12) -> int:
    """Number of pixels that look like a colour."""
    pixels = np.asarray(Image.open(picture).convert("RGB"), dtype=int)
    return int((np.abs(pixels - np.array(colour)).max(axis=2) < reach).sum())


def test_the_history_is_seen_and_leads_to_the_trial(page: Walk) -> None:
    seen = page.panels(f"/d/faultcast-history?{times(2880)}")
    assert {one.state for one in seen.values()} <= set(DRAWN)
    assert "3" in seen["Trials"].text
    assert "50 %" in seen["HELD"].text
    assert "order_rate was 15.9 req/s below" in seen["Newest trials"].text
    assert (
        f'href="/d/faultcast-trial?var-trial={RUN}-store-pod-delete&amp;from=' in seen["Newest trials"].html
    )
    assert "every metric was back in time" in seen["Late or not back"].text
    assert "<canvas" in seen["Verdicts by day"].html
    assert page.left == []


def test_a_trials_fault_window_is_marked(page: Walk) -> None:
    address = f"/d/faultcast-trial?var-trial={RUN}-store-pod-delete&{times()}&refresh="
    seen = page.panels(address)
    assert seen["Verdict"].state == seen["Faults"].state == seen["Metrics"].state == "ok"
    assert "the pod's UID changed" in seen["Faults"].text
    assert seen["Requests by outcome"].state == "ok"
    assert seen["Log lines"].state == "error"  # there is no log store here
    assert "--logs-url" in seen["Log lines"].text
    band = (255, 194, 134)  # orange on white, once for each of three trials with this window
    assert near(page.picture(address, "--window-size=1400,2400"), band) > 3000
    later = f"/d/faultcast-trial?var-trial={RUN}-store-pod-delete&from=now-5m&to=now&refresh="
    assert near(page.picture(later, "--window-size=1400,2400"), band) == 0
    assert page.left == []


def test_an_outlook_is_seen_with_its_band_also_in_the_dark(page: Walk) -> None:
    address = "/d/faultcast-outlook?from=1795680000000&to=1796400000000"
    seen = page.panels(address)
    assert {one.state for one in seen.values()} <= set(DRAWN)
    assert "the volume is full" in seen["Days until a limit"].text
    assert near(page.picture(address), (138, 184, 255)) > 500
    dark = page.picture(address, "--blink-settings=preferredColorScheme=0")
    assert near(dark, (17, 18, 23), 3) > 100_000


def test_every_dashboard_is_drawn_and_asks_nobody_else(page: Walk) -> None:
    for uid in ("metadata", "infrastructure", "kubernetes", "logstore"):
        seen = page.panels(f"/d/faultcast-{uid}")
        assert len(seen) >= 9
        wrong = {title: one.text for title, one in seen.items() if one.state not in DRAWN}
        assert not any("--logs-url" not in text for text in wrong.values()), wrong
    assert page.left == []


def test_what_looks_like_markup_stays_text(page: Walk) -> None:
    seen = page.panels("/d/faultcast-trial?var-trial=<img src=x onerror=alert(1)>&var-namespace=<b>x</b>")
    assert all("<img" not in one.html for one in seen.values())
    assert page.left == []


def test_the_command_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    with serving(FakePrometheus(series=Anything())) as fake:
        words = ["board", "--port", "0", "--prometheus-url", fake.url]
        words += ["--db", "mysql://reader:of-the-results@127.0.0.1:1/faultcast"]
        program = [sys.executable, "-c", "from faultcast.cli.main import main; main()"]
        process = subprocess.Popen(
            [*program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout
        line = next(line for line in process.stdout if line.startswith("http://"))
        url = line.split()[0]
        assert line == f"{url}  until Ctrl-C\n"
        found = requests.get(
            f"{url}api/panel/faultcast-infrastructure/2", params={"var-node": "a"}, timeout=10
        )
        assert found.json()[0]["rows"]
        away = requests.get(f"{url}api/variables/faultcast-history", timeout=10)
        assert away.status_code == 502
        assert "faultcast status" in away.json()["remedy"]
        assert "of-the-results" not in away.text
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 130
