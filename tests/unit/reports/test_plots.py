import re
from dataclasses import replace
from pathlib import Path

import pytest

from faultcast.experiments.history import Phases, Span, load_series
from faultcast.reports.pictures.trial import draw_trial
from faultcast.reports.record import TrialRecord
from faultcast.steady_state.verdict import Status, TrialVerdict
from tests.factories import at, make_history, make_record

pytestmark = pytest.mark.slow

type Drawn = tuple[TrialRecord, tuple[Path, ...]]


def words(svg: Path) -> str:
    return " ".join(re.findall(r">([^<>]+)</text>", svg.read_text()))


@pytest.fixture(scope="module")
def deviated(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    folder = tmp_path_factory.mktemp("deviated")
    record = make_record(folder, Status.DEVIATED)
    return record, draw_trial(folder, record.history, record.verdict, load_series(folder))


def test_there_is_an_overview_and_one_figure_for_each_metric_in_both_formats(deviated: Drawn) -> None:
    _, paths = deviated
    assert [path.name for path in paths] == [
        f"{stem}.{ending}"
        for stem in ("overview", "order_rate", "order_p95", "error_ratio")
        for ending in ("png", "svg")
    ]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths[::2])


def test_a_figure_says_in_words_what_it_shows(deviated: Drawn) -> None:
    record, paths = deviated
    text = words(record.folder / "plots" / "order_rate.svg")
    for label in (
        "order_rate [req/s]",
        "during: DEVIATED, p &lt; 0.001, 15.9 req/s below forecast",
        "back after 20 s (60 s allowed)",
        "seconds since the injection at 2026-11-25 01:08:00 UTC",
        *("gate", "fault", "recovery", "injected", "reverted", "back", "measured", "forecast band"),
        "masked, not learned from",
    ):
        assert label in text, label
    assert "DEVIATED (known weakness): order_rate was 15.9 req/s below" in words(paths[1])


def test_the_same_record_gives_the_same_bytes(deviated: Drawn, tmp_path: Path) -> None:
    record, _paths = deviated
    only = replace(record.history, metrics=record.history.metrics[:1])
    series = load_series(record.folder)
    once, again = (
        draw_trial(tmp_path / name, only, record.verdict, {"order_rate": series["order_rate"]})
        for name in ("once", "again")
    )
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


def test_what_was_not_reached_is_not_drawn(tmp_path: Path) -> None:
    history = replace(
        make_history(Status.UNKNOWN),
        phases=Phases(),
        injections=(),
        masks=(),
        metrics=make_history(Status.HELD).metrics[:1],
    )
    paths = draw_trial(tmp_path, history, TrialVerdict(Status.UNKNOWN, (), (), 0.05, "1"), {})
    text = words(paths[1])
    assert "no samples" in text
    assert "not judged" in text
    assert "the end of the trial" in text
    assert "fault" not in text.split()


def test_names_of_short_phases_do_not_touch(tmp_path: Path) -> None:
    history = replace(
        make_history(Status.HELD),
        metrics=make_history(Status.HELD).metrics[:1],
        phases=Phases(
            Span(at(-274), at(-14)), Span(at(-14), at(-4)), Span(at(0), at(10)), Span(at(10), at(90))
        ),
    )
    draw_trial(tmp_path, history, TrialVerdict(Status.HELD, (), (), 0.05, "1"), {})
    svg = (tmp_path / "plots" / "order_rate.svg").read_text()
    heights = {
        word: re.search(
            rf'translate\([\d.]+ ([\d.]+)\)[^>]*>{word}</text>|y="([\d.]+)"[^>]*>{word}</text>', svg
        )
        for word in ("gate", "fault")
    }
    gate, fault = (next(filter(None, match.groups())) for match in heights.values() if match)
    assert gate != fault
