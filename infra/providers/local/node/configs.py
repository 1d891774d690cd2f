"""Configuration files of a node's programs, made from data."""

import ipaddress
import json
from pathlib import Path
from typing import Any

from faultcast.infra.providers.local.node.shares import NodeShare, core_list
from faultcast.infra.providers.local.node.spec import ETC, PKI
from faultcast.infra.providers.local.topology import NodePlan, Topology

__all__ = ["CNI", "CONTAINERD_SOCKET", "ONLINE", "node_files"]

CNI = Path("/usr/lib/cni")
CONTAINERD_SOCKET = Path("/run/containerd/containerd.sock")
ONLINE = "/sys/devices/system/cpu/online"
"""Where the kubelet reads which cores its node has."""

_DISABLED = ("aufs", "btrfs", "devmapper", "zfs")


def node_files(
    topology: Topology, node: NodePlan, share: NodeShare, *, cgroup_root: str, pause: str
) -> dict[str, str]:
    """Text of every configuration file of a node, by its path below the node's `etc`.

    Args:
        topology: The cluster.
        node: The node.
        share: What of the machine it has.
        cgroup_root: The control group in which the kubelet puts its pods.
        pause: Reference of the image that holds a pod's namespaces.
    """
    return {
        "cni/10-faultcast.conflist": _json(_cni(node)),
        "containerd.toml": _containerd(pause),
        "kubelet.yaml": _json(_kubelet(node, share, topology.dns_service, cgroup_root)),
        "hosts": _hosts(topology),
        "resolv.conf": f"search cluster.local\nnameserver {topology.dns_service}\n",
        "hostname": f"{node.name}\n",
        "online": f"{core_list(share.cores)}\n",
    }


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1) + "\n"


def _hosts(topology: Topology) -> str:
    lines = ["127.0.0.1 localhost", *(f"{node.address} {node.name}" for node in topology.nodes)]
    return "\n".join(lines) + "\n"


def _cni(node: NodePlan) -> dict[str, Any]:
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": "/run/cni",  # gone after a power cut, as the pods are that had the addresses
            "ranges": [[{"subnet": str(node.pods)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "faultcast", "plugins": [bridge, portmap]}


def _containerd(pause: str) -> str:
    disabled = ", ".join(f'"io.containerd.snapshotter.v1.{name}"' for name in _DISABLED)
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [{disabled}]
[grpc]
  address = "{CONTAINERD_SOCKET}"
[{cri}]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  [{cri}.containerd]
    snapshotter = "overlayfs"
    [{cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [{cri}.containerd.runtimes.runc.options]
        SystemdCgroup = false
  [{cri}.cni]
    bin_dir = "{CNI}"
    conf_dir = "{ETC}/cni"
"""


def _kubelet(
    node: NodePlan, share: NodeShare, dns: ipaddress.IPv4Address, cgroup_root: str
) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroup_root,
        "cgroupsPerQOS": True,
        "failCgroupV1": False,
        "enforceNodeAllocatable": [],
        # What the other nodes have: `Capacity` counts whole cores and all of the memory.
        "systemReserved": share.reserved,
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "clusterDNS": [str(dns)],
        "clusterDomain": "cluster.local",
        "resolvConf": "/etc/resolv.conf",
        "failSwapOn": False,
        # An image that was collected cannot be pulled again: there is no registry.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "nodeStatusUpdateFrequency": "4s",
        "nodeStatusReportFrequency": "10s",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{PKI}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{PKI}/node-{node.name}.crt",
        "tlsPrivateKeyFile": f"{PKI}/node-{node.name}.key",
    }
