"""What every experiment needs and few want to write: the safety control, and the rollbacks of the faults.

They are added where they are absent, so that Chaos Toolkit is always given them.
"""

from collections.abc import Mapping
from typing import Any

from faultcast.experiments.fault import fault_of
from faultcast.experiments.loading.allowed import CONTROL, is_fault

__all__ = ["with_additions", "with_rollbacks"]


def with_additions(document: Mapping[str, Any]) -> dict[str, Any]:
    """A sound document with the control and the rollbacks that it lacks."""
    controls = list(document.get("controls") or ())
    if not any(_function(control)[0] == CONTROL for control in controls):
        controls.append({"name": "faultcast", "provider": {"type": "python", "module": CONTROL}})
    rollbacks = with_rollbacks(document)
    return {**document, "controls": controls, **({"rollbacks": rollbacks} if rollbacks else {})}


def with_rollbacks(document: Mapping[str, Any]) -> list[Any]:
    """The rollbacks of a document, and ahead of them those of its faults that it lacks: one for each kind."""
    written = list(document.get("rollbacks") or ())
    present = {_function(activity) for activity in written}
    found: list[Any] = []
    for activity in document.get("method") or ():
        if not is_fault(activity):
            continue
        fault = fault_of(activity["provider"]["module"])
        if fault.rollback and (fault.module, fault.rollback) not in present:
            present.add((fault.module, fault.rollback))
            provider = {"type": "python", "module": fault.module, "func": fault.rollback}
            found.append({"type": "action", "name": f"undo-{fault.kind}", "provider": provider})
    return found + written


def _function(holder: Mapping[str, Any]) -> tuple[Any, Any]:
    provider = holder.get("provider")
    return (provider.get("module"), provider.get("func")) if isinstance(provider, Mapping) else (None, None)
