"""Healing: reverting what ledgers of dead runners hold, however they died."""

import os
import platform
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from faultcast.experiments.access import Access, access_to
from faultcast.experiments.accounts import account_of
from faultcast.experiments.custody import copies, give_back
from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import fault_of
from faultcast.experiments.ledger import Entry, Ledger
from faultcast.experiments.planning import checked_arguments
from faultcast.infra.errors import ClusterError, FaultcastError
from faultcast.infra.kube import connect, listens
from faultcast.infra.processes import ProcessId
from faultcast.infra.providers import open_cluster
from faultcast.infra.settings import Settings
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["Healed", "Opener", "heal", "open_access", "revert_all", "revert_entries"]

_PATIENCE = Wait(60.0, 0.5)
_LATE = timedelta(seconds=30)

type Opener = Callable[[Settings, Path, str], tuple[Access, str]]
"""Gives access to the cluster of a kubeconfig and context, and the cluster's identity."""


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


def open_access(settings: Settings, kubeconfig: Path, context: str) -> tuple[Access, str]:
    """Access to the cluster of a kubeconfig, with all the rights of that, and the cluster's identity.

    Raises:
        FaultcastError: It does not answer, or the kubeconfig is not usable.
    """
    cluster = open_cluster(settings, kubeconfig, context)
    return access_to(cluster, connect(kubeconfig, context)), cluster.identity


def heal(
    settings: Settings,
    *,
    kubeconfig: Path | None = None,
    opener: Opener = open_access,
    wait: Wait = _PATIENCE,
) -> list[Healed]:
    """Revert every effect whose runner is dead, or is the caller; harmless when done twice, or without any.

    Entries of other runners that live are left to them. So are those that runners of other machines noted in
    the cluster, until half a minute after the effect had to be over.

    Args:
        settings: They say where the ledger is.
        kubeconfig: A cluster whose own ledger is looked at too, besides those of the entries found here.
        opener: Gives access to the clusters.
        wait: How long each effect may take to be undone.

    Returns:
        One line for each entry that was looked at.
    """
    ledger = Ledger(settings.state_dir / "ledger")
    report = [
        Healed(str(path), healed=False, text="cannot be read: look at it by hand, then remove it")
        for path in ledger.broken()
    ]
    mine = ProcessId.of(os.getpid())
    entries = ledger.entries()
    ours = [entry for entry in entries if entry.runner == mine or not entry.runner.alive()]
    opener = _patient(opener, _rescue(settings, ours))
    report += [_heal_one(settings, ledger, entry, opener, wait) for entry in ours]
    if kubeconfig is not None:
        known = frozenset(entry.id for entry in entries)
        report += _heal_copies(settings, ledger, kubeconfig, known, opener, wait)
    return report


def _heal_one(settings: Settings, ledger: Ledger, entry: Entry, opener: Opener, wait: Wait) -> Healed:
    if not entry.kubeconfig.is_file():
        ledger.remove(entry)
        return Healed(str(entry), healed=True, text=f"dropped: the cluster is gone, with {entry.kubeconfig}")
    try:
        access, found = opener(settings, entry.kubeconfig, entry.context)
    except FaultcastError as error:
        return Healed(str(entry), healed=False, text=f"{error.what}; {error.remedy}")
    if found != entry.cluster:
        return _other_cluster(ledger, entry, found)
    left = revert_entries(access, ledger, (entry,), wait)
    if left:
        return Healed(str(entry), healed=False, text="; ".join(left))
    return Healed(str(entry), healed=True, text="reverted and checked")


def _rescue(settings: Settings, entries: Sequence[Entry]) -> frozenset[Path]:
    """Give back what took the API server away, before anything is asked of it.

    Returns:
        The kubeconfigs of the clusters whose API servers are on their way back.
    """
    back = set()
    for entry in entries:
        with suppress(FaultcastError):  # what cannot be given back is told when the entry's turn comes
            if listens(entry.kubeconfig, entry.context):
                continue
            if fault_of(entry.module).rescue(settings, entry.kubeconfig, entry.effect):
                back.add(entry.kubeconfig)
    return frozenset(back)


def _patient(opener: Opener, back: frozenset[Path]) -> Opener:
    """An opener that waits for the API servers which are on their way back."""

    def opening(settings: Settings, kubeconfig: Path, context: str) -> tuple[Access, str]:
        if kubeconfig not in back:
            return opener(settings, kubeconfig, context)
        return wait_until(
            "the API server answers again",
            lambda: opener(settings, kubeconfig, context),
            _PATIENCE,
            transient=(ClusterError,),
        )

    return opening


def _heal_copies(
    settings: Settings, ledger: Ledger, kubeconfig: Path, known: frozenset[str], opener: Opener, wait: Wait
) -> list[Healed]:
    try:
        access, identity = opener(settings, kubeconfig, "")
        found = copies(access)
    except FaultcastError as error:
        return [Healed(f"ledger of {kubeconfig}", healed=False, text=error.what)]
    report: list[Healed] = []
    for entry in found:
        if entry.id in known or entry.cluster != identity:
            continue
        here = entry.host == platform.node()
        over = datetime.now(UTC) > entry.expiry + _LATE
        if entry.runner.alive() if here else not over:
            continue
        left = revert_entries(access, ledger, (entry,), wait)
        text = "; ".join(left) or f"reverted and checked; it was begun on {entry.host}"
        report.append(Healed(str(entry), healed=not left, text=text))
    return report


def _other_cluster(ledger: Ledger, entry: Entry, found: str) -> Healed:
    where = f"{entry.kubeconfig} now leads to cluster {found}, not {entry.cluster}"
    if datetime.now(UTC) < entry.expiry:
        text = f"{where}; the effect ends by itself at {entry.expiry:%H:%M:%S} UTC"
        return Healed(str(entry), healed=False, text=text)
    ledger.remove(entry)
    return Healed(str(entry), healed=True, text=f"dropped: {where}, and the effect has expired")


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
