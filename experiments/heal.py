"""Healing: reverting what ledgers of dead runners hold, however they died."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from faultcast.experiments.fault import fault_of
from faultcast.experiments.ledger import Entry, Ledger
from faultcast.experiments.planning import checked_arguments
from faultcast.infra.errors import FaultcastError
from faultcast.infra.kube import KubeClient, connect, identity_of
from faultcast.infra.processes import ProcessId
from faultcast.infra.settings import Settings
from faultcast.infra.waiting import Clock, SystemClock, Wait

__all__ = ["Healed", "heal", "revert_all", "revert_entries"]

_PATIENCE = Wait(60.0, 0.5)


@dataclass(frozen=True, slots=True)
class Healed:
    """What became of one entry of the ledger.

    Attributes:
        subject: The effect, in words.
        healed: Whether nothing of it is left, and the entry is gone.
        text: What was done, or why nothing could be done.
    """

    subject: str
    healed: bool
    text: str

    def __str__(self) -> str:
        """The line shown to people."""
        return f"{self.subject}: {self.text}"


def heal(
    settings: Settings,
    *,
    connector: Callable[[Path, str], KubeClient] = connect,
    wait: Wait = _PATIENCE,
    clock: Clock | None = None,
) -> list[Healed]:
    """Revert every effect whose runner is dead, or is the caller; harmless when done twice, or without any.

    Entries of other runners that live are left to them.

    Args:
        settings: They say where the ledger is.
        connector: Makes a client from a kubeconfig and a context.
        wait: How long each effect may take to be undone.
        clock: Time.

    Returns:
        One line for each entry that was looked at.
    """
    ledger = Ledger(settings.state_dir / "ledger")
    clock = clock or SystemClock()
    report = [
        Healed(str(path), healed=False, text="cannot be read: look at it by hand, then remove it")
        for path in ledger.broken()
    ]
    mine = ProcessId.of(os.getpid())
    ours = [entry for entry in ledger.entries() if entry.runner == mine or not entry.runner.alive()]
    return report + [_heal_one(ledger, entry, connector, wait, clock) for entry in ours]


def _heal_one(
    ledger: Ledger, entry: Entry, connector: Callable[[Path, str], KubeClient], wait: Wait, clock: Clock
) -> Healed:
    if not entry.kubeconfig.is_file():
        ledger.remove(entry)
        return Healed(str(entry), healed=True, text=f"dropped: the cluster is gone, with {entry.kubeconfig}")
    try:
        kube = connector(entry.kubeconfig, entry.context)
        found = identity_of(kube)
    except FaultcastError as error:
        return Healed(str(entry), healed=False, text=f"{error.what}; {error.remedy}")
    if found != entry.cluster:
        return _other_cluster(ledger, entry, found)
    left = revert_entries(kube, ledger, (entry,), wait, clock)
    if left:
        return Healed(str(entry), healed=False, text="; ".join(left))
    return Healed(str(entry), healed=True, text="reverted and checked")


def _other_cluster(ledger: Ledger, entry: Entry, found: str) -> Healed:
    where = f"{entry.kubeconfig} now leads to cluster {found}, not {entry.cluster}"
    if datetime.now(UTC) < entry.expiry:
        text = f"{where}; the effect ends by itself at {entry.expiry:%H:%M:%S} UTC"
        return Healed(str(entry), healed=False, text=text)
    ledger.remove(entry)
    return Healed(str(entry), healed=True, text=f"dropped: {where}, and the effect has expired")


def revert_entries(
    kube: KubeClient, ledger: Ledger, entries: Sequence[Entry], wait: Wait, clock: Clock
) -> tuple[str, ...]:
    """Revert effects of one fault with one set of arguments, and remove their entries once that is checked.

    Args:
        kube: A client for the entries' cluster.
        ledger: Where the entries are.
        entries: Same module and arguments in all; targets may differ.
        wait: How long they may take to be undone, together.
        clock: Time.

    Returns:
        What is left; empty when all is well.
    """
    if not entries:
        return ()
    first = entries[0]
    targets = {target.uid: target for entry in entries for target in entry.targets}
    try:
        fault = fault_of(first.module)
        arguments = checked_arguments(fault, first.arguments)
        reverted = fault.revert(kube, arguments, tuple(targets.values()), wait, clock)
    except FaultcastError as error:
        return (f"{first}: {error.what}",)
    if not reverted.left:
        for entry in entries:
            ledger.remove(entry)
    return reverted.left


def revert_all(
    kube: KubeClient, ledger: Ledger, entries: Sequence[Entry], patience: Callable[[], Wait], clock: Clock
) -> tuple[str, ...]:
    """Revert effects of any faults, each fault's together.

    Args:
        kube: A client for the entries' cluster.
        ledger: Where the entries are.
        entries: What to revert.
        patience: Asked before each fault how long its effects may take.
        clock: Time.

    Returns:
        What is left; empty when all is well.
    """
    left: list[str] = []
    rest = list(entries)
    while rest:
        alike = [e for e in rest if (e.module, e.arguments) == (rest[0].module, rest[0].arguments)]
        rest = [e for e in rest if e not in alike]
        left.extend(revert_entries(kube, ledger, alike, patience(), clock))
    return tuple(dict.fromkeys(left))
