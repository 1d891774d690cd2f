"""Which effects may be in place on a cluster, by the ledger of this machine and the cluster's own."""

import contextlib
from pathlib import Path

from faultcast.experiments.access import Access
from faultcast.experiments.custody import copies
from faultcast.experiments.ledger import Entry, Ledger
from faultcast.infra.errors import ClusterError
from faultcast.infra.kube import connect
from faultcast.infra.settings import Settings

__all__ = ["effects_in_place"]


def effects_in_place(settings: Settings, kubeconfig: Path) -> tuple[str, ...]:
    """One sentence for each effect that is noted and not reverted; none when the cluster is clean.

    Args:
        settings: They say where the ledger of this machine is.
        kubeconfig: The cluster. When it does not answer, only this machine's ledger counts.
    """
    ledger = Ledger(settings.state_dir / "ledger")
    found = {entry.id: entry for entry in ledger.entries() if entry.kubeconfig == kubeconfig}
    if kubeconfig.is_file():
        with contextlib.suppress(ClusterError):  # whoever asks sees that from the rest of the status
            found |= {entry.id: entry for entry in copies(Access(kube=connect(kubeconfig)))}
    return tuple(_sentence(entry) for entry in found.values())


def _sentence(entry: Entry) -> str:
    runner = "is being carried out" if entry.runner.alive() else "was left by a run that died: faultcast heal"
    return f"{entry}, over by itself at {entry.expiry:%H:%M:%S} UTC; {runner}"
