"""What a cluster was brought up with, read from its state folder."""

from pathlib import Path
from typing import Any

from faultcast.infra.providers.local.files import read_json
from faultcast.infra.settings import Settings, load_settings

__all__ = ["SHAPE", "cluster_of", "settings_of", "shape_of"]

SHAPE = ("subnet", "master", "worker", "workers", "pod_cidr", "service_cidr", "node_cpus")
"""The settings that a running cluster cannot change."""

_CLUSTERS = "clusters"
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


def cluster_of(settings: Settings, kubeconfig: Path) -> Settings | None:
    """The settings of the local cluster whose kubeconfig this is; None when it is nobody's.

    Args:
        settings: They name the state folder.
        kubeconfig: Any kubeconfig.

    Raises:
        ConfigurationError: The record of that cluster holds a wrong value.
    """
    path = kubeconfig.resolve()
    if path.name != _KUBECONFIG or path.parent.parent != (settings.state_dir / _CLUSTERS).resolve():
        return None
    return settings_of(path.parent)
