from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest

from faultcast.experiments.history import Span
from faultcast.reports.pictures.canvas import STYLE, save
from faultcast.reports.pictures.curve import curve_figure
from faultcast.steady_state.resilience import FirstAlert, Response, Traced
from faultcast.steady_state.verdict import Recovery, Status
from tests.factories import STEP, at, make_forecast, make_history, make_resilience, make_series
from tests.unit.reports.test_plots import words

pytestmark = pytest.mark.slow

HISTORY = make_history(Status.DEVIATED)
WATCH = Span(at(0), at(90))
FALLEN = replace(make_resilience(-18.0), area=700.0, recovery=Recovery(16.0, censored=False, allowed=60.0))


def course(metric: str) -> pd.DataFrame:
    """Forecast and samples, with ten samples from before the injection."""
    forecast = make_forecast(metric, WATCH)
    whole = forecast.reindex(pd.date_range(at(-10 * STEP), at(88), freq=pd.Timedelta(seconds=STEP)))
    return whole.assign(measured=make_series(depth=1.0)[metric])


CURVES = {
    "order_rate": Traced(FALLEN, course("order_rate")),
    "error_ratio": Traced(replace(FALLEN, detected=None), course("error_ratio")),
    "order_p95": Traced(FALLEN),
}
ALERT = Response(watched=True, alert=FirstAlert("ShopErrorsHigh", 22.0))


def drawn(folder: Path, curves: dict[str, Traced]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    with mpl.rc_context(STYLE):
        return save(curve_figure(HISTORY, curves, ALERT), folder / "curve")


def test_a_curve_says_in_words_what_it_shows(tmp_path: Path) -> None:
    text = words(drawn(tmp_path, CURVES)[1])
    for label in (
        "store-pod-delete: resilience curves",
        "order_rate [req/s]",
        "error_ratio",
        "0 %",
        "seen after 4 s, first alert after 22 s (ShopErrorsHigh); at worst 18 req/s below forecast",
        "not seen to deviate within 88 s",
        "seconds since the injection at 2026-11-25 01:08:00 UTC",
        *("injected", "reverted", "seen", "first alert", "worst", "back, as measured", "degradation"),
        *("measured", "forecast band"),
    ):
        assert label in text, label
    assert "order_p95" not in text  # its course was not kept


def test_the_same_curves_give_the_same_bytes(tmp_path: Path) -> None:
    once, again = (drawn(tmp_path / name, CURVES) for name in ("once", "again"))
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


def test_an_undisturbed_metric_is_drawn_without_a_loss(tmp_path: Path) -> None:
    text = words(drawn(tmp_path, {"error_ratio": CURVES["error_ratio"]})[1])
    for label in ("degradation", "worst", "back, as measured"):
        assert label not in text


@pytest.mark.parametrize("direction", ["up", "down", "either"])
def test_holes_and_every_direction_can_be_drawn(tmp_path: Path, direction: str) -> None:
    holed = course("order_rate")
    holed.loc[at(6) : at(12), "measured"] = float("nan")
    spec = HISTORY.metrics[0].model_copy(update={"direction": direction})
    figure = curve_figure(replace(HISTORY, metrics=(spec,)), {spec.name: Traced(FALLEN, holed)})
    assert figure is not None
    assert save(figure, tmp_path / "curve")[0].stat().st_size > 0


def test_without_a_curve_there_is_no_picture() -> None:
    assert curve_figure(HISTORY, {}) is None
    assert curve_figure(HISTORY, {"order_p95": CURVES["order_p95"]}) is None
    assert curve_figure(replace(HISTORY, injections=()), CURVES) is None
