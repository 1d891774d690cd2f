"""The outlook: each series' forecast with its band against what came, and when what runs out."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from faultcast.reports.grafana.source.frame import choice, framed
from faultcast.reports.grafana.source.panels import graph, number, sheet
from faultcast.reports.grafana.source.queries import MYSQL, Sql

__all__ = ["outlook"]

_NONE = "no outlook was made: faultcast forecast --db, or faultcast forecaster deploy"
_SERIES = "subject = ${series:sqlstring}"


def outlook() -> Dashboard:
    """The dashboard."""
    sums = (
        number(
            "Days until the first limit",
            "Expected date of the most urgent limit, of all series.",
            Sql(
                "SELECT days_left FROM v_days_until_limit WHERE days_left IS NOT NULL ORDER BY days_left LIMIT 1"
            ),
            source=MYSQL,
            unit="d",
            steps=((7, "orange"), (28, "green")),
            base="red",
            empty="no series reaches a limit within its horizon",
        ),
        number(
            "Series",
            "Series with a forecast.",
            Sql("SELECT COUNT(*) AS series FROM series WHERE latest_run_id IS NOT NULL"),
            source=MYSQL,
            base="blue",
        ),
        number(
            "Refused",
            "Series that the newest run did not forecast; the table below says why.",
            Sql("SELECT refusals FROM forecast_runs WHERE status = 'complete' ORDER BY slot DESC LIMIT 1"),
            source=MYSQL,
            base="blue",
            empty=_NONE,
        ),
        number(
            "Age of the newest run",
            "Since the moment that the newest complete run forecast from.",
            Sql(
                "SELECT TIMESTAMPDIFF(SECOND, MAX(slot), UTC_TIMESTAMP(3)) AS age FROM forecast_runs "
                "WHERE status = 'complete'"
            ),
            source=MYSQL,
            unit="s",
            steps=((2 * 86400, "orange"), (7 * 86400, "red")),
            empty=_NONE,
        ),
    )
    forecast = graph(
        "Forecast and measured",
        "Black is measured; blue is the newest forecast, inside of its band.",
        Sql(
            "SELECT f.at AS time, f.mean AS forecast, f.lower, f.upper\n"
            f"FROM v_latest_forecast f WHERE f.{_SERIES} AND $__timeFilter(f.at) ORDER BY f.at",
            series=True,
        ),
        Sql(
            "SELECT a.at AS time, a.value AS measured\n"
            f"FROM actuals a JOIN series s ON s.id = a.series_id WHERE s.{_SERIES} AND $__timeFilter(a.at) "
            "ORDER BY a.at",
            series=True,
            ref="B",
        ),
        source=MYSQL,
        colours={"forecast": "blue", "lower": "light-blue", "upper": "light-blue", "measured": "text"},
        band=("upper", "lower"),
        width=24,
        empty=_NONE,
    )
    limits = sheet(
        "Days until a limit",
        "When what runs out, the most urgent first, with the span between the earliest and the latest date.",
        Sql(
            "SELECT series, limit_what AS limit_is, limit_value, unit, IF(already, 'reached', '') AS now, "
            "days_left, earliest, expected, latest, model, subject FROM v_days_until_limit"
        ),
        units={"days_left": "d"},
        hidden=("subject",),
        links={"series": ("show", "/d/faultcast-outlook?var-series=${__data.fields.subject}")},
        empty="no series has a limit",
    )
    accuracy = graph(
        "Error of earlier forecasts",
        "Symmetric mean error of what was forecast 1, 7, 28 and 84 days before.",
        Sql(
            "SELECT day AS time, CONCAT(lead_days, ' days before') AS metric, smape / 100 AS error\n"
            f"FROM v_accuracy_over_time WHERE {_SERIES} AND $__timeFilter(day) ORDER BY day",
            series=True,
        ),
        source=MYSQL,
        unit="percentunit",
        empty="no forecast is old enough to be compared",
    )
    coverage = graph(
        "Share inside of the band",
        "Of the measured values; the band is made for nine of ten.",
        Sql(
            "SELECT day AS time, CONCAT(lead_days, ' days before') AS metric, coverage AS inside\n"
            f"FROM v_accuracy_over_time WHERE {_SERIES} AND $__timeFilter(day) ORDER BY day",
            series=True,
        ),
        source=MYSQL,
        unit="percentunit",
        steps=((0.9, "green"),),
        empty="no forecast is old enough to be compared",
    )
    models = sheet(
        "Models",
        "How well each model forecast this series in the backtests of its newest run.",
        Sql(
            "SELECT a.model, IF(a.chosen, 'chosen', '') AS used, a.mase, a.smape, a.coverage, a.nominal, a.folds\n"
            "FROM accuracy a JOIN series s ON s.id = a.series_id AND s.latest_run_id = a.run_id\n"
            f"WHERE s.{_SERIES} ORDER BY a.chosen DESC, a.mase IS NULL, a.mase"
        ),
        units={"coverage": "percentunit", "nominal": "percentunit"},
        width=12,
        empty=_NONE,
    )
    refused = sheet(
        "Not forecast",
        "What the newest run did not forecast, and why.",
        Sql(
            "SELECT title AS series, reason FROM forecast_refusals WHERE run_id = "
            "(SELECT id FROM forecast_runs WHERE status = 'complete' ORDER BY slot DESC LIMIT 1) "
            "ORDER BY number LIMIT 200"
        ),
        width=12,
        empty="every series was forecast",
    )
    return framed(
        "outlook",
        "Outlook",
        "Forecasts weeks ahead against what came, and when what runs out, from the results database.",
        (
            ("All series", sums),
            ("This series", (forecast, accuracy, coverage)),
            ("Limits", (limits,)),
            ("How it was made", (models, refused)),
        ),
        variables=(
            choice(
                "series",
                "series",
                "SELECT title AS __text, subject AS __value FROM series WHERE latest_run_id IS NOT NULL "
                "ORDER BY title LIMIT 2000",
            ),
        ),
        begin="now-28d",
        end="now+84d",
        refresh="5m",
    )
