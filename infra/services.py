"""The services of a node that can be stopped apart from it, and what systemd calls them."""

from typing import Literal

__all__ = ["Service", "unit_of"]

Service = Literal["kubelet", "containerd"]
"""A program of a node that can be stopped apart from the node."""

_K3S = "+k3s"


def unit_of(service: Service, kubelet_version: str, *, control_plane: bool) -> str:
    """The systemd unit that runs a service.

    K3s is one process: the unit holds kubelet, container runtime and, on a server, the control plane, so
    stopping one of them there stops them all.

    Args:
        service: The service.
        kubelet_version: As the node reports it, such as `v1.34.4+k3s1`.
        control_plane: Whether the API server runs on the node.
    """
    if _K3S in kubelet_version:
        return "k3s" if control_plane else "k3s-agent"
    return service
