"""The programs of a node and their arguments."""

from faultcast.infra.providers.local.node.configs import CONTAINERD_SOCKET
from faultcast.infra.providers.local.node.spec import ETC, PKI, Component
from faultcast.infra.providers.local.topology import NodePlan, Topology

__all__ = ["components_of"]

_GRACE_PERIOD = "20s"
_TOLERATION_SECONDS = 10


def components_of(topology: Topology, node: NodePlan) -> tuple[Component, ...]:
    """Everything a node runs, in the order of starting."""
    common = (_containerd(), _kubelet(node), _proxy(topology, node))
    return (*_control_plane(topology), *common) if node.control_plane else common


def _control_plane(topology: Topology) -> tuple[Component, ...]:
    return _etcd(), _apiserver(topology), _controller_manager(topology), _scheduler()


def _etcd() -> Component:
    client, peer = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
    flags = {
        "data-dir": "/var/lib/etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
    }
    # A power cut of this cluster spares the machine's page cache: nothing is lost without fsync.
    return Component("etcd", ("etcd", *_flags(flags), "--unsafe-no-fsync"))


def _apiserver(topology: Topology) -> Component:
    flags = {
        "advertise-address": str(topology.master.address),
        "allow-privileged": "true",
        "anonymous-auth": "false",
        "authorization-mode": "Node,RBAC",
        "client-ca-file": f"{PKI}/ca.crt",
        "default-not-ready-toleration-seconds": str(_TOLERATION_SECONDS),
        "default-unreachable-toleration-seconds": str(_TOLERATION_SECONDS),
        "enable-admission-plugins": "NodeRestriction",
        "etcd-servers": "http://127.0.0.1:2379",
        "kubelet-certificate-authority": f"{PKI}/ca.crt",
        "kubelet-client-certificate": f"{PKI}/kubelet-client.crt",
        "kubelet-client-key": f"{PKI}/kubelet-client.key",
        "kubelet-preferred-address-types": "InternalIP",
        "proxy-client-cert-file": f"{PKI}/front-proxy-client.crt",
        "proxy-client-key-file": f"{PKI}/front-proxy-client.key",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-client-ca-file": f"{PKI}/front-proxy-ca.crt",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-username-headers": "X-Remote-User",
        "secure-port": "6443",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": f"{PKI}/sa.pub",
        "service-account-signing-key-file": f"{PKI}/sa.key",
        "service-cluster-ip-range": str(topology.service_cidr),
        "tls-cert-file": f"{PKI}/apiserver.crt",
        "tls-private-key-file": f"{PKI}/apiserver.key",
    }
    return Component("apiserver", ("kube-apiserver", *_flags(flags)))


def _controller_manager(topology: Topology) -> Component:
    flags = {
        "allocate-node-cidrs": "false",
        "bind-address": "127.0.0.1",
        "cluster-cidr": str(topology.pod_cidr),
        "kubeconfig": f"{PKI}/controller-manager.conf",
        "leader-elect": "false",
        "pvclaimbinder-sync-period": "1s",
        "node-monitor-grace-period": _GRACE_PERIOD,
        "node-monitor-period": "2s",
        "root-ca-file": f"{PKI}/ca.crt",
        "service-account-private-key-file": f"{PKI}/sa.key",
        "use-service-account-credentials": "true",
    }
    return Component("controller-manager", ("kube-controller-manager", *_flags(flags)))


def _scheduler() -> Component:
    flags = {"bind-address": "127.0.0.1", "kubeconfig": f"{PKI}/scheduler.conf", "leader-elect": "false"}
    return Component("scheduler", ("kube-scheduler", *_flags(flags)))


def _containerd() -> Component:
    return Component("containerd", ("containerd", "--config", f"{ETC}/containerd.toml"))


def _kubelet(node: NodePlan) -> Component:
    flags = {
        "config": f"{ETC}/kubelet.yaml",
        "hostname-override": node.name,
        "housekeeping-interval": "2s",
        "kubeconfig": f"{PKI}/node-{node.name}.conf",
        "node-ip": str(node.address),
        "root-dir": "/var/lib/kubelet",
    }
    # The container runtime opens its socket before it can serve; until then the kubelet fails at once.
    return Component("kubelet", ("kubelet", *_flags(flags)), after=str(CONTAINERD_SOCKET), patience=20.0)


def _proxy(topology: Topology, node: NodePlan) -> Component:
    flags = {
        "cluster-cidr": str(topology.pod_cidr),
        # These kernel settings cannot be written from a network namespace of its own.
        "conntrack-max-per-core": "0",
        "conntrack-tcp-timeout-close-wait": "0s",
        "conntrack-tcp-timeout-established": "0s",
        "hostname-override": node.name,
        "kubeconfig": f"{PKI}/proxy.conf",
        "proxy-mode": "iptables",
    }
    return Component("kube-proxy", ("kube-proxy", *_flags(flags)))


def _flags(flags: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"--{name}={value}" for name, value in flags.items())
