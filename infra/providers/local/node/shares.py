"""What of the machine each node has: which of its cores, how much of them, how much of its memory.

A node is a set of cores, not a quota: with control groups of version 1 no container may have a higher limit
than a quota above it, while Kubernetes lets a limit be higher than the node.
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["NodeShare", "core_list", "parse_cores", "shares"]

_WHOLE = 1000


@dataclass(frozen=True, slots=True)
class NodeShare:
    """What one node has.

    Attributes:
        cores: Numbers of the machine's cores on which its pods run.
        millicores: How much of them it may call its own, in thousandths of a core.
        memory: How much of the machine's memory it may call its own, in bytes.
        machine_memory: All of the machine's memory, in bytes.
    """

    cores: tuple[int, ...]
    millicores: int
    memory: int
    machine_memory: int

    @property
    def reserved(self) -> dict[str, str]:
        """What of its cores and of the machine's memory is not its own, as quantities of Kubernetes."""
        cpu, memory = len(self.cores) * _WHOLE - self.millicores, self.machine_memory - self.memory
        found = {"cpu": f"{cpu}m" if cpu else "", "memory": str(memory) if memory else ""}
        return {name: quantity for name, quantity in found.items() if quantity}

    def __str__(self) -> str:
        """For people, as in `1 CPU (core 0), 11.8 GiB`."""
        word = "core" if len(self.cores) == 1 else "cores"
        cpus = f"{self.millicores / _WHOLE:g} CPU"
        return f"{cpus} ({word} {core_list(self.cores)}), {self.memory / 1024**3:.1f} GiB"


def shares(cores: Sequence[int], memory: int, nodes: int, cpus: float) -> tuple[NodeShare, ...]:
    """Divide a machine.

    The nodes take consecutive stretches of the row of cores, so that each has cores of its own as long as
    there are enough. A node that takes part of a core shares it with its neighbour, by equal weights.

    Args:
        cores: Numbers of the machine's cores; at least one.
        memory: The machine's memory in bytes.
        nodes: How many nodes; at least one.
        cpus: How many cores each shall have; where the machine has fewer, each gets an equal part.

    Returns:
        One share for each node; together they are never more than the machine.
    """
    each = max(1, min(round(cpus * _WHOLE), len(cores) * _WHOLE // nodes))
    return tuple(
        NodeShare(
            cores=tuple(cores[each * node // _WHOLE : -(-each * (node + 1) // _WHOLE)]),
            millicores=each,
            memory=memory // nodes,
            machine_memory=memory,
        )
        for node in range(nodes)
    )


def parse_cores(text: str) -> tuple[int, ...]:
    """Numbers of cores in the kernel's notation, such as `0-2,5`; raises ValueError when it is none."""
    found: list[int] = []
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        found.extend(range(int(first), int(last or first) + 1))
    return tuple(found)


def core_list(cores: Sequence[int]) -> str:
    """Numbers of cores in the kernel's notation."""
    return ",".join(map(str, cores))
