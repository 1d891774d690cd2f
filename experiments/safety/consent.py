"""Consent: a cluster is broken only when it agreed, or its owner did, and only when it is the one meant."""

from faultcast.infra.errors import ConsentError
from faultcast.infra.kube.client import KubeClient, identity_and_labels
from faultcast.infra.settings import Settings

__all__ = ["CONSENT_LABEL", "check_consent"]

CONSENT_LABEL = "faultcast.dev/consent"
"""Label of namespace kube-system that says `true` when the cluster may be broken."""


def check_consent(kube: KubeClient, identity: str, settings: Settings) -> None:
    """Make sure that this is the cluster that was meant, and that it may be broken.

    Args:
        kube: The client that is about to be used for the fault.
        identity: UID of kube-system of the cluster that was meant.
        settings: Their `consent` lists identities that may be broken without the label.

    Raises:
        ConsentError: It is another cluster, or it did not agree.
        ClusterError: The API server refuses, or does not answer.
    """
    found, labels = identity_and_labels(kube)
    if found != identity:
        message = f"this is cluster {found}, not {identity}, which was meant"
        raise ConsentError(message, remedy="check kubeconfig and context; nothing was touched")
    if labels.get(CONSENT_LABEL) != "true" and identity not in settings.consent:
        message = f"cluster {identity} did not agree to be broken"
        remedy = (
            f"kubectl label namespace kube-system {CONSENT_LABEL}=true"
            f", or put its identity into the settings: FAULTCAST_CONSENT={identity}"
        )
        raise ConsentError(message, remedy=remedy)
