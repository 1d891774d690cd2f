"""Refuse a machine that cannot hold the cluster, with the reason, before anything is touched."""

import tempfile
from pathlib import Path

from faultcast.infra.errors import CommandError, RequirementError, UnsupportedError
from faultcast.infra.machine import checks, inspect
from faultcast.infra.processes import run
from faultcast.infra.requirements import require_packages
from faultcast.infra.settings import Settings

__all__ = ["require_machine"]

_PACKAGES = (
    "containerd",
    "runc",
    "containernetworking-plugins",
    "conntrack",
    "ipset",
    "iptables",
    "iproute2",
    "util-linux",
    "socat",
    "ethtool",
)
_RIGHTS = frozenset({"rights"})


def require_machine(settings: Settings) -> None:
    """Make sure that this machine can hold the cluster.

    Raises:
        UnsupportedError: The machine or its kernel cannot; the text says what was tried.
        RequirementError: A right or a package is missing; the remedy says how to come by it.
    """
    for check in checks(inspect(settings.cache_dir)):
        if not check.fine and check.name in _RIGHTS:
            message = f"the local cluster needs root: {check.seen}"
            raise RequirementError(message, remedy=check.remedy)
        if not check.fine:
            message = f"the local cluster cannot run here: {check.name}: {check.seen}"
            raise UnsupportedError(message, remedy=check.remedy)
    require_packages(*_PACKAGES)
    settings.state_dir.mkdir(parents=True, mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.state_dir, prefix=".trial-") as place:
        for name, argv in _trials(Path(place)).items():
            _try(name, argv)


def _trials(place: Path) -> dict[str, list[str]]:
    """Commands that try what the nodes need, in namespaces that vanish with them."""
    folders = {name: place / name for name in ("lower", "upper", "work", "merged")}
    for folder in folders.values():
        folder.mkdir()
    layers = ",".join(f"{name}dir={folders[name]}" for name in ("lower", "upper", "work"))
    fresh = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]
    return {
        "overlay mounts in the state folder": [
            *fresh, "mount", "-t", "overlay", "-o", layers, "overlay", str(folders["merged"])
        ],
        "network bridges": [*fresh, "ip", "link", "add", "trial", "type", "bridge"],
        "veth links": [*fresh, "ip", "link", "add", "trial", "type", "veth", "peer", "name", "other"],
        "firewall rules with marks, NAT and comments": [
            *fresh, "iptables", "-t", "nat", "-A", "POSTROUTING",
            "-m", "mark", "--mark", "0x1", "-m", "comment", "--comment", "trial", "-j", "MASQUERADE",
        ],
        "filtering of bridged packets (br_netfilter)": [*fresh, "test", "-e", "/proc/sys/net/bridge"],
    }  # fmt: skip


def _try(name: str, argv: list[str]) -> None:
    try:
        run(argv, timeout=20)
    except CommandError as error:
        message = f"this machine's kernel refuses {name}: {error.what}"
        raise UnsupportedError(
            message, remedy="use a kernel, or a container's settings, that allow it"
        ) from error
