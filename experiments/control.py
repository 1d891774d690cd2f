"""Chaos Toolkit control that makes faults safe under plain `chaos run`.

It tells the faults which experiment they belong to, so that blast radius and evidence hold there too. It
stops an experiment that would run what may not run, and one whose fault failed, where Chaos Toolkit by itself
would go on and end with success. While it is in place, nothing finds a cluster other than the named one.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from chaoslib.exceptions import InterruptExecution

from faultcast.experiments.execution.context import (
    connection,
    end_stand_alone,
    failure_alone,
    stand_alone,
    stands_alone,
)
from faultcast.experiments.execution.journal import failure_of
from faultcast.experiments.loading.additions import with_rollbacks
from faultcast.experiments.loading.allowed import is_fault
from faultcast.experiments.loading.checks import forbidden

__all__ = [
    "after_activity_control",
    "after_rollback_control",
    "before_activity_control",
    "before_experiment_control",
    "cleanup_control",
    "configure_control",
]

_REFUSED: list[str] = []
_SHUT_OFF = ExitStack()


def configure_control(experiment: Mapping[str, Any], configuration: Mapping[str, Any] | None = None) -> None:
    """Remember the experiment for the faults of this run, and shut off every other cluster.

    Rollbacks that the file leaves out are added: Chaos Toolkit reads them only when it plays them.
    """
    if isinstance(experiment, dict):
        experiment["rollbacks"] = with_rollbacks(experiment)
    stand_alone(experiment)
    if stands_alone():
        from faultcast.experiments.safety.isolation import isolated

        _SHUT_OFF.close()
        _SHUT_OFF.enter_context(isolated(lambda: connection(configuration)))
        _REFUSED[:] = forbidden(experiment)


def cleanup_control() -> None:
    """Forget it again."""
    _REFUSED.clear()
    _SHUT_OFF.close()
    end_stand_alone()


def before_experiment_control(context: object) -> None:
    """Stop an experiment that would run what may not run.

    Raises:
        InterruptExecution: It would; `chaos run` then ends with an error.
    """
    before_activity_control(context)


def before_activity_control(context: object) -> None:  # noqa: ARG001 - Chaos Toolkit passes it by name
    """The same before each activity: Chaos Toolkit plays rollbacks also after it was stopped.

    Raises:
        InterruptExecution: The experiment would run what may not run.
    """
    if _REFUSED:
        message = f"refused: {_REFUSED[0]}; check the file with: faultcast validate FILE"
        raise InterruptExecution(message)


def after_activity_control(context: Mapping[str, Any], state: Mapping[str, Any] | None) -> None:
    """Stop when a fault failed.

    Raises:
        InterruptExecution: It did; `chaos run` then ends with an error.
    """
    if stands_alone() and is_fault(context) and (state or {}).get("status") == "failed":
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
