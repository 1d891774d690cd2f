"""What a kernel has, from answers of a node's own programs about files that are only pretended."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from faultcast.infra.cluster import NoNodeControl
from faultcast.infra.errors import ConfigurationError
from faultcast.infra.kernel import kernel_has
from faultcast.infra.processes import Completed
from tests.fakenodes import FakeNodeControl

SYMBOLS = """ffffffff81ef5960 t __pfx_tbf_init
ffffffff81ef5970 t tbf_init
ffffffff837e1b70 t veth_init
ffffffffc0000000 t nft_do_chain\t[nf_tables]
ffffffff81000000 t fill_netem_initial
"""


class Node(FakeNodeControl):
    """Runs the real `grep` and `test`, below a folder instead of the root."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root

    def run(self, node: str, argv: Sequence[str], *, timeout: float = 60.0) -> Completed:
        super().run(node, argv, timeout=timeout)
        if argv[0] == "uname":
            return Completed(tuple(argv), 0, "6.1.0-test\n", "")
        words = [
            f"{self.root}{word}" if word.startswith(("/proc/", "/lib/", "/sys/")) else word for word in argv
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=10)
        return Completed(tuple(argv), done.returncode, done.stdout, done.stderr)

    def write(self, path: str, text: str) -> None:
        place = Path(f"{self.root}{path}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_built_in_and_loaded_code_shows_among_the_symbols(node: Node) -> None:
    node.write("/proc/kallsyms", SYMBOLS)
    for module in ("sch_tbf", "veth", "nf_tables"):
        assert kernel_has(node, "worker", module) is True
    for module in ("sch_netem", "sch_htb", "tables"):
        assert kernel_has(node, "worker", module) is False


def test_what_can_be_loaded_counts_too(node: Node) -> None:
    node.write("/proc/kallsyms", SYMBOLS)
    folder = "/lib/modules/6.1.0-test"
    node.write(f"{folder}/modules.dep", "kernel/net/sched/sch_netem.ko.xz:\nkernel/net/xt-mark.ko:\n")
    node.write(f"{folder}/modules.builtin", "kernel/fs/overlayfs/overlay.ko\n")
    for module in ("sch_netem", "overlay", "xt_mark"):
        assert kernel_has(node, "worker", module) is True
    assert kernel_has(node, "worker", "netem") is False


def test_a_module_that_shows_itself_needs_no_symbol(node: Node) -> None:
    (node.root / "sys" / "module" / "overlay").mkdir(parents=True)
    assert kernel_has(node, "worker", "overlay") is True


def test_it_is_said_when_nobody_can_know(node: Node) -> None:
    assert kernel_has(node, "worker", "sch_netem") is None, "no file could be read"
    node.write("/proc/kallsyms", SYMBOLS)
    node.power_off("worker")
    assert kernel_has(node, "worker", "sch_tbf") is None
    assert kernel_has(NoNodeControl(), "worker", "sch_tbf") is None


def test_a_name_that_is_none_is_refused(node: Node) -> None:
    with pytest.raises(ConfigurationError):
        kernel_has(node, "worker", "a; reboot")
