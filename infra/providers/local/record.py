"""What a cluster was brought up with, read from its state folder; and which ones were taken down."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.kube.kubeconfig import KubeContext, fields_of
from faultcast.infra.providers.local.files import read_json, write_json
from faultcast.infra.settings import Settings, load_settings

__all__ = [
    "IDENTITY",
    "SHAPE",
    "cluster_of",
    "cluster_with",
    "note_taken_down",
    "settings_of",
    "shape_of",
    "taken_down",
]

SHAPE = ("subnet", "master", "worker", "workers", "pod_cidr", "service_cidr", "node_cpus")
"""The settings that a running cluster cannot change."""

IDENTITY = "identity"
"""Key of the record that holds the UID of kube-system."""

_CLUSTERS = "clusters"
_TAKEN_DOWN = "taken-down"
_RECORD = "cluster.json"
_KUBECONFIG = "kubeconfig"


def shape_of(settings: Settings) -> dict[str, str]:
    """What of the settings a running cluster cannot change."""
    return {name: str(getattr(settings, name)) for name in SHAPE}


def settings_of(root: Path) -> Settings | None:
    """The settings with which the cluster of a state folder was brought up; None when there is none.

    Args:
        root: `clusters/<name>` below a state folder, whichever cluster the environment names.

    Raises:
        ConfigurationError: The environment or the record holds a wrong value.
    """
    record: dict[str, Any] | None = read_json(root / _RECORD)
    if not record or "shape" not in record or root.parent.name != _CLUSTERS:
        return None
    return load_settings(state_dir=root.parent.parent, cluster=root.name, **record["shape"])


def cluster_of(settings: Settings, context: KubeContext) -> Settings | None:
    """The settings of the local cluster that a context leads to; None when it is nobody's.

    It is known by its server and its certificate authority, which no other cluster has; so a copy of its
    kubeconfig, or a file with many contexts, leads to it as well.

    Args:
        settings: They name the state folder.
        context: Any context.

    Raises:
        ConfigurationError: The kubeconfig cannot be used, or the record of that cluster holds a wrong value.
    """
    asked = fields_of(context)
    for root in _roots(settings):
        with suppress(ConfigurationError):  # half made, or half removed: no way leads to it
            own = fields_of(KubeContext.of(root / _KUBECONFIG))
            if (own.server, own.authority) == (asked.server, asked.authority):
                break
    else:
        return None
    return settings_of(root)


def cluster_with(settings: Settings, identity: str) -> Settings | None:
    """The settings of the local cluster with an identity (UID of kube-system); None when there is none.

    Raises:
        ConfigurationError: The record of that cluster holds a wrong value.
    """
    for root in _roots(settings):
        if identity and (read_json(root / _RECORD) or {}).get(IDENTITY) == identity:
            return settings_of(root)
    return None


def _roots(settings: Settings) -> Iterator[Path]:
    yield from sorted((settings.state_dir / _CLUSTERS).glob("*"))


def note_taken_down(settings: Settings, identity: str) -> None:
    """Note that nothing is left of the cluster with an identity."""
    if identity:
        folder = settings.state_dir / _TAKEN_DOWN
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        write_json(folder / f"{identity}.json", {"cluster": settings.cluster, "at": at})


def taken_down(settings: Settings, identity: str) -> str:
    """When and as what a cluster was taken down, in words; empty when nobody here did."""
    if not identity or Path(identity).name != identity:
        return ""
    found = read_json(settings.state_dir / _TAKEN_DOWN / f"{identity}.json")
    return f"cluster {found['cluster']} was taken down at {found['at']}" if found else ""
