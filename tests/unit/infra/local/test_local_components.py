"""Arguments and configuration files of the nodes' programs."""

import json
import tomllib
from pathlib import Path

from faultcast.infra.providers.local.node.components import components_of
from faultcast.infra.providers.local.node.configs import node_files
from faultcast.infra.providers.local.node.shares import NodeShare
from faultcast.infra.providers.local.node.spec import Component, Sandbox
from faultcast.infra.providers.local.topology import plan
from faultcast.infra.settings import load_settings

TOPOLOGY = plan(load_settings())
MASTER, WORKER = TOPOLOGY.nodes
SHARE = NodeShare(cores=(2, 3), millicores=1500, memory=5_000, machine_memory=12_000)


def flags_of(name: str) -> dict[str, str]:
    component = next(c for c in components_of(TOPOLOGY, MASTER) if c.name == name)
    return dict(flag.removeprefix("--").split("=", 1) for flag in component.argv[1:] if "=" in flag)


def files_of_worker() -> dict[str, str]:
    return node_files(TOPOLOGY, WORKER, SHARE, cgroup_root="/faultcast-c/worker", pause="img/pause:7")


def test_only_the_master_runs_the_control_plane() -> None:
    assert [c.name for c in components_of(TOPOLOGY, WORKER)] == ["containerd", "kubelet", "kube-proxy"]
    assert [c.name for c in components_of(TOPOLOGY, MASTER)][:4] == [
        "etcd",
        "apiserver",
        "controller-manager",
        "scheduler",
    ]


def test_apiserver_lets_nobody_in_unknown_and_forgives_a_dead_node_for_ten_seconds() -> None:
    flags = flags_of("apiserver")
    assert flags["anonymous-auth"] == "false"
    assert flags["authorization-mode"] == "Node,RBAC"
    assert flags["default-not-ready-toleration-seconds"] == "10"
    assert flags["default-unreachable-toleration-seconds"] == "10"
    assert flags["kubelet-certificate-authority"] == "/run/faultcast/pki/ca.crt"
    assert flags["requestheader-client-ca-file"] != flags["client-ca-file"]
    assert flags["service-cluster-ip-range"] == "10.43.0.0/16"


def test_a_dead_node_is_noticed_after_twenty_seconds() -> None:
    flags = flags_of("controller-manager")
    assert flags["node-monitor-grace-period"] == "20s"
    assert flags["node-monitor-period"] == "2s"


def test_proxy_leaves_the_machines_connection_table_alone() -> None:
    flags = flags_of("kube-proxy")
    assert flags["conntrack-max-per-core"] == "0"
    assert flags["conntrack-tcp-timeout-established"] == flags["conntrack-tcp-timeout-close-wait"] == "0s"


def test_kubelet_waits_for_the_runtime_and_counts_every_two_seconds() -> None:
    kubelet = next(c for c in components_of(TOPOLOGY, WORKER) if c.name == "kubelet")
    assert kubelet.after == "/run/containerd/containerd.sock"
    assert kubelet.patience > 0
    assert {"--housekeeping-interval=2s", "--node-ip=192.168.253.134", "--hostname-override=worker"} <= set(
        kubelet.argv
    )


def test_etcd_listens_on_loopback_only() -> None:
    flags = flags_of("etcd")
    urls = [value for name, value in flags.items() if "url" in name or name == "initial-cluster"]
    assert len(urls) == 5
    assert all("127.0.0.1" in url for url in urls)


def test_kubelet_configuration() -> None:
    config = json.loads(files_of_worker()["kubelet.yaml"])
    assert config["cgroupRoot"] == "/faultcast-c/worker"
    assert config["authentication"]["anonymous"] == {"enabled": False}
    assert config["authorization"] == {"mode": "Webhook"}
    assert config["imageGCHighThresholdPercent"] == 100
    assert config["clusterDNS"] == ["10.43.0.10"]
    assert config["tlsCertFile"] == "/run/faultcast/pki/node-worker.crt"


def test_a_node_tells_the_scheduler_what_it_has() -> None:
    files = files_of_worker()
    assert files["online"] == "2,3\n"
    assert json.loads(files["kubelet.yaml"])["systemReserved"] == {"cpu": "500m", "memory": "7000"}


def test_containerd_configuration_is_toml_and_names_the_pause_image() -> None:
    config = tomllib.loads(files_of_worker()["containerd.toml"])
    runtime = config["plugins"]["io.containerd.grpc.v1.cri"]
    assert runtime["sandbox_image"] == "img/pause:7"
    assert runtime["restrict_oom_score_adj"] is True
    assert runtime["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is False


def test_each_node_has_its_own_pod_network() -> None:
    config = json.loads(files_of_worker()["cni/10-faultcast.conflist"])
    assert config["plugins"][0]["ipam"]["ranges"] == [[{"subnet": "10.42.1.0/24"}]]


def test_nothing_of_the_machine_is_in_a_nodes_resolver_and_hosts() -> None:
    files = files_of_worker()
    assert files["resolv.conf"] == "search cluster.local\nnameserver 10.43.0.10\n"
    assert files["hosts"].splitlines() == [
        "127.0.0.1 localhost",
        "192.168.253.135 master",
        "192.168.253.134 worker",
    ]


def test_spec_is_read_as_it_was_written(tmp_path: Path) -> None:
    sandbox = Sandbox(
        hostname="worker",
        netns="n",
        cgroup_procs=("/a", "/b"),
        binds={"node": "/x"},
        covers={"/etc/hosts": "/y"},
        components=(*components_of(TOPOLOGY, WORKER), Component("last", ("true",))),
        path="/bin",
    )
    sandbox.write(tmp_path / "spec.json")
    assert Sandbox.read(tmp_path / "spec.json") == sandbox
