"""What the kernel below a node can do, found out from outside and without changing anything."""

import re

from faultcast.infra.cluster import NodeControl
from faultcast.infra.errors import ClusterError, CommandError, ConfigurationError, UnsupportedError

__all__ = ["kernel_has"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FOUND, _ABSENT = 0, 1
"""Exit codes of `grep`; any other says that it could not look."""


def kernel_has(nodes: NodeControl, node: str, module: str) -> bool | None:
    """Whether the kernel of a node has a module: built in, loaded, or on its disk.

    Built-in and loaded code shows in `/sys/module`, as an init symbol in `/proc/kallsyms`, or under the
    module's name there; what could be loaded is listed in `/lib/modules`.

    Args:
        nodes: Control of the nodes.
        node: The node.
        module: Name of the module, such as `sch_netem`.

    Returns:
        None when it cannot be known: the node is off, or belongs to somebody else.

    Raises:
        ConfigurationError: The module's name is none.
    """
    if not _NAME.fullmatch(module):
        message = f"{module!r} is not the name of a kernel module"
        raise ConfigurationError(message, remedy="use a name such as sch_netem")
    try:
        release = nodes.run(node, ["uname", "-r"]).stdout.strip()
        folder = f"/lib/modules/{release}"
        lists = (f"{folder}/modules.dep", f"{folder}/modules.builtin")
        if nodes.run(node, ["test", "-d", f"/sys/module/{module}"]).code == 0:
            return True
        codes = (
            _grep(nodes, node, _symbol(module), "/proc/kallsyms"),
            *(_grep(nodes, node, _file(module), path) for path in lists),
        )
    except (UnsupportedError, ClusterError, CommandError):
        return None
    if _FOUND in codes:
        return True
    return False if _ABSENT in codes else None


def _grep(nodes: NodeControl, node: str, pattern: str, path: str) -> int:
    return nodes.run(node, ["grep", "-Esq", "-e", pattern, path]).code


def _symbol(module: str) -> str:
    """Init symbols of `sch_netem`: `netem_init`, `netem_module_init`, `init_netem`; or any of its own."""
    stem = module.partition("_")[2]
    names = f"({module}|{stem})" if stem else module
    return rf" ({names}(_[a-z0-9]+)*_init|init_{names})$|\[{module}\]$"


def _file(module: str) -> str:
    return f"/{module.replace('_', '[_-]')}\\.ko"
