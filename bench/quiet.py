"""How often windows of a cluster that nobody breaks are called a deviation, read from its Prometheus.

    python bench/quiet.py http://192.168.253.135:31539 --minutes 35

Every window of the last minutes is judged against the samples before it, for a dozen metrics of all kinds.
Run it only when nothing has been broken in that time.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pandas as pd

from faultcast.forecasting.sources import PrometheusSource
from faultcast.infra.errors import MetricSourceError
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.prometheus.series import step_of
from faultcast.steady_state import judge_window

ALPHAS = (0.01, 0.05, 0.10)
SHAPES = ((8, 128), (15, 150), (15, 600))
"""Samples of a window, and of the history before it."""

_CLIENT = "shop_client_request"
_NAMESPACES = ("shop", "monitoring", "kube-system", "machine-learning")


def queries() -> dict[str, str]:
    """Metrics of users, of containers, of the cluster's own parts and of the machine."""
    found = {
        "served_rate": f'sum(rate({_CLIENT}s_total{{namespace="shop",outcome="ok"}}[10s]))',
        "dns_rate": "sum(rate(coredns_dns_requests_total[10s]))",
        "machine_outside": "faultcast:machine_outside_cores",
    }
    for quantile in (0.5, 0.95):
        buckets = f'sum by (le) (rate({_CLIENT}_duration_seconds_bucket{{namespace="shop"}}[10s]))'
        found[f"latency_{quantile}"] = f"histogram_quantile({quantile}, {buckets})"
    for namespace in _NAMESPACES:
        containers = f'{{namespace="{namespace}",container!=""}}'
        found[f"cpu {namespace}"] = f"sum(rate(container_cpu_usage_seconds_total{containers}[10s]))"
        found[f"memory {namespace}"] = f"sum(container_memory_working_set_bytes{containers})"
    return found


def p_values(values: pd.Series, window: int, history: int) -> Iterator[float]:
    """The p-value of every window side by side that has a whole history before it."""
    for start in range(history, len(values) - window + 1, window):
        verdict = judge_window(values[start - history : start], values[start : start + window])
        if verdict.p_value is not None:
            yield verdict.p_value


def main() -> None:
    """Print the share of windows with p <= alpha, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("prometheus", help="URL of the cluster's Prometheus; `faultcast status` says it")
    parser.add_argument("--minutes", type=float, default=35.0)
    options = parser.parse_args()
    client = PrometheusAccess(options.prometheus).client()
    step = step_of(client, queries().values(), datetime.now(UTC))
    last = (datetime.now(UTC).timestamp() // step - 2) * step
    end = datetime.fromtimestamp(last, UTC)
    series = {}
    for name, query in queries().items():
        try:
            found = PrometheusSource(client).fetch(query, end - timedelta(minutes=options.minutes), end, step)
        except MetricSourceError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        series[name] = found.values
    result = []
    for window, history in SHAPES:
        judged = [p for values in series.values() for p in p_values(values, window, history)]
        shares = {
            f"{alpha:.2f}": round(sum(p <= alpha for p in judged) / max(1, len(judged)), 4)
            for alpha in ALPHAS
        }
        result.append({"window": window, "history": history, "windows": len(judged), "called": shares})
    print(json.dumps({"metrics": sorted(series), "step_s": step, "shapes": result}, indent=2))


if __name__ == "__main__":
    main()
