"""Chaos Toolkit control that makes faults safe under plain `chaos run`.

It tells the faults which experiment they belong to, so that blast radius and evidence hold there too, and it
stops the experiment when a fault failed, where Chaos Toolkit by itself would go on and end with success.
"""

from collections.abc import Mapping
from typing import Any

from chaoslib.exceptions import InterruptExecution

from faultcast.experiments.context import (
    end_stand_alone,
    failure_alone,
    stand_alone,
    stands_alone,
)
from faultcast.experiments.fault import MODULES
from faultcast.experiments.journal import failure_of

__all__ = ["after_activity_control", "after_rollback_control", "cleanup_control", "configure_control"]


def configure_control(experiment: Mapping[str, Any]) -> None:
    """Remember the experiment for the faults of this run."""
    stand_alone(experiment)


def cleanup_control() -> None:
    """Forget it again."""
    end_stand_alone()


def after_activity_control(context: Mapping[str, Any], state: Mapping[str, Any] | None) -> None:
    """Stop when a fault failed.

    Raises:
        InterruptExecution: It did; `chaos run` then ends with an error.
    """
    is_fault = context.get("type") == "action" and context.get("provider", {}).get("module") in MODULES
    if stands_alone() and is_fault and (state or {}).get("status") == "failed":
        message = f"{context.get('name')}: {failure_of(state or {})}"
        raise InterruptExecution(message)


def after_rollback_control(context: Mapping[str, Any], state: object) -> None:  # noqa: ARG001
    """Say at the end that a fault failed in the background, where Chaos Toolkit does not look.

    Raises:
        InterruptExecution: One did; `chaos run` then ends with an error.
    """
    if (failure := failure_alone()) is not None:
        message = f"a fault failed: {failure}"
        raise InterruptExecution(message)
