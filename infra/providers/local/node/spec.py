"""What a node's sandbox builds and starts, and the paths that a node sees."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from faultcast.infra.providers.local.files import read_json, write_json

__all__ = ["ETC", "HOME", "NODE", "PKI", "PROGRAMS", "Component", "Sandbox"]

HOME = Path("/run/faultcast")
"""Where a node sees its own files; the same path on every node, whatever the paths of the machine are."""

NODE = HOME / "node"
ETC = NODE / "etc"
PKI = HOME / "pki"
PROGRAMS = HOME / "bin"


@dataclass(frozen=True, slots=True)
class Component:
    """One program that a node runs.

    Attributes:
        name: Its short name, which is that of its log.
        argv: Program and arguments.
        after: A socket that must exist before it starts; empty when it need not wait.
        patience: Seconds after its first start during which it is started again when it fails.
    """

    name: str
    argv: tuple[str, ...]
    after: str = ""
    patience: float = 0.0


@dataclass(frozen=True, slots=True)
class Sandbox:
    """One node, as it is built at each power-on.

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
        components = tuple(Component(**{**c, "argv": tuple(c["argv"])}) for c in document["components"])
        procs = tuple(document["cgroup_procs"])
        return cls(**{**document, "components": components, "cgroup_procs": procs})

    def write(self, spec: Path) -> None:
        """Write it down for the program `sandbox`."""
        write_json(spec, dataclasses.asdict(self))
