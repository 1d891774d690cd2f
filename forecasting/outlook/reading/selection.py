"""Which metrics are wanted, and which are left out by their names."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from faultcast.forecasting.outlook.subject import MetricKind, Refusal
from faultcast.infra.errors import ConfigurationError

__all__ = ["UNMEASURED", "Names", "Wanted", "choose"]

UNMEASURED = (
    "ALERTS*",
    "scrape_*",
    "*_info",
    "*_created",
    "*_labels",
    "*_annotations",
    "*_timestamp",
    "*_timestamp_seconds",
    "*_start_time_seconds",
    "*_boot_time_seconds",
    "node_time_seconds",
)
"""Names that measure nothing: alerts, the monitoring's own book-keeping, labels, moments."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants forecasts of.

    Attributes:
        metrics: Names of metrics.
        queries: PromQL.
        all_metrics: Every metric that Prometheus has.
        include: Patterns of names that are wanted, of all; empty for every one that measures something.
        exclude: Patterns of names that are not.
        kinds: What metrics are, by name, against what Prometheus says.
        limits: Limits by name of metric, in the metric's stored unit.
    """

    metrics: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    all_metrics: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    kinds: Mapping[str, MetricKind] | None = None
    limits: Mapping[str, float] | None = None


class Names:
    """Names of metrics, and the families they belong to.

    Args:
        stored: As Prometheus has them.
    """

    def __init__(self, stored: Iterable[str]) -> None:
        self._stored = frozenset(stored)
        self.histograms = frozenset(
            name.removesuffix("_bucket") for name in self._stored if name.endswith("_bucket")
        )
        self.known = self._stored | self.histograms

    def own(self, name: str) -> str:
        """The name under which a metric is forecast: of a histogram its own, not that of its buckets."""
        base = name.removesuffix("_bucket")
        return base if base in self.histograms else name

    def observed(self, name: str) -> bool:
        """Whether a metric counts observations: `x_count` beside `x_sum`."""
        return name.endswith("_count") and f"{name.removesuffix('_count')}_sum" in self._stored

    def carrier(self, name: str) -> str:
        """The stored metric that has the labels of a metric's series, each set as seldom as possible."""
        if name not in self.histograms:
            return name
        return f"{name}_count" if f"{name}_count" in self._stored else f"{name}_bucket"

    def part_of(self, name: str) -> str:
        """Of what a metric is a part that is not forecast by itself; empty for none."""
        base, _, part = name.rpartition("_")
        if part in ("bucket", "count") and base in self.histograms:
            return f"part of the histogram {base}"
        if part == "sum" and f"{base}_count" in self._stored:
            return f"the sum of observations, of which {base} and {base}_count say more"
        return ""


def choose(wanted: Wanted, names: Names) -> tuple[list[str], list[Refusal]]:
    """Names of the metrics to forecast, in order, and what is left out of all.

    Args:
        wanted: What is wanted.
        names: What there is.

    Raises:
        ConfigurationError: Nothing is wanted, or there is no metric of a name.
    """
    if not (wanted.metrics or wanted.queries or wanted.all_metrics):
        message = "nothing to forecast was named"
        raise ConfigurationError(message, remedy="add --metric NAME, --query PROMQL or --all")
    for metric in wanted.metrics:
        if metric not in names.known:
            raise _unknown(metric, sorted(names.known))
    chosen = {names.own(metric) for metric in wanted.metrics}
    refused: list[Refusal] = []
    for name in sorted(names.known) if wanted.all_metrics else ():
        if name in chosen:
            continue
        why = _left_out(name, wanted, names)
        if why:
            refused.append(Refusal(name, why))
        else:
            chosen.add(name)
    return sorted(chosen), refused


def _left_out(name: str, wanted: Wanted, names: Names) -> str:
    if why := names.part_of(name):
        return why
    if _matches(name, wanted.exclude):
        return "excluded"
    if wanted.include:
        return "" if _matches(name, wanted.include) else "excluded: not among those to include"
    return "excluded: no measurement, by its name" if _matches(name, UNMEASURED) else ""


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _unknown(metric: str, known: Sequence[str]) -> ConfigurationError:
    near = difflib.get_close_matches(metric, known, 3)
    remedy = f"did you mean {', '.join(near)}?" if near else "see what there is with --all"
    return ConfigurationError(f"Prometheus has no metric {metric}", remedy=remedy)
