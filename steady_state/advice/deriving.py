"""From a judged trial to advice: all rules, one advice for each line to change, the most important first."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from faultcast.experiments.history import TrialHistory
from faultcast.experiments.manifests.facts import TrialFacts
from faultcast.steady_state.advice.advice import Advice, Confidence, distinct
from faultcast.steady_state.advice.alerts import late_alert, missing_alert
from faultcast.steady_state.advice.budgets import missing_budget
from faultcast.steady_state.advice.case import Case
from faultcast.steady_state.advice.clients import no_retry, sudden_end
from faultcast.steady_state.advice.dns import node_cache, second_server
from faultcast.steady_state.advice.finding import case_of
from faultcast.steady_state.advice.nodes import other_site, too_few_nodes
from faultcast.steady_state.advice.probes import missing_readiness, slow_readiness, strict_liveness
from faultcast.steady_state.advice.replicas import more_replicas, spreading
from faultcast.steady_state.advice.resources import cpu_limit, memory_limit, missing_request
from faultcast.steady_state.advice.storage import bound_volume
from faultcast.steady_state.verdict import TrialVerdict

__all__ = ["RULES", "TOP", "Rule", "advise", "ranked"]

Rule = Callable[[Case], Iterator[Advice]]

RULES: tuple[Rule, ...] = (
    more_replicas,
    missing_budget,
    spreading,
    bound_volume,
    second_server,
    node_cache,
    missing_readiness,
    slow_readiness,
    strict_liveness,
    cpu_limit,
    memory_limit,
    missing_request,
    sudden_end,
    no_retry,
    too_few_nodes,
    other_site,
    missing_alert,
    late_alert,
)
"""All rules."""

_FAMILIES = (
    "replicas",
    "budget",
    "spread",
    "storage",
    "dns",
    "probes",
    "resources",
    "clients",
    "nodes",
    "site",
    "alert",
)
_ORDER = {family: place for place, family in enumerate(_FAMILIES)}

TOP = 3
"""How many are shown where there is no room for all."""

_SURE: dict[Confidence, int] = {"high": 0, "medium": 1, "low": 2}


def advise(
    history: TrialHistory,
    verdict: TrialVerdict,
    facts: TrialFacts,
    lost: Mapping[str, float] | None = None,
) -> tuple[Advice, ...]:
    """What should be changed; nothing where nothing may be concluded.

    Args:
        history: What happened.
        verdict: What is concluded.
        facts: What the manifests said; rules that need what is not known are silent.
        lost: Points that each metric cost the score, by its name, where there is a score.

    Returns:
        The most important first (`ranked`). Empty unless the trial was completed, its faults were proved and
        a metric that counts deviated; a known weakness gets its advice.

    Example:
        >>> history, series = load_trial(folder)
        >>> advise(history, load_verdict(folder), load_facts(folder))[:TOP]
    """
    case = case_of(history, verdict, facts, lost)
    if case is None:
        return ()
    return ranked(advice for rule in RULES for advice in rule(case))


def ranked(found: Iterable[Advice]) -> tuple[Advice, ...]:
    """Advice in order of importance, each line to change once.

    Critical metrics come before others, then what lost more points, then what is surer, then what absorbs a
    fault before what only tells of it; what is still equal goes by its text, so that the order is the same
    each time.
    """
    return distinct(
        sorted(
            found,
            key=lambda one: (
                not one.critical,
                -(one.lost or 0.0),
                _SURE[one.confidence],
                _ORDER.get(one.rule, len(_ORDER)),
                str(one.change),
            ),
        )
    )
