"""What a picture of an outlook says, and that no label and no value can break it."""

import pickle
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultcast.forecasting.outlook.outlook import Crossing, Outlook
from faultcast.forecasting.outlook.subject import Limit
from faultcast.reports.outlook.pages.lettering import plain, title_rows
from faultcast.reports.outlook.pages.plot import plot_outlook
from faultcast.reports.outlook.pages.scales import date_ticks, moment_text, value_range
from tests.outlooks import ORIGIN, outlook

SMALL = outlook(points=120, steps=60)
FULL = Limit(75.0, "above", "the volume is full")


pytestmark = pytest.mark.slow


def labelled(**labels: str) -> Outlook:
    subject = replace(SMALL.history.subject, labels=tuple(labels.items()))
    return replace(SMALL, history=replace(SMALL.history, subject=subject))


def flat(level: float) -> Outlook:
    values = SMALL.history.values * 0 + level
    mean = np.full(SMALL.forecast.mean.size, level)
    made = replace(SMALL.forecast, mean=mean, lower=mean, upper=mean)
    return replace(SMALL, history=replace(SMALL.history, values=values), forecast=made, folds=())


def words(svg: Path) -> str:
    """All texts of a picture; fails when the file is no XML."""
    return "\n".join(text for text in ET.parse(svg).getroot().itertext() if text.strip())  # noqa: S314


@pytest.mark.parametrize("label", ["$_{$", "^/a$|^/b$", "運用", "a\x01b\nc", '<&>"', "\\$1"])
def test_a_label_is_shown_as_it_is(label: str, tmp_path: Path) -> None:
    shown = words(plot_outlook(labelled(path=label), tmp_path / "one")[1])
    kept = label.replace("\x01", "\N{REPLACEMENT CHARACTER}").replace("\n", "\N{REPLACEMENT CHARACTER}")
    assert f'path="{kept}"' in shown


@given(st.text(max_size=400), st.integers(1, 3))
def test_a_title_has_so_many_rows_and_columns(title: str, most: int) -> None:
    rows = title_rows(title, 40, most)
    assert 1 <= len(rows) <= most
    assert all(len(row) <= 40 for row in rows)


@given(st.text())
def test_drawn_text_is_no_formula(text: str) -> None:
    drawn = plain(text)
    assert drawn.count("$") == drawn.count(r"\$") == text.count("$")


def test_the_dates_of_a_limit_stand_in_the_picture(tmp_path: Path) -> None:
    dates = (ORIGIN + timedelta(days=30), ORIGIN + timedelta(days=20), ORIGIN + timedelta(days=45))
    one = replace(outlook(), crossing=Crossing(FULL, *dates))
    shown = words(plot_outlook(one, tmp_path / "one")[1])
    for text in (
        "expected 2026-12-28",
        "earliest 2026-12-18",
        "latest 2027-01-12",
        "limit: the volume is full",
    ):
        assert text in shown


def test_dates_that_would_cover_each_other_are_left_out(tmp_path: Path) -> None:
    day, hour = ORIGIN + timedelta(days=30), timedelta(hours=1)
    dates = (day + 2 * hour, day + hour, day + 3 * hour)
    shown = words(plot_outlook(replace(outlook(), crossing=Crossing(FULL, *dates)), tmp_path / "one")[1])
    assert "expected" in shown
    assert "earliest 2" not in shown
    assert "latest 2" not in shown


def test_a_pickled_outlook_can_be_drawn_elsewhere(tmp_path: Path) -> None:
    draw, one = pickle.loads(pickle.dumps((plot_outlook, SMALL)))  # noqa: S301 - our own
    assert [path.suffix for path in draw(one, tmp_path / "one")] == [".png", ".svg"]


@settings(max_examples=60)
@given(st.floats(-1e15, 1e15))
def test_a_constant_has_room_around_it(level: float) -> None:
    low, high = value_range(flat(level))
    assert low < level < high


def test_a_band_that_explodes_does_not_flatten_the_history(tmp_path: Path) -> None:
    made = replace(SMALL.forecast, upper=SMALL.forecast.upper * 1e6)
    one = replace(SMALL, forecast=made)
    low, high = value_range(one)
    history = SMALL.history.values
    assert (history.max() - history.min()) / (high - low) > 0.15
    assert "goes on beyond the picture" in words(plot_outlook(one, tmp_path / "one")[1])


def test_a_limit_is_in_the_picture_when_it_matters() -> None:
    near = replace(SMALL, crossing=Crossing(Limit(90.0, "above", "full"), None, None, None))
    far = replace(SMALL, crossing=Crossing(Limit(9e9, "above", "full"), None, None, None))
    reached = replace(SMALL, crossing=Crossing(Limit(900.0, "above", "full"), None, ORIGIN, None))
    assert value_range(near)[1] > 90
    assert value_range(far)[1] < 1000
    assert value_range(reached)[1] > 900


def test_a_logarithmic_picture_lives_with_zeros(tmp_path: Path) -> None:
    made = replace(SMALL.forecast, lower=SMALL.forecast.lower * 0)
    one = replace(SMALL, forecast=made, logarithmic=True)
    assert value_range(one)[0] > 0
    plot_outlook(one, tmp_path / "one")


@pytest.mark.parametrize(
    ("length", "first"),
    [("17w", "Nov 1\n2026 UTC"), ("6h", "06:00\n2026-10-24 UTC"), ("4min", "06:00:00\n2026-10-24 UTC")],
)
def test_the_clock_says_year_and_zone(length: str, first: str) -> None:
    start = pd.Timestamp("2026-10-24 06:00", tz="UTC")
    places, texts = date_ticks(start, start + pd.Timedelta(length.replace("17w", "119D")))
    assert texts[0] == first
    assert places == sorted(places)
    assert 3 <= len(places) <= 10


def test_the_clock_says_when_a_year_begins() -> None:
    start = pd.Timestamp("2026-10-24", tz="UTC")
    assert "Jan 1\n2027" in date_ticks(start, start + pd.Timedelta(days=119))[1]


def test_short_pictures_show_times() -> None:
    moment = pd.Timestamp("2026-10-24 06:05", tz="UTC")
    assert moment_text(moment, pd.Timedelta(hours=1)) == "06:05"
    assert moment_text(moment, pd.Timedelta(days=2)) == "10-24 06:05"
    assert moment_text(moment, pd.Timedelta(days=9)) == "2026-10-24"
