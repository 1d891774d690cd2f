"""What all dashboards have: identity, links to each other, variables, and the windows of faults."""

from collections.abc import Sequence
from typing import Any, cast

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models

from faultcast.reports.grafana.source.panels import Panel
from faultcast.reports.grafana.source.queries import MYSQL, PROMETHEUS, Sql

__all__ = ["ALL", "SPAN", "TAG", "TRIAL_LINK", "Rows", "Variable", "choice", "framed", "label", "typed"]

TAG = "faultcast"
ALL = "$__all"
Variable = Builder[models.VariableModel]
Rows = Sequence[tuple[str, Sequence[Panel]]]

TRIAL_LINK = (
    "/d/faultcast-trial?var-trial=${__data.fields.trial}"
    "&from=${__data.fields.opens}&to=${__data.fields.closes}"
)
"""To the trial of a row, over its time; the row has `trial`, `opens` and `closes` (milliseconds)."""

SPAN = ", ".join(
    f"CAST(FLOOR(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', t.{column}) / 1000) {away} AS CHAR) AS {name}"
    for column, away, name in (("started", "- 60000", "opens"), ("ended", "+ 60000", "closes"))
)
"""From a minute before to a minute after a trial `t`, in milliseconds since the epoch; as text, or Grafana would round them."""

_FAULTS = """SELECT f.started AS time, COALESCE(f.ended, f.started) AS timeend,
       CONCAT(f.fault, IF(f.proved, '', ' (not proved)'), ' in ', t.experiment) AS text, t.experiment AS tags
FROM fault_windows f JOIN trials t ON t.id = f.trial_id
WHERE f.started <= $__timeTo() AND COALESCE(f.ended, f.started) >= $__timeFrom()
ORDER BY f.started"""


def framed(
    uid: str,
    title: str,
    description: str,
    rows: Rows,
    *,
    variables: Sequence[Variable] = (),
    begin: str = "now-30m",
    end: str = "now",
    refresh: str = "10s",
    faults: bool = False,
) -> models.Dashboard:
    """A whole dashboard, its panels numbered in order.

    Args:
        uid: Its identity, which links and `push` use.
        title: Title.
        description: What it answers.
        rows: Titles of the rows, and their panels.
        variables: What can be chosen, in order.
        begin: Beginning of the time range that it opens with.
        end: Its end.
        refresh: How often it is read again.
        faults: Whether the windows of faults are marked in its graphs.
    """
    made = dashboard.Dashboard(title).uid(f"{TAG}-{uid}").description(description).tags([TAG]).readonly()
    made.time(begin, end).refresh(refresh).timezone("utc").tooltip(models.DashboardCursorSync.CROSSHAIR)
    made.link(
        dashboard.DashboardLink("Faultcast")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .keep_time(True)
    )
    for variable in variables:
        made.with_variable(variable)
    if faults:
        made.annotation(
            dashboard.AnnotationQuery()
            .name("Fault windows")
            .datasource(MYSQL)
            .enable(True)
            .icon_color("orange")
            .target(Sql(_FAULTS))
        )
    for name, panels in rows:
        made.with_row(dashboard.Row(name))
        for panel in panels:
            made.with_panel(panel)
    whole = made.build()
    for link in cast("list[Any]", whole.links or []):
        link.placement = None  # the SDK would hide it in a menu
    for place, panel in enumerate(cast("list[Any]", whole.panels or []), 1):
        panel.id_val = place
    return whole


def choice(name: str, text: str, sql: str, *, several: bool = False) -> Variable:
    """A variable whose values are read from the database.

    Args:
        name: Its name in queries.
        text: What people see.
        sql: Gives its values; two columns `__text` and `__value` where they differ.
        several: Whether several values, and all of them, can be chosen.
    """
    return _query(name, text, several).datasource(MYSQL).query(sql)


def label(name: str, text: str, metric: str, of: str = "") -> Variable:
    """A variable whose values are those of a label in Prometheus; several, or all, can be chosen.

    Args:
        name: Its name in queries.
        text: What people see.
        metric: The series that have it.
        of: The label; the variable's name when empty.
    """
    variable = _query(name, text, several=True).datasource(PROMETHEUS)
    return variable.query(f"label_values({metric}, {of or name})").all_value(".+")


def typed(name: str, text: str, description: str) -> Variable:
    """A variable that people type.

    Args:
        name: Its name in queries.
        text: What people see.
        description: What is expected.
    """
    return dashboard.TextBoxVariable(name).label(text).description(description).default_value("")


def _query(name: str, text: str, several: bool) -> dashboard.QueryVariable:
    variable = dashboard.QueryVariable(name).label(text)
    variable.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(models.VariableSort.DISABLED)
    if several:
        variable.multi(True).include_all(True).current(models.VariableOption(True, "All", [ALL]))
    return variable
