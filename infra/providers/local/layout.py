"""Where the files of one local cluster are."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a node reads its layout too, and has no use for settings
    from faultcast.infra.settings import Settings

__all__ = ["Layout", "NodeLayout"]


@dataclass(frozen=True, slots=True)
class NodeLayout:
    """Folders of one node; its "disk", which survives a power cut.

    Attributes:
        root: The folder that holds all the others.
    """

    root: Path

    @property
    def spec(self) -> Path:
        """What the sandbox has to build and to start."""
        return self.root / "spec.json"

    @property
    def process(self) -> Path:
        """Process id of the node, written before the node starts anything."""
        return self.root / "process.json"

    @property
    def components(self) -> Path:
        """State of its programs, written by the node itself."""
        return self.root / "components.json"

    @property
    def stopped(self) -> Path:
        """One empty file for each program that the node has to keep stopped."""
        return self.root / "stopped"

    @property
    def power(self) -> Path:
        """Lock of whoever changes the node's power or link."""
        return self.root / "power.lock"

    @property
    def etc(self) -> Path:
        """Configuration files, and what is mounted over files of `/etc`."""
        return self.root / "etc"

    @property
    def logs(self) -> Path:
        """One log file for each program."""
        return self.root / "logs"

    @property
    def var_lib(self) -> Path:
        """Its `/var/lib`."""
        return self.root / "var-lib"

    @property
    def var_log(self) -> Path:
        """Its `/var/log`."""
        return self.root / "var-log"

    @property
    def staging(self) -> Path:
        """Empty folder on which its `/run` is built."""
        return self.root / "run"

    @property
    def containerd(self) -> Path:
        """Its container runtime's images and snapshots."""
        return self.var_lib / "containerd"

    def log(self, component: str) -> Path:
        """Log of one program."""
        return self.logs / f"{component}.log"

    def folders(self) -> tuple[Path, ...]:
        """Folders that have to exist before the node starts."""
        return (self.etc, self.logs, self.var_lib, self.var_log, self.staging, self.stopped)


@dataclass(frozen=True, slots=True)
class Layout:
    """Files of one cluster.

    Attributes:
        root: State folder of this cluster; `down` removes it.
        lock: Lock file, beside the state folder so that it survives `down`.
    """

    root: Path
    lock: Path

    @classmethod
    def of(cls, settings: "Settings") -> "Layout":
        """Files of the cluster that the settings name."""
        return cls(settings.cluster_dir, settings.state_dir / f"{settings.cluster}.lock")

    @property
    def holder(self) -> Path:
        """Who holds the lock."""
        return self.lock.with_suffix(".holder")

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.root / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig for people."""
        return self.root / "kubeconfig"

    @property
    def record(self) -> Path:
        """Written when the nodes were brought up completely: with which settings and programs."""
        return self.root / "cluster.json"

    @property
    def guards(self) -> Path:
        """One file for each guard that waits, and its log."""
        return self.root / "guards"

    def node(self, name: str) -> NodeLayout:
        """Folders of one node."""
        return NodeLayout(self.root / "nodes" / name)
