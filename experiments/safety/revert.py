"""Reverting effects that the ledger holds, and taking them off it once that is checked."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import checked_arguments, fault_of
from faultcast.experiments.resources.access import Access
from faultcast.experiments.safety.accounts import account_of
from faultcast.experiments.safety.custody import give_back
from faultcast.experiments.safety.ledger import Entry, Ledger, how_to_drop
from faultcast.infra.errors import ExperimentError, FaultcastError, RevertError
from faultcast.infra.waiting import Wait

__all__ = ["revert_all", "revert_entries"]


def revert_entries(access: Access, ledger: Ledger, entries: Sequence[Entry], wait: Wait) -> tuple[str, ...]:
    """Revert effects of one fault with one set of arguments, and remove their entries once that is checked.

    Args:
        access: The entries' cluster.
        ledger: Where the entries are.
        entries: Same module and arguments in all; targets may differ.
        wait: How long they may take to be undone, together.

    Returns:
        What is left; empty when all is well.
    """
    if not entries:
        return ()
    first = entries[0]
    left: list[str] = []
    try:
        fault = fault_of(first.module)
        access = replace(access, account=account_of(fault.kind))
        arguments = checked_arguments(fault, first.arguments)
        for entry in entries:
            left.extend(fault.undo(access, arguments, entry.effect))
        if not left:
            left.extend(fault.settle(access, arguments, _together(entries), wait))
        for entry in entries if not left else ():
            give_back(access, entry.id)
            ledger.remove(entry)
    except ExperimentError as error:  # the entry itself: of another version, or edited by hand
        return (f"{first}: {error.what}; look at it by hand, then {how_to_drop(first.id)}",)
    except RevertError as error:
        return (f"{first}: {error.what}; {error.remedy}",)
    except FaultcastError as error:
        return (f"{first}: {error.what}",)
    return tuple(left)


def _together(entries: Sequence[Entry]) -> Effect:
    """Effects of several turns as one, to wait for all they touched at once."""
    targets = {target.uid: target for entry in entries for target in entry.targets}
    return replace(entries[-1].effect, targets=tuple(targets.values()))


def revert_all(
    access: Access, ledger: Ledger, entries: Sequence[Entry], patience: Callable[[], Wait]
) -> tuple[str, ...]:
    """Revert effects of any faults, each fault's together.

    Args:
        access: The entries' cluster.
        ledger: Where the entries are.
        entries: What to revert.
        patience: Asked before each fault how long its effects may take.

    Returns:
        What is left; empty when all is well.
    """
    left: list[str] = []
    rest = list(entries)
    while rest:
        alike = [e for e in rest if (e.module, e.arguments) == (rest[0].module, rest[0].arguments)]
        rest = [e for e in rest if e not in alike]
        left.extend(revert_entries(access, ledger, alike, patience()))
    return tuple(dict.fromkeys(left))
