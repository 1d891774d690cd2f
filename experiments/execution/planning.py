"""From a fault and its arguments to a plan and the reasons against it: one decision for preview and run."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from faultcast.experiments.document.extension import Rules
from faultcast.experiments.document.ranges import draw
from faultcast.experiments.fault import Fault, FaultArguments, Plan, checked_arguments
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.permissions import helper_rights
from faultcast.experiments.safety.radius import FaultRefusal, refusals
from faultcast.infra.errors import ExperimentError

__all__ = ["arguments_for", "plan_fault"]


def arguments_for(fault: Fault[Any], raw: Mapping[str, Any], *, seed: int, number: int) -> FaultArguments:
    """The arguments of one fault of a method, every range drawn: the same ones for the same seed.

    Args:
        fault: The fault.
        raw: Values by name, as the experiment gives them; None means "not given".
        seed: The run's seed.
        number: The fault's place in the method, from 0.

    Raises:
        ExperimentError: They do not fit.
    """
    rng = Random(f"{seed}/{number}/arguments")  # noqa: S311 - reproducible on purpose
    try:
        drawn = draw(fault.arguments, raw, rng)
    except ValueError as error:
        message = f"wrong arguments of {fault.kind}: {error}"
        raise ExperimentError(message, remedy="correct them in the experiment file") from error
    return checked_arguments(fault, drawn)


def plan_fault(
    fault: Fault[Any],
    arguments: FaultArguments,
    access: Access,
    extension: Rules,
    *,
    seed: int,
    number: int,
    turn: int = 0,
) -> tuple[Plan, tuple[FaultRefusal, ...]]:
    """Resolve one injection and judge it; reads only.

    Args:
        fault: The fault.
        arguments: Its arguments.
        access: The cluster.
        extension: The experiment's rules.
        seed: The run's seed.
        number: The fault's place in the method, from 0.
        turn: How often it was injected before, for a repeated fault.

    Returns:
        The plan, and the reasons against it; it may be carried out only when there are none.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    rng = Random(f"{seed}/{number}/{turn}")  # noqa: S311 - reproducible on purpose
    plan = replace(fault.plan(access, arguments, rng, extension.evidence.peer), fault=fault.kind)
    if not fault.harmless:
        needed = dict.fromkeys((*plan.permissions, *(helper_rights() if access.helper_image else ())))
        plan = replace(plan, permissions=tuple(needed))
    return plan, refusals(plan, extension.blast_radius, harmless=fault.harmless)
