"""Names of services where systemd runs them."""

import pytest

from faultcast.infra.services import Service, unit_of


@pytest.mark.parametrize(
    ("service", "version", "control_plane", "unit"),
    [
        ("kubelet", "v1.34.4", False, "kubelet"),
        ("containerd", "v1.34.4", True, "containerd"),
        ("kubelet", "v1.34.4+k3s1", False, "k3s-agent"),
        ("containerd", "v1.34.4+k3s1", False, "k3s-agent"),
        ("kubelet", "v1.34.4+k3s1", True, "k3s"),
    ],
)
def test_the_unit_is_that_of_the_distribution(
    service: Service, version: str, control_plane: bool, unit: str
) -> None:
    assert unit_of(service, version, control_plane=control_plane) == unit
