"""A drain took pods of one workload together: a disruption budget makes it take them one after the other."""

from collections.abc import Iterator

from faultcast.experiments.manifests.facts import Budget
from faultcast.experiments.manifests.workloads import Workload
from faultcast.steady_state.advice.advice import Advice, Figure
from faultcast.steady_state.advice.case import Case
from faultcast.steady_state.advice.patches import added

__all__ = ["missing_budget"]


def missing_budget(case: Case) -> Iterator[Advice]:
    """A drain may evict all pods of a workload at once where no budget is against it.

    A workload of one pod gets no budget: it would only make its node impossible to drain.
    """
    before = case.before
    if before is None:
        return
    for struck in case.struck:
        workload = struck.workload
        drained = struck.fault == "node-drain" and struck.hit > 1
        known = before.knows("poddisruptionbudgets", namespace=workload.namespace)
        if not drained or not known or not (workload.selector or workload.labels):
            continue
        if any(_covers(budget, workload) for budget in before.budgets):
            continue
        yield Advice(
            rule="budget",
            cause=f"the drain could evict {struck.hit} of {len(workload.pods)} pods of {workload} together",
            root=f"{workload} away",
            change=added(
                {
                    "apiVersion": "policy/v1",
                    "kind": "PodDisruptionBudget",
                    "metadata": {"name": workload.name, "namespace": workload.namespace},
                    "spec": {
                        "maxUnavailable": 1,
                        "selector": {"matchLabels": dict(workload.selector or workload.labels)},
                    },
                },
                "maxUnavailable: 1",
            ),
            evidence=(
                Figure(f"pods of {workload} on node {struck.node}", struck.hit),
                Figure(f"disruption budgets for {workload}", 0),
                *case.worst,
            ),
            metrics=case.metrics,
            critical=case.critical,
            confidence="high" if struck.measured and struck.alone else "medium" if struck.measured else "low",
            because="all its pods were evicted from one node, and no budget was against it"
            if struck.measured and struck.alone
            else "whether its other pods could have carried the load was not measured"
            if struck.measured
            else f"no metric that deviated names the namespace {workload.namespace}",
            silent_when="a disruption budget for it, or fewer than two of its pods on the node",
            lost=case.lost,
        )


def _covers(budget: Budget, workload: Workload) -> bool:
    """Whether a budget is about a workload; one that selects by expressions may be."""
    if budget.namespace != workload.namespace:
        return False
    return not budget.selector or budget.selector.items() <= workload.labels.items()
