"""Become a node: a program that builds the namespaces, then starts and watches the node's programs.

    python -m faultcast.infra.providers.local.sandbox FOLDER_OF_THE_NODE

It joins the node's control groups and network namespace, makes namespaces for mounts, host name, IPC and
processes, and forks. The child is process 1 of the node: whatever happens to the machine's view of it, its death
takes every process of the node with it, at once. The parent writes the child's process id, waits until the
node is built, and ends with 0, or with 1 and the reason on standard error.
"""

import dataclasses
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from faultcast.infra.errors import FaultcastError
from faultcast.infra.processes import ProcessId, run
from faultcast.infra.providers.local.components import Component
from faultcast.infra.providers.local.configs import HOME, NODE
from faultcast.infra.providers.local.files import read_json, write_json
from faultcast.infra.providers.local.layout import NodeLayout
from faultcast.infra.providers.local.supervisor import supervise

__all__ = ["Sandbox", "main"]

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


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What to build and to start.

    Attributes:
        hostname: Name of the node.
        netns: Name of its network namespace.
        cgroup_procs: Files into which the node writes its process id to join its control groups.
        binds: Folders below `/run/faultcast`, by name there: the machine's folder.
        covers: Paths that the node sees otherwise: the machine's folder or file.
        components: Programs to start, in this order.
        path: The `PATH` of its programs.
    """

    hostname: str
    netns: str
    cgroup_procs: tuple[str, ...]
    binds: dict[str, str]
    covers: dict[str, str]
    components: tuple[Component, ...]
    path: str

    @classmethod
    def read(cls, spec: Path) -> "Sandbox":
        """Read a spec that `write` wrote."""
        document = read_json(spec)
        components = tuple(Component(c["name"], tuple(c["argv"]), c["after"]) for c in document["components"])
        return cls(**{**document, "components": components})

    def write(self, spec: Path) -> None:
        """Write it down for the program."""
        write_json(spec, dataclasses.asdict(self))


def main(argv: list[str]) -> int:
    """Build the node in the folder `argv[0]`; returns the exit code."""
    node = NodeLayout(Path(argv[0]))
    sandbox = Sandbox.read(node.spec)
    for procs in sandbox.cgroup_procs:
        Path(procs).write_text(str(os.getpid()))
    with Path("/run/netns", sandbox.netns).open() as netns:
        os.setns(netns.fileno(), os.CLONE_NEWNET)
    os.unshare(os.CLONE_NEWNS | os.CLONE_NEWUTS | os.CLONE_NEWIPC | os.CLONE_NEWPID)
    hear, tell = os.pipe()
    if child := os.fork():
        os.close(tell)
        write_json(node.process, dataclasses.asdict(ProcessId.of(child)))
        with open(hear) as news:
            report = news.read()
        if report == _BUILT:
            return 0
        sys.stderr.write(report or "process 1 of the node died while it was building the node")
        return 1
    os.close(hear)
    return _process_one(sandbox, node, tell)


def _process_one(sandbox: Sandbox, node: NodeLayout, tell: int) -> int:
    os.setsid()
    log = os.open(node.log("node"), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    with open(tell, "w") as news:
        try:
            _build(sandbox, node.staging)
        except (FaultcastError, OSError) as error:
            news.write(str(error))
            return 1
        news.write(_BUILT)
    return supervise(sandbox.components, NodeLayout(NODE), sandbox.path)


def _build(sandbox: Sandbox, staging: Path) -> None:
    """Give this process's mount namespace the look of a machine of its own."""
    _mount("--make-rslave", "/")  # the machine's mounts come and go here too; ours never show there
    socket.sethostname(sandbox.hostname)
    _mount("-t", "proc", "proc", "/proc")
    _mount_sys(staging)
    home = staging / HOME.name
    for name, source in sandbox.binds.items():
        (home / name).mkdir(parents=True)
        _mount("--bind", source, str(home / name))
    _mount("--move", str(staging), str(HOME.parent))
    for target, source in sandbox.covers.items():
        _mount("--bind", source, target)
    settings = HOME / "kernel"
    settings.mkdir()
    for name, value in _KERNEL_SETTINGS.items():
        shadow = settings / name.replace("/", ".")
        shadow.write_text(f"{value}\n")
        _mount("--bind", str(shadow), f"/proc/sys/{name}")
    for name in _NETWORK_SETTINGS:
        Path("/proc/sys", name).write_text("1")
    _mount("--make-rshared", "/")  # the kubelet wants a shared root


def _mount_sys(staging: Path) -> None:
    """Show this network namespace's `/sys`, with the machine's control groups."""
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(staging))
    parked = staging / "cgroup"
    parked.mkdir()
    _mount("--rbind", "/sys/fs/cgroup", str(parked))
    run(["umount", "--no-mtab", "--recursive", "--lazy", "/sys"], timeout=20)
    _mount("-t", "sysfs", "sysfs", "/sys")
    _mount("--rbind", str(parked), "/sys/fs/cgroup")
    run(["umount", "--no-mtab", "--recursive", "--lazy", str(parked)], timeout=20)
    parked.rmdir()


def _mount(*words: str) -> None:
    run(["mount", "--no-mtab", *words], timeout=20)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
