import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.forecasting.outlook.outlook import Score
from faultcast.forecasting.outlook.subject import Limit, Refusal
from faultcast.reports.outlook.run import OutlookRun, run_id, run_mark
from faultcast.reports.outlook.storage.numbers import actual_rows, forecast_rows, statements, timestamps
from faultcast.reports.outlook.storage.rows import batch, closing, opening, regular
from tests.outlooks import ORIGIN, SOURCE, VERSION, outlook, outlook_run

START = round(ORIGIN.timestamp() * 1000)
finite = st.floats(allow_nan=False, allow_infinity=False)


def forecast(mean: list[float | None], **other: object) -> dict[str, object]:
    return {
        "start": START, "step": 3_600_000, "mean": mean, "lower": mean, "upper": mean, "clipped": [],
        "supported": len(mean),
    } | other  # fmt: skip


def history(values: list[float | None], filled: tuple[int, ...] = ()) -> dict[str, object]:
    return {"start": START, "step": 60_000, "values": values, "filled": list(filled)}


def test_an_item_survives_the_disk_as_it_is() -> None:
    made = batch(outlook_run(), [outlook(points=5, steps=4, filled=2, limit=Limit(90.0, "above", "full"))])
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_an_item_says_what_the_outlook_says() -> None:
    limit = Limit(90.0, "above", "the volume is full")
    made = batch(outlook_run(), [outlook(3, points=200, steps=8, filled=2, limit=limit, notes=("odd",))])
    (series,) = made["series"]
    assert made["run"]["run"] == outlook_run().run
    assert series["subject"]["labels"] == {"device": "/dev/sd3", "node": "worker"}
    assert (series["subject"]["limit_value"], series["subject"]["limit_side"]) == (90.0, "above")
    assert series["outlook"]["model"] == "Theta(season=24)"
    assert series["outlook"]["gap_share"] == 0.01
    assert series["outlook"]["notes"] == ["odd"]
    assert series["outlook"]["ends"] == (ORIGIN + timedelta(hours=8)).isoformat()
    assert series["outlook"]["reached"] == (ORIGIN + timedelta(weeks=2)).isoformat()
    assert series["history"]["filled"] == [100, 101]
    assert series["history"]["start"] == START - 199 * 3_600_000
    assert series["forecast"]["start"] == START + 3_600_000
    assert [score["model"] for score in series["accuracy"] if score["chosen"]] == ["Theta(season=24)"]


def test_what_is_not_finite_never_reaches_the_tables() -> None:
    made = outlook(points=3, steps=3)
    bad = np.array([1.0, math.nan, 3.0])
    made = replace(
        made,
        forecast=replace(made.forecast, mean=bad, lower=np.array([-math.inf, 0, 0]), upper=bad),
        scores=(Score("Theta", math.inf, math.nan, None, 2, chosen=True),),
    )
    (series,) = batch(outlook_run(), [made])["series"]
    assert series["accuracy"][0]["mase"] is None
    assert series["outlook"]["notes"] == ["1 forecast values were not finite and are left out"]
    first, second = forecast_rows(1, 2, series["forecast"])
    assert ",1,NULL,1," in first
    assert ",3," in second
    assert "nan" not in (first + second).lower()
    assert "inf" not in (first + second).lower()


def test_of_two_scores_with_one_name_the_chosen_one_is_kept() -> None:
    twice = (Score("A", 1.0, None, None, 2, chosen=False), Score("A", 2.0, None, None, 2, chosen=True))
    (series,) = batch(outlook_run(), [replace(outlook(points=3, steps=3), scores=twice)])["series"]
    assert [(score["mase"], score["chosen"]) for score in series["accuracy"]] == [(2.0, True)]


def test_a_name_that_is_too_long_costs_nobody_a_forecast() -> None:
    made = outlook(points=3, steps=3)
    unit = replace(made.history.subject.unit, symbol="x" * 100)
    subject = replace(made.history.subject, unit=unit)
    (series,) = batch(outlook_run(), [replace(made, history=replace(made.history, subject=subject))])[
        "series"
    ]
    assert series["subject"]["unit"] == "x" * 60


def test_times_that_are_not_regular_are_refused() -> None:
    made = outlook(points=3, steps=3)
    times = made.forecast.times[:2].append(made.forecast.times[2:] + pd.Timedelta(minutes=1))
    with pytest.raises(ValueError, match="regular"):
        batch(outlook_run(), [replace(made, forecast=replace(made.forecast, times=times))])


def test_a_login_in_the_source_is_written_nowhere() -> None:
    run = replace(outlook_run(), source="http://me:geheim@prometheus:9090/?token=geheim")
    assert "geheim" not in json.dumps([opening(run), batch(run, []), closing(run, [])])


def test_the_end_of_a_run_says_how_it_ended() -> None:
    done = closing(outlook_run(), [Refusal("up", "constant at 1")])
    assert done["end"]["status"] == "complete"
    assert done["end"]["refusals"] == 1
    assert done["refused"] == [["up", "constant at 1"]]
    assert closing(outlook_run(failure="out of memory"), [])["end"]["status"] == "failed"


def test_the_same_work_has_the_same_identity_and_other_work_another() -> None:
    mark = run_mark(VERSION, SOURCE, "all")
    name = run_id(ORIGIN, mark)
    assert name == f"20261128T200000Z-{mark}"
    assert name == run_id(ORIGIN.astimezone(), mark)
    others = {
        run_mark(replace(VERSION, hash="f" * 12), SOURCE, "all"),
        run_mark(VERSION, "http://b", "all"),
        run_mark(VERSION, SOURCE, "node_load1"),
    }
    assert len({mark, *others}) == 4


@pytest.mark.parametrize("name", ["", "../run", "a b", "x" * 65, ".hidden"])
def test_an_identity_that_cannot_name_a_file_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="identity"):
        replace(outlook_run(), run=name)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        OutlookRun("a", datetime(2026, 1, 1), ORIGIN, 1.0, 1.0, None, VERSION, SOURCE)  # noqa: DTZ001


@given(finite, finite, finite)
def test_numbers_keep_every_bit(mean: float, lower: float, upper: float) -> None:
    (row,) = forecast_rows(1, 2, forecast([mean], lower=[lower], upper=[upper]))
    run, series, at, *numbers, clipped, extrapolated = row.strip("()").split(",")
    assert (run, series, at, clipped, extrapolated) == ("1", "2", "'2026-11-28T20:00:00'", "0", "0")
    assert [float(number).hex() for number in numbers] == [x.hex() for x in (mean, lower, upper)]


def test_clipped_and_extrapolated_values_are_marked() -> None:
    rows = forecast_rows(1, 2, forecast([1.0, 2.0, 3.0], clipped=[0, 2], supported=2))
    assert [row[-4:-1] for row in rows] == ["1,0", "0,0", "1,1"]


@given(st.lists(st.none() | finite, max_size=8), st.integers(-2, 10))
def test_only_newer_values_are_written(values: list[float | None], newest: int) -> None:
    rows = actual_rows(7, history(values), START + newest * 60_000)
    assert len(rows) == sum(value is not None for value in values[max(newest + 1, 0) :])
    assert actual_rows(7, history(values), None) == actual_rows(7, history(values), START - 1)


def test_values_that_were_made_up_are_marked() -> None:
    assert [row[-2] for row in actual_rows(7, history([1.0, 2.0, 3.0], (1,)), None)] == ["0", "1", "0"]


def test_a_statement_is_of_bounded_size() -> None:
    rows = [
        "(1,1,'2026-11-28T20:00:00',0.12345678901234567,0.12345678901234567,0.12345678901234567,0,0)"
    ] * 20000
    made = list(statements(rows, []))
    assert len(made) == 3
    assert max(len(each) for each in made) < 1_000_000
    assert sum(each.count("(1,1,") for each in made) == 20000
    assert list(statements([], [])) == []


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(1, 10**8),
    st.integers(1, 5),
)
def test_times_read_back_as_they_were(start: datetime, step: int, count: int) -> None:
    begin = round(start.replace(tzinfo=UTC, microsecond=start.microsecond // 1000 * 1000).timestamp() * 1000)
    times = pd.DatetimeIndex(pd.to_datetime([begin + i * step for i in range(count)], unit="ms", utc=True))
    assert regular(times) == (begin, step if count > 1 else 0, count)
    assert list(pd.to_datetime(list(timestamps(*regular(times))), utc=True, format="ISO8601")) == list(times)
