"""Control groups on a tree of plain folders."""

from pathlib import Path

import pytest

from faultcast.infra.errors import UnsupportedError
from faultcast.infra.providers.local.node.cgroups import Cgroups, Hierarchy, hierarchies

VERSION_1 = """\
31 23 0:28 / {root} rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / {root}/cpu rw,relatime - cgroup cgroup rw,cpu
33 31 0:30 / {root}/memory rw,relatime shared:9 - cgroup cgroup rw,memory
40 31 0:37 / {root}/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / {root}/unified rw,relatime - cgroup2 cgroup2 rw
42 31 0:29 /below {root}/elsewhere rw,relatime - cgroup cgroup rw,cpu
"""


def test_trees_of_version_1_and_the_unified_one_beside_them(tmp_path: Path) -> None:
    trees = hierarchies(VERSION_1.format(root=tmp_path))
    assert [(tree.path.name, tree.version) for tree in trees] == [
        ("cpu", 1),
        ("memory", 1),
        ("systemd", 1),
        ("unified", 2),
    ]
    assert "cpu" in trees[0].controllers
    assert not trees[3].controllers


def test_unified_tree_alone(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    trees = hierarchies(f"30 23 0:26 / {tmp_path} rw - cgroup2 cgroup2 rw,nsdelegate\n")
    assert trees == (Hierarchy(tmp_path, 2, frozenset({"cpuset", "cpu", "io", "memory", "pids"})),)


@pytest.mark.parametrize("text", ["", "30 23 0:26 /docker/1 {root} rw - cgroup2 cgroup2 rw\n"])
def test_no_usable_tree_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="no control groups with the controllers cpu and memory"):
        hierarchies(text.format(root=tmp_path))


def version_1(root: Path) -> Cgroups:
    names = ("cpu", "cpuset", "memory")
    for name in names:
        (root / name).mkdir()
    for file, text in (("cpuset.cpus", "0-1\n"), ("cpuset.mems", "0\n")):
        (root / "cpuset" / file).write_text(text)
        for group in ("faultcast-c", "faultcast-c/worker", "faultcast-c/worker.system"):
            (root / "cpuset" / group).mkdir(exist_ok=True)
            (root / "cpuset" / group / file).write_text("\n")  # as the kernel makes them: there, and empty
    return Cgroups(tuple(Hierarchy(root / name, 1, frozenset({name})) for name in names), "c")


def test_a_node_gets_its_cores_and_its_programs_all_of_them(tmp_path: Path) -> None:
    groups = version_1(tmp_path)
    assert groups.cores() == (0, 1)
    groups.create("worker", (1,))
    node, system = (tmp_path / "cpuset" / "faultcast-c" / name for name in ("worker", "worker.system"))
    assert (node / "cpuset.cpus").read_text() == "1"
    assert (node / "cpuset.mems").read_text() == "0\n"
    assert (system / "cpuset.cpus").read_text() == "0-1\n"
    assert groups.node_root("worker") == "/faultcast-c/worker"
    assert [path.parts[-4:] for path in groups.system_procs("worker")] == [
        (name, "faultcast-c", "worker.system", "cgroup.procs") for name in ("cpu", "cpuset", "memory")
    ]


def test_no_quota_stands_above_the_pods(tmp_path: Path) -> None:
    version_1(tmp_path).create("worker", (1,))
    assert not list(tmp_path.rglob("cpu.cfs_quota_us"))
    unified = tmp_path / "unified"
    unified.mkdir()
    (unified / "cpuset.cpus.effective").write_text("0-3\n")
    groups = Cgroups((Hierarchy(unified, 2, frozenset({"cpu", "cpuset", "memory"})),), "c")
    groups.create("worker", (1,))
    assert not list(unified.rglob("cpu.max"))


def test_version_2_gets_its_cores_too(tmp_path: Path) -> None:
    (tmp_path / "cpuset.cpus.effective").write_text("0-3\n")
    groups = Cgroups((Hierarchy(tmp_path, 2, frozenset({"cpu", "cpuset", "memory"})),), "c")
    assert groups.cores() == (0, 1, 2, 3)
    groups.create("worker", (2, 3))
    assert (tmp_path / "faultcast-c" / "worker" / "cpuset.cpus").read_text() == "2,3"
    assert not (tmp_path / "faultcast-c" / "worker.system" / "cpuset.cpus").exists()
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory"
    assert (tmp_path / "faultcast-c" / "cgroup.subtree_control").exists()


def test_without_the_controller_cpuset_the_nodes_share_by_weight(tmp_path: Path) -> None:
    groups = Cgroups((Hierarchy(tmp_path, 2, frozenset({"cpu", "memory"})),), "c")
    assert groups.cores()
    groups.create("worker", (0,))
    assert not (tmp_path / "faultcast-c" / "worker" / "cpuset.cpus").exists()


def test_pods_groups_are_removed_bottom_up_and_only_those_of_the_node(tmp_path: Path) -> None:
    groups = Cgroups((Hierarchy(tmp_path, 1, frozenset({"cpu"})),), "c")
    for name in ("worker/kubepods/besteffort/pod1/abc", "master/kubepods/pod2"):
        (tmp_path / "faultcast-c" / name).mkdir(parents=True)
    groups.remove_pods("worker")
    groups.remove_pods("worker")  # harmless
    assert not (tmp_path / "faultcast-c" / "worker" / "kubepods").exists()
    assert (tmp_path / "faultcast-c" / "master" / "kubepods" / "pod2").is_dir()


def test_all_is_removed_and_a_neighbour_stays(tmp_path: Path) -> None:
    groups = Cgroups((Hierarchy(tmp_path, 1, frozenset({"cpu"})),), "c")
    for name in ("faultcast-c/worker/kubepods", "faultcast-c2/worker"):
        (tmp_path / name).mkdir(parents=True)
    assert groups.leftovers() == (tmp_path / "faultcast-c",)
    groups.remove_all()
    assert groups.leftovers() == ()
    assert (tmp_path / "faultcast-c2" / "worker").is_dir()


def test_members_are_counted_once_over_all_trees(tmp_path: Path) -> None:
    trees = []
    for name in ("cpu", "memory"):
        group = tmp_path / name / "faultcast-c" / "worker.system"
        group.mkdir(parents=True)
        (group / "cgroup.procs").write_text("11\n12\n")
        trees.append(Hierarchy(tmp_path / name, 1, frozenset({name})))
    assert Cgroups(tuple(trees), "c").members() == {11, 12}
