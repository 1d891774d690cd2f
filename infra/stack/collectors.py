"""Which of a node's two log collectors delivers nothing, although the other one does."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["COLLECTORS", "QUESTION", "silence_findings"]

COLLECTORS = ("vlagent", "rsyslog")
"""The collectors of each node of a local cluster, by the label `collector` of their lines."""

_BY_POD, _BY_NODE = "kubernetes.pod_node_name", "node"
QUESTION = f"_time:2m offset 15s collector:* | stats by (collector, {_BY_POD}, {_BY_NODE}) count() lines"
"""LogsQL for `/select/logsql/stats_query`; the latest lines may still be on their way."""


def silence_findings(answer: Mapping[str, Any]) -> list[str]:
    """A sentence for each collector that is silent while the other of its node is not.

    A node of which neither delivers is off, or new, or quiet; others tell that.

    Args:
        answer: The log store's answer to `QUESTION`.
    """
    rows: Sequence[Mapping[str, Any]] = answer["data"]["result"]
    heard: dict[str, set[str]] = {}
    for labels in (row["metric"] for row in rows):
        if node := labels.get(_BY_POD) or labels.get(_BY_NODE):
            heard.setdefault(node, set()).add(labels["collector"])
    return [
        f"log collector {name} of node {node} delivers nothing, the other one does: "
        f"kubectl -n monitoring get pods -l app={name} -o wide"
        for node in sorted(heard)
        for name in COLLECTORS
        if name not in heard[node]
    ]
