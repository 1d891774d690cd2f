"""Who is where: pure functions of the settings."""

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.providers.local.layout import Layout
from faultcast.infra.providers.local.topology import plan
from faultcast.infra.settings import load_settings

NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,18}[a-z0-9])?", fullmatch=True)


def test_addresses_of_the_reference() -> None:
    topology = plan(load_settings(workers=3))
    assert [(n.name, str(n.address), str(n.pods), n.control_plane) for n in topology.nodes] == [
        ("master", "192.168.253.135", "10.42.0.0/24", True),
        ("worker", "192.168.253.134", "10.42.1.0/24", False),
        ("worker-2", "192.168.253.133", "10.42.2.0/24", False),
        ("worker-3", "192.168.253.132", "10.42.3.0/24", False),
    ]
    assert str(topology.machine) == "192.168.253.1"
    assert topology.api_url == "https://192.168.253.135:6443"
    assert (str(topology.api_service), str(topology.dns_service)) == ("10.43.0.1", "10.43.0.10")
    assert topology.nodes[0].mac == "02:fc:c0:a8:fd:87"


@settings(max_examples=30, deadline=None)
@given(NAMES)
def test_names_fit_the_kernels_limits(cluster: str) -> None:
    topology = plan(load_settings(cluster=cluster, workers=4))
    links = [topology.uplink, *(node.port for node in topology.nodes)]
    assert all(0 < len(link) <= 15 for link in links)
    assert len(set(links)) == len(links)
    assert 0 < topology.link_group < 2**31


@settings(max_examples=30, deadline=None)
@given(NAMES, NAMES)
def test_two_clusters_share_no_name(one: str, other: str) -> None:
    if one == other:
        return
    a, b = plan(load_settings(cluster=one)), plan(load_settings(cluster=other))
    assert not {a.uplink, *a.namespaces} & {b.uplink, *b.namespaces}


def test_unknown_node_is_refused_with_the_names() -> None:
    with pytest.raises(ConfigurationError, match="choose one of: master, worker"):
        plan(load_settings()).node("nix")


@pytest.mark.parametrize(("field", "value"), [("pod_cidr", "10.42.0.0/22"), ("service_cidr", "10.43.0.0/28")])
def test_networks_that_are_too_small_are_refused(field: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"FAULTCAST_{field.upper()}: .* too small"):
        plan(load_settings(**{field: ipaddress.IPv4Network(value)}))


def test_lock_survives_the_state_folder(tmp_path: Path) -> None:
    layout = Layout.of(load_settings(state_dir=tmp_path, cluster="c"))
    assert layout.root == tmp_path / "clusters" / "c"
    assert layout.root not in (*layout.lock.parents, *layout.holder.parents)
    home = layout.node("worker")
    assert all(home.root in folder.parents for folder in home.folders())
    assert home.log("kubelet") == layout.root / "nodes" / "worker" / "logs" / "kubelet.log"
