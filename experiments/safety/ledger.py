"""The ledger: what has to be undone, on disk before it is done.

One JSON file for each effect, in `<state>/ledger/`. It is written and synced before the effect and removed
when the effect is reverted and checked, so whoever finds an entry of a dead runner knows all it takes to
heal the cluster. The cluster itself keeps a copy, see `custody`.
"""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, StringConstraints, TypeAdapter, ValidationError

from faultcast.experiments.effect import Effect, new_id
from faultcast.experiments.resources.targets import Target
from faultcast.infra.errors import ConfigurationError
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.processes import ProcessId

__all__ = ["Entry", "Ledger", "entry_from", "entry_text", "how_to_drop"]


_ID = r"^[0-9a-z][-0-9a-z]{0,62}$"
"""It is part of file names, labels and paths of the API, so nothing else may be in it."""


def _process(value: ProcessId) -> ProcessId:
    if value.pid <= 0:
        message = f"{value.pid} is the number of no process"
        raise ValueError(message)
    return value


@dataclass(frozen=True, slots=True)
class Entry:
    """One effect that may be in place.

    Attributes:
        cluster: Identity of the cluster (UID of kube-system).
        kubeconfig: The file with which it is reached.
        context: The context inside that file; empty in entries of earlier versions.
        run: Identity of the run.
        trial: Identity of the trial.
        runner: The process that answers for the effect while it lives.
        module: Import path of the fault.
        arguments: Its arguments, as JSON values.
        targets: What it touches.
        written: When this was written, before the effect.
        expiry: When the effect is over by itself.
        peers: What it must not touch.
        state: What is to be put back, as JSON values.
        host: Name of the machine on which the runner lives.
        id: Identity of the effect, and name of the file.
    """

    cluster: str
    kubeconfig: Path
    context: str
    run: str
    trial: str
    runner: Annotated[ProcessId, AfterValidator(_process)]
    module: str
    arguments: dict[str, object]
    targets: tuple[Target, ...]
    written: AwareDatetime
    expiry: AwareDatetime
    peers: tuple[Target, ...] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    host: str = field(default_factory=platform.node)
    id: Annotated[str, StringConstraints(pattern=_ID)] = field(default_factory=new_id)

    @property
    def effect(self) -> Effect:
        """The effect, without what stands for it in the cluster."""
        return Effect(self.id, self.targets, self.peers, self.state, self.expiry.timestamp())

    def reached(self) -> KubeContext:
        """With what its cluster is reached: the file and the context that were named when it was written.

        Raises:
            ConfigurationError: An earlier version wrote it, and it does not say for good what was meant.
        """
        if self.context and self.kubeconfig.is_absolute():
            return KubeContext(self.kubeconfig, self.context)
        if not self.kubeconfig.is_absolute():
            message = f"the path {self.kubeconfig} was meant from another folder"
            raise ConfigurationError(message)
        return KubeContext.only(self.kubeconfig)

    def __str__(self) -> str:
        """The form used in tables."""
        kind = self.module.rpartition(".")[2].replace("_", "-")
        return f"{kind} of {', '.join(map(str, self.targets)) or 'nothing'}"


_ADAPTER = TypeAdapter(Entry)


def how_to_drop(identity: str) -> str:
    """What gets rid of an entry that cannot be healed, wherever it is."""
    return (
        f"drop it: faultcast heal --forget {identity}, "
        f"and its copy in the cluster: kubectl -n faultcast delete configmap ledger-{identity}"
    )


def entry_text(entry: Entry) -> str:
    """The entry as JSON."""
    return _ADAPTER.dump_json(entry, indent=2).decode() + "\n"


def entry_from(text: str | bytes) -> Entry | None:
    """The entry in a JSON text; None when it is none: of another version, or edited by hand."""
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError:
        return None


class Ledger:
    """The entries of one machine, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, entry: Entry) -> None:
        """Put an entry on disk; returns only when it would survive a loss of power."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self.folder / f"{entry.id}.part"
        with partial.open("wb") as file:
            file.write(entry_text(entry).encode())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path(entry))
        self._sync_folder()

    def remove(self, entry: Entry) -> None:
        """Take an entry off the disk; harmless when it is gone."""
        try:
            self._path(entry).unlink()
        except FileNotFoundError:
            return  # nor need there be a folder: the entry may be another machine's, known by the cluster
        self._sync_folder()

    def entries(self) -> tuple[Entry, ...]:
        """All entries that can be read, the oldest first."""
        found = [entry for path in self._files() if (entry := _read(path))]
        return tuple(sorted(found, key=lambda entry: entry.written))

    def broken(self) -> tuple[Path, ...]:
        """Entries that cannot be read: edited by hand, or of another version."""
        return tuple(path for path in self._files() if _read(path) is None and path.exists())

    def _path(self, entry: Entry) -> Path:
        return self.folder / f"{entry.id}.json"

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.json"))

    def _sync_folder(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(path: Path) -> Entry | None:
    try:
        entry = entry_from(path.read_bytes())
    except OSError:
        return None
    return entry if entry and entry.id == path.stem else None
