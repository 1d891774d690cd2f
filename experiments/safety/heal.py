"""Healing: reverting what ledgers of dead runners hold, however they died."""

import os
import platform
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from faultcast.experiments.fault import fault_of
from faultcast.experiments.resources.access import Access, access_to
from faultcast.experiments.resources.permissions import NAMESPACE
from faultcast.experiments.safety.clusters import Clusters, Opener
from faultcast.experiments.safety.custody import all_copies
from faultcast.experiments.safety.ledger import Entry, Ledger, how_to_drop
from faultcast.experiments.safety.revert import revert_entries
from faultcast.infra.crashlog import crash_text, write_crash
from faultcast.infra.errors import ConfigurationError, FaultcastError
from faultcast.infra.kube.client import connect, listens
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.processes import ProcessId
from faultcast.infra.providers import open_cluster, taken_down
from faultcast.infra.settings import Settings
from faultcast.infra.waiting import Wait

__all__ = ["Healed", "Opener", "forget", "heal", "open_access"]

_PATIENCE = Wait(60.0, 0.5)
_LATE = timedelta(seconds=30)


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


def open_access(settings: Settings, context: KubeContext) -> tuple[Access, str]:
    """Access to the cluster of a context, with all the rights of its user, and the cluster's identity.

    Raises:
        FaultcastError: It does not answer, or the kubeconfig is not usable.
    """
    cluster = open_cluster(settings, context)
    return access_to(cluster, connect(context)), cluster.identity


def heal(
    settings: Settings,
    *,
    context: KubeContext | None = None,
    everywhere: bool = False,
    opener: Opener = open_access,
    wait: Wait = _PATIENCE,
) -> list[Healed]:
    """Revert every effect whose runner is dead, or is the caller; harmless when done twice, or without any.

    An entry that cannot be healed, for whatever reason, is told and keeps no other from being healed.

    Entries of other runners that live are left to them. So are those that runners of other machines noted in
    the cluster, until half a minute after the effect had to be over. An entry is dropped only when its effect
    was reverted and checked, or when the provider that owned its cluster took that down.

    Args:
        settings: They say where the ledger is.
        context: The cluster that is meant: its own ledger is looked at too, and no other cluster is asked for
            anything. When None, each entry found here is healed where it was made.
        everywhere: Heal the entries of other clusters as well, each where it was made.
        opener: Gives access to the clusters.
        wait: How long each effect may take to be undone.

    Returns:
        One line for each entry that was looked at.
    """
    ledger = Ledger(settings.state_dir / "ledger")
    report = [
        Healed(str(path), healed=False, text=f"cannot be read: look at it by hand, then {_forget(path.stem)}")
        for path in ledger.broken()
    ]
    mine = ProcessId.of(os.getpid())
    entries = ledger.entries()
    ours = [entry for entry in entries if entry.runner == mine or not entry.runner.alive()]
    far = everywhere or context is None
    there = [entry for entry in ours if far or _leads(entry, context)]
    clusters = Clusters(settings, opener, _rescue(settings, there))
    healer = _Healer(settings, ledger, clusters, wait, context if far is False else None)
    named: tuple[Access, str] | None = None
    if context is not None:
        try:
            named = clusters.open(context)
        except FaultcastError as error:
            report.append(Healed(f"ledger of {context}", healed=False, text=f"{error.what}; {error.remedy}"))
    report += [_guarded(settings, entry, partial(healer.heal, entry, named)) for entry in ours]
    if named is not None:
        report += _heal_copies(settings, ledger, named, frozenset(entry.id for entry in entries), wait)
    return report


def forget(settings: Settings, identity: str) -> str:
    """Drop an entry unhealed: somebody has seen that nothing is left of its effect.

    Args:
        settings: They say where the ledger is.
        identity: The entry's own, as `heal` says it.

    Returns:
        What was dropped, in words.

    Raises:
        ConfigurationError: There is no such entry, or its runner lives.
    """
    ledger = Ledger(settings.state_dir / "ledger")
    found = next((entry for entry in ledger.entries() if entry.id == identity), None)
    if found and found.runner.alive():
        message = f"{found} is being carried out by process {found.runner.pid}"
        raise ConfigurationError(message, remedy="wait for its end, or stop that process")
    broken = next((path for path in ledger.broken() if path.stem == identity), None)
    if found:
        ledger.remove(found)
    elif broken:
        try:
            broken.unlink()
        except OSError as error:
            message = f"{broken} cannot be removed: {error.strerror}"
            raise ConfigurationError(message, remedy="remove it by hand") from error
    else:
        message = f"the ledger of this machine has no entry {identity}"
        raise ConfigurationError(message, remedy="see what it has: faultcast heal")
    return str(found or broken)


def _forget(identity: str) -> str:
    return f"drop it: faultcast heal --forget {identity}"


def _leads(entry: Entry, context: KubeContext | None) -> bool:
    """Whether an entry was made with exactly this file and context."""
    return context is not None and (entry.kubeconfig, entry.context) == (context.file, context.name)


@dataclass(frozen=True, slots=True)
class _Healer:
    """Heals one entry of this machine after the other.

    Attributes:
        settings: They say what became of local clusters.
        ledger: Where the entries are.
        clusters: Opens clusters.
        wait: How long each effect may take to be undone.
        alone: The only cluster that may be asked for anything; None for each entry's own.
    """

    settings: Settings
    ledger: Ledger
    clusters: Clusters
    wait: Wait
    alone: KubeContext | None

    def heal(self, entry: Entry, named: tuple[Access, str] | None) -> Healed:
        """Revert an entry through the cluster it was made on, and no other.

        Args:
            entry: The entry.
            named: Access to the cluster that is meant, and its identity.
        """
        if gone := taken_down(self.settings, entry.cluster):
            self.ledger.remove(entry)
            return Healed(str(entry), healed=True, text=f"dropped: {gone}")
        if named is not None and named[1] == entry.cluster:
            return self._revert(entry, named[0])
        if self.alone is not None and not _leads(entry, self.alone):
            return _kept(entry, "it is of another cluster than the one that is meant")
        try:
            access, found = self.clusters.open(entry.reached())
        except FaultcastError as error:
            return _kept(entry, f"{error.what}; {error.remedy}" if error.remedy else error.what)
        if found != entry.cluster:
            return _kept(entry, f"{entry.reached()} now leads to cluster {found}, not {entry.cluster}")
        return self._revert(entry, access)

    def _revert(self, entry: Entry, access: Access) -> Healed:
        left = revert_entries(access, self.ledger, (entry,), self.wait)
        return Healed(str(entry), healed=not left, text=_left(entry, left) or "reverted and checked")


def _left(entry: Entry, left: Sequence[str]) -> str:
    """What is left of an entry, whose line begins with what it is already."""
    return "; ".join(one.removeprefix(f"{entry}: ") for one in left)


def _guarded(settings: Settings, entry: Entry, heal_it: Callable[[], Healed]) -> Healed:
    """Heal an entry; one that is too odd for that is told as not healed, and the others have their turns."""
    try:
        return heal_it()
    except Exception as error:  # noqa: BLE001 - it may be anything, and all other entries have to be healed
        path = write_crash(settings.state_dir / "crashes", f"healing {entry.id}", error)
        text = (
            f"cannot be healed: {crash_text(error)}; the details are in {path}. "
            f"Look at it by hand, then {how_to_drop(entry.id)}"
        )
        return Healed(str(entry), healed=False, text=text)


def _kept(entry: Entry, why: str) -> Healed:
    """An entry of which nobody can tell whether something is left."""
    over = "had to end" if datetime.now(UTC) > entry.expiry else "ends by itself"
    text = (
        f"{why}. The effect {over} at {entry.expiry:%Y-%m-%d %H:%M:%S} UTC; the entry is kept. "
        f"Name its cluster, {entry.cluster}: faultcast heal --kubeconfig FILE --context NAME. "
        f"Or, when you saw that nothing is left, {_forget(entry.id)}"
    )
    return Healed(str(entry), healed=False, text=text)


def _rescue(settings: Settings, entries: Sequence[Entry]) -> frozenset[KubeContext]:
    """Give back what took the API server away, before anything is asked of it.

    Returns:
        The contexts of the clusters whose API servers are on their way back.
    """
    back = set()
    for entry in entries:
        with suppress(Exception):  # what cannot be given back is told when the entry's turn comes
            context = entry.reached()
            if listens(context):
                continue
            if fault_of(entry.module).rescue(settings, entry.cluster, entry.effect):
                back.add(context)
    return frozenset(back)


def _heal_copies(
    settings: Settings, ledger: Ledger, named: tuple[Access, str], known: frozenset[str], wait: Wait
) -> list[Healed]:
    access, identity = named
    try:
        found, unreadable = all_copies(access)
    except FaultcastError as error:
        return [
            Healed(f"the ledger in cluster {identity}", healed=False, text=f"{error.what}; {error.remedy}")
        ]
    report = [
        Healed(
            f"config map {name} in {NAMESPACE}",
            healed=False,
            text="cannot be read as an entry of the ledger: look at it by hand, "
            f"then drop it: kubectl -n {NAMESPACE} delete configmap {name}",
        )
        for name in unreadable
    ]
    for entry in found:
        if entry.id in known or entry.cluster != identity:
            continue
        here = entry.host == platform.node()
        over = datetime.now(UTC) - _LATE > entry.expiry
        if entry.runner.alive() if here else not over:
            continue
        report.append(_guarded(settings, entry, partial(_heal_copy, ledger, access, entry, wait)))
    return report


def _heal_copy(ledger: Ledger, access: Access, entry: Entry, wait: Wait) -> Healed:
    left = revert_entries(access, ledger, (entry,), wait)
    text = _left(entry, left) or f"reverted and checked; it was begun on {entry.host}"
    return Healed(str(entry), healed=not left, text=text)
