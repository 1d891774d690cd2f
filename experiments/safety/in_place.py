"""Which effects may be in place on a cluster, by the ledger of this machine and the cluster's own."""

import contextlib

from faultcast.experiments.resources.access import Access
from faultcast.experiments.safety.custody import copies
from faultcast.experiments.safety.ledger import Entry, Ledger
from faultcast.infra.errors import FaultcastError
from faultcast.infra.kube.client import connect, identity_of
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.settings import Settings

__all__ = ["effects_in_place"]


def effects_in_place(settings: Settings, context: KubeContext) -> tuple[str, ...]:
    """One sentence for each effect that is noted and not reverted; none when the cluster is clean.

    Args:
        settings: They say where the ledger of this machine is.
        context: With what the cluster is reached. When it does not answer, this machine's entries of that
            very file and context count.
    """
    noted = Ledger(settings.state_dir / "ledger").entries()
    found = [entry for entry in noted if (entry.kubeconfig, entry.context) == (context.file, context.name)]
    with contextlib.suppress(FaultcastError):  # whoever asks sees that from the rest of the status
        kube = connect(context)
        identity = identity_of(kube)
        found = [entry for entry in noted if entry.cluster == identity]
        found += [entry for entry in copies(Access(kube=kube)) if entry.cluster == identity]
    return tuple({entry.id: _sentence(entry) for entry in found}.values())


def _sentence(entry: Entry) -> str:
    runner = "is being carried out" if entry.runner.alive() else "was left by a run that died: faultcast heal"
    return f"{entry}, over by itself at {entry.expiry:%H:%M:%S} UTC; {runner}"
