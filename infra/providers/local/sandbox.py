"""Become a node: a program that builds the namespaces, then starts and watches the node's programs.

    python -m faultcast.infra.providers.local.sandbox FOLDER_OF_THE_NODE

It joins the node's control groups and network namespace, and forks into a new process namespace. The child
is process 1 of the node: its death takes every process of the node with it, at once. The parent writes the
child's process id, waits until the node is built, and ends with 0, or with 1 and the reason on stderr.
"""

import dataclasses
import os
import socket
import sys
from pathlib import Path

from faultcast.infra.processes import ProcessId
from faultcast.infra.providers.local.files import write_json
from faultcast.infra.providers.local.layout import NodeLayout
from faultcast.infra.providers.local.node import mounts
from faultcast.infra.providers.local.node.spec import HOME, NODE, Sandbox
from faultcast.infra.providers.local.node.supervisor import supervise

__all__ = ["main"]

_KERNEL_SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""What a kubelet would write machine-wide; a node sees these values, and the machine keeps its own."""

_BUILT = "built"
_NETWORK_SETTINGS = ("net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables")


def main(argv: list[str]) -> int:
    """Build the node in the folder `argv[0]`; returns the exit code."""
    node = NodeLayout(Path(argv[0]))
    sandbox = Sandbox.read(node.spec)
    for procs in sandbox.cgroup_procs:
        Path(procs).write_text(str(os.getpid()))
    with Path("/run/netns", sandbox.netns).open() as netns:
        os.setns(netns.fileno(), os.CLONE_NEWNET)
    os.unshare(os.CLONE_NEWPID)
    hear, tell = os.pipe()
    if child := os.fork():
        os.close(tell)
        write_json(node.process, dataclasses.asdict(ProcessId.of(child)))
        with os.fdopen(hear) as news:
            report = news.read()
        if report == _BUILT:
            return 0
        sys.stderr.write(report or "process 1 of the node died while it was building the node")
        return 1
    os.close(hear)
    return _process_one(sandbox, node, tell)


def _process_one(sandbox: Sandbox, node: NodeLayout, tell: int) -> int:
    os.setsid()
    os.unshare(
        os.CLONE_NEWNS | os.CLONE_NEWUTS | os.CLONE_NEWIPC
    )  # not before the fork: the parent needs its /proc
    log = os.open(node.log("node"), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    with os.fdopen(tell, "w") as news:
        try:
            _build(sandbox, node.staging)
        except OSError as error:
            news.write(str(error))
            return 1
        news.write(_BUILT)
    return supervise(sandbox.components, NodeLayout(NODE), sandbox.path)


def _build(sandbox: Sandbox, staging: Path) -> None:
    """Give this process's mount namespace the look of a machine of its own."""
    mounts.subscribe(Path("/"))
    socket.sethostname(sandbox.hostname)
    mounts.filesystem("proc", Path("/proc"))
    _mount_sys(staging)
    for name, source in sandbox.binds.items():
        place = staging / HOME.name / name
        place.mkdir(parents=True)
        mounts.bind(Path(source), place)
    mounts.move(staging, HOME.parent)
    for target, source in sandbox.covers.items():
        mounts.bind(Path(source), Path(target))
    shadows = HOME / "kernel"
    shadows.mkdir()
    for name, value in _KERNEL_SETTINGS.items():
        shadow = shadows / name.replace("/", ".")
        shadow.write_text(f"{value}\n")
        mounts.bind(shadow, Path("/proc/sys", name))
    for name in _NETWORK_SETTINGS:
        Path("/proc/sys", name).write_text("1")
    mounts.share(Path("/"))  # the kubelet wants that


def _mount_sys(staging: Path) -> None:
    """Show this network namespace's `/sys`, with the machine's control groups."""
    mounts.filesystem("tmpfs", staging, "mode=755")
    parked, groups = staging / "cgroup", Path("/sys/fs/cgroup")
    parked.mkdir()
    mounts.bind(groups, parked, recursive=True)
    mounts.detach(Path("/sys"))
    mounts.filesystem("sysfs", Path("/sys"))
    mounts.bind(parked, groups, recursive=True)
    mounts.detach(parked)
    parked.rmdir()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
