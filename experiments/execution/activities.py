"""The Chaos Toolkit functions of a fault's module, made from the model of its arguments."""

import inspect
from collections.abc import Callable
from typing import Any

from pydantic_core import PydanticUndefined

from faultcast.experiments.execution.context import current_context
from faultcast.experiments.execution.perform import perform
from faultcast.experiments.fault import Fault
from faultcast.experiments.safety.revert import revert_all
from faultcast.infra.errors import RevertError

__all__ = ["action_of", "rollback_of"]

_CONFIGURATION = inspect.Parameter(
    "configuration", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=dict[str, Any] | None
)


def action_of(fault: Fault[Any]) -> Callable[..., dict[str, Any]]:
    """The action of a fault: it takes the fields of the arguments' model, and Chaos Toolkit's configuration.

    It returns the injection as it stands in the journal, and raises a RefusedError when a safety rule
    forbids the fault, or an InjectionError when it was not applied in full or not seen to land.
    """

    def act(configuration: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
        return perform(fault, arguments, configuration)

    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty
            if field.is_required()
            else None
            if field.default is PydanticUndefined
            else field.default,
        )
        for name, field in fault.arguments.model_fields.items()
    ]
    lines = [f"    {name}: {field.description or ''}" for name, field in fault.arguments.model_fields.items()]
    head = f"Chaos Toolkit action of the fault {fault.kind}: carried out, proved, kept up and reverted."
    _dress(act, fault, fault.action, parameters, "\n".join((head, "", "Args:", *lines)))
    return act


def rollback_of(fault: Fault[Any]) -> Callable[..., dict[str, Any]]:
    """The rollback of a fault: it reverts what the ledger still holds of this trial's faults of this kind.

    It returns the number of effects that were reverted, for the journal, and raises a RevertError when
    something may still be in place.
    """

    def revert(configuration: dict[str, Any] | None = None) -> dict[str, Any]:
        context = current_context(configuration)
        entries = [
            entry
            for entry in context.ledger.entries()
            if entry.trial == context.trial and entry.module == fault.module
        ]
        left = revert_all(context.access, context.ledger, entries, context.patience)
        if left:
            raise RevertError("; ".join(left), remedy="look at the cluster, then run: faultcast heal")
        return {"fault": fault.kind, "reverted": len(entries)}

    text = (
        f"Chaos Toolkit rollback of the fault {fault.kind}: reverts what is left of it; harmless otherwise."
    )
    _dress(revert, fault, fault.rollback, [], text)
    return revert


def _dress(
    function: Any, fault: Fault[Any], name: str, parameters: list[inspect.Parameter], text: str
) -> None:
    function.__name__ = function.__qualname__ = name
    function.__module__ = fault.module
    function.__doc__ = text
    function.__signature__ = inspect.Signature(
        [*parameters, _CONFIGURATION], return_annotation=dict[str, Any]
    )
