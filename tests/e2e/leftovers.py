"""What a fault could leave behind on a local cluster, as one comparable picture.

The cluster is asked for its objects, and this machine, which is every node's, for what is in the pods'
network namespaces and file systems; so nothing that a helper says about itself is trusted.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from faultcast.experiments.resources.permissions import NAMESPACE
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import CommandError
from faultcast.infra.kube.client import KubeClient, connect
from faultcast.infra.processes import run

WORKER = "helper.worker"


def snapshot(cluster: Cluster) -> dict[str, Any]:
    """Everything that a fault changes and has to put back; equal before and after."""
    kube = connect(cluster.kube_context)
    pods = {pod.metadata.uid: pod for pod in kube.core.list_pod_for_all_namespaces().items}
    return {
        "nodes": _nodes(kube),
        "replicas": _replicas(kube),
        "config maps": _config_maps(kube),
        "faultcast": _own_objects(kube),
        "guards": [str(guard) for guard in cluster.node_control.guards()],
        "rules": sorted(_rules(frozenset(pods))),
        "workers": sorted(_workers(frozenset(pods))),
        "files": sorted(_files(frozenset(pods))),
    }


def _nodes(kube: KubeClient) -> dict[str, Any]:
    return {
        node.metadata.name: {
            "labels": node.metadata.labels,
            "taints": [str((t.key, t.value, t.effect)) for t in node.spec.taints or ()],
            "unschedulable": bool(node.spec.unschedulable),
        }
        for node in kube.core.list_node().items
    }


def _replicas(kube: KubeClient) -> dict[str, Any]:
    found = [
        *kube.apps.list_deployment_for_all_namespaces().items,
        *kube.apps.list_stateful_set_for_all_namespaces().items,
    ]
    sets = kube.apps.list_daemon_set_for_all_namespaces().items
    return {
        **{f"{item.metadata.namespace}/{item.metadata.name}": item.spec.replicas for item in found},
        **{
            f"{item.metadata.namespace}/{item.metadata.name}": str(item.spec.template.spec.node_selector)
            for item in sets
        },
    }


def _config_maps(kube: KubeClient) -> dict[str, str]:
    return {
        f"{item.metadata.namespace}/{item.metadata.name}": json.dumps(item.data, sort_keys=True)
        for item in kube.core.list_config_map_for_all_namespaces().items
        if item.metadata.name != "kube-root-ca.crt"  # appears with the namespace
    }


def _own_objects(kube: KubeClient) -> list[str]:
    jobs = kube.batch.list_namespaced_job(NAMESPACE).items
    pods = kube.core.list_namespaced_pod(NAMESPACE).items
    return sorted(
        [
            *(f"job {item.metadata.name}" for item in jobs),
            *(f"pod {item.metadata.name}" for item in pods),
        ]
    )


def _processes(uids: frozenset[str]) -> Iterator[psutil.Process]:
    """Processes of the cluster's pods on this machine."""
    for process in psutil.process_iter():
        try:
            groups = Path(f"/proc/{process.pid}/cgroup").read_text()
        except OSError:
            continue
        if any(f"pod{uid}" in groups for uid in uids):
            yield process


def _rules(uids: frozenset[str]) -> Iterator[str]:
    """Packet rules and queueing disciplines of helpers, in every pod's network."""
    seen: set[str] = set()
    for process in _processes(uids):
        space = f"/proc/{process.pid}/ns/net"
        try:
            name = str(Path(space).readlink())
            if name in seen:
                continue
            seen.add(name)
            for command in (["iptables-save"], ["tc", "qdisc", "show"]):
                said = run(["nsenter", f"--net={space}", *command], timeout=10).stdout
                yield from (
                    f"{name}: {line}" for line in said.splitlines() if "faultcast:" in line or "fc01:" in line
                )
        except (OSError, CommandError):
            continue  # the process ended while we looked


def _workers(uids: frozenset[str]) -> Iterator[str]:
    for process in _processes(uids):
        try:
            command = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if WORKER in command:
            yield command


def _files(uids: frozenset[str]) -> Iterator[str]:
    """Files of helpers at the top of each container and of each of its mounts."""
    seen: set[tuple[int, int]] = set()
    for process in _processes(uids):
        try:
            lines = Path(f"/proc/{process.pid}/mountinfo").read_text().splitlines()
        except OSError:
            continue
        for mount in (line.split()[4] for line in lines):
            if mount.startswith(("/proc", "/sys", "/dev")):
                continue
            folder = Path(f"/proc/{process.pid}/root{mount}")
            try:
                found = folder.stat()
                if (found.st_dev, found.st_ino) in seen or not folder.is_dir():
                    continue
                seen.add((found.st_dev, found.st_ino))
                yield from (f"{mount}: {path.name}" for path in folder.glob(".faultcast*"))
            except OSError:
                continue
