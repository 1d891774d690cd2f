"""Panels in one style: what they show, in which unit, and why one may be empty."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from grafana_foundation_sdk.builders import common, dashboard, logs, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    DataSourceRef,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    LogsSortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)

from faultcast.reports.grafana.source.queries import LOKI, MYSQL, Query

__all__ = ["VERDICTS", "Panel", "graph", "lines", "number", "sheet"]

Panel = Builder[models.Panel]

VERDICTS = {"HELD": "green", "DEVIATED": "red", "UNKNOWN": "orange"}
"""The colour of each verdict, everywhere."""


def number(
    title: str,
    description: str,
    query: Query,
    *,
    source: DataSourceRef,
    unit: str = "short",
    steps: Sequence[tuple[float, str]] = (),
    base: str = "green",
    width: int = 4,
    empty: str = "",
) -> Panel:
    """One large number.

    Args:
        title: Title.
        description: What it says, for the panel's help.
        query: Gives one value.
        source: Where it is asked.
        unit: Grafana's name of the unit.
        steps: From which value on it has which colour.
        base: The colour below the first step.
        width: Of 24 columns.
        empty: Why there may be no value; empty when there always is one.
    """
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(source)
        .with_target(query)
        .unit(unit)
        .thresholds(_thresholds(steps, base))
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .span(width)
        .height(4)
    )
    return panel.no_value(empty) if empty else panel


def graph(
    title: str,
    description: str,
    *queries: Query,
    source: DataSourceRef,
    unit: str = "short",
    steps: Sequence[tuple[float, str]] = (),
    colours: Mapping[str, str] | None = None,
    bars: bool = False,
    points: bool = False,
    band: tuple[str, str] | None = None,
    width: int = 12,
    empty: str = "",
) -> Panel:
    """Values over time.

    Args:
        title: Title.
        description: What it says, for the panel's help.
        queries: Give the series.
        source: Where they are asked.
        unit: Grafana's name of the unit.
        steps: Levels that are drawn as dashed lines, with their colours.
        colours: The colour of some series, by name.
        bars: Stacked bars, for counts.
        points: Points alone, for values at irregular times.
        band: Names of the upper and the lower series of a band, which is filled.
        width: Of 24 columns.
        empty: Why there may be nothing; empty when there always is something.
    """
    panel = timeseries.Panel().title(title).description(description).datasource(source).unit(unit)
    panel.line_width(1).fill_opacity(70 if bars else 0).span(width).height(8)
    panel.draw_style(
        GraphDrawStyle.BARS if bars else GraphDrawStyle.POINTS if points else GraphDrawStyle.LINE
    )
    panel.show_points(VisibilityMode.ALWAYS if points else VisibilityMode.NEVER)
    panel.legend(
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    if bars:
        panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    if steps:
        from grafana_foundation_sdk.models.common import GraphThresholdsStyleMode

        panel.thresholds(_thresholds(steps, "transparent"))
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    for query in queries:
        panel.with_target(query)
    for name, colour in (colours or {}).items():
        panel.override_by_name(name, [_property("color", {"mode": "fixed", "fixedColor": colour})])
    if band:
        panel.override_by_name(
            band[0],
            [_property("custom.fillBelowTo", band[1]), _property("custom.fillOpacity", 15)],
        )
    return panel.no_value(empty) if empty else panel


def sheet(
    title: str,
    description: str,
    query: Query,
    *,
    source: DataSourceRef = MYSQL,
    hidden: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    links: Mapping[str, tuple[str, str]] | None = None,
    width: int = 24,
    height: int = 8,
    empty: str = "",
) -> Panel:
    """Rows and columns; a column `verdict` has the colours of verdicts.

    Args:
        title: Title.
        description: What it says, for the panel's help.
        query: Gives the rows.
        source: Where it is asked.
        hidden: Columns that are there for links alone.
        names: What columns of metrics are called instead; their value is shown only when it is named.
        units: Grafana's names of the units of some columns.
        links: For some columns a title and where a click leads.
        width: Of 24 columns.
        height: In rows of the grid.
        empty: Why there may be no row; empty when there always is one.
    """
    panel = table.Panel().title(title).description(description).datasource(source).with_target(query)
    panel.span(width).height(height)
    mapping = models.ValueMap({name: models.ValueMappingResult(color=c) for name, c in VERDICTS.items()})
    panel.override_by_name(
        "verdict", [_property("mappings", [mapping]), _property("custom.cellOptions", {"type": "color-text"})]
    )
    for column in hidden:
        panel.override_by_name(column, [_property("custom.hidden", True)])
    for column, unit in (units or {}).items():
        panel.override_by_name(column, [_property("unit", unit)])
    for column, (said, url) in (links or {}).items():
        panel.override_by_name(column, [_property("links", [{"title": said, "url": url}])])
    if names is not None:
        gone = {name: True for name in ("Time", "Value") if name not in names}
        options = {"excludeByName": gone, "renameByName": dict(names)}
        panel.with_transformation(models.DataTransformerConfig(id_val="organize", options=options))
    return panel.no_value(empty) if empty else panel


def lines(
    title: str, description: str, query: Query, *, width: int = 24, height: int = 12, empty: str = ""
) -> Panel:
    """Log lines, the newest first.

    Args:
        title: Title.
        description: What it says, for the panel's help.
        query: Gives the lines.
        width: Of 24 columns.
        height: In rows of the grid.
        empty: Why there may be no line; empty when there always is one.
    """
    panel = logs.Panel().title(title).description(description).datasource(LOKI).with_target(query)
    panel.show_time(True).wrap_log_message(True).enable_log_details(True)
    panel.sort_order(LogsSortOrder.DESCENDING).span(width).height(height)
    return panel.no_value(empty) if empty else panel


def _thresholds(steps: Sequence[tuple[float, str]], base: str) -> Builder[models.ThresholdsConfig]:
    first = models.Threshold(value=None, color=base)
    return (
        dashboard.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([first, *(models.Threshold(value=value, color=colour) for value, colour in steps)])
    )


def _property(name: str, value: Any) -> models.DynamicConfigValue:
    return models.DynamicConfigValue(name, cast("object", value))
