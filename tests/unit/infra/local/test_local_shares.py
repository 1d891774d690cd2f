"""How a machine is divided among its nodes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.infra.providers.local.node.shares import NodeShare, parse_cores, shares

GIB = 1024**3


def cores_of(cores: range, nodes: int, cpus: float = 1.0) -> list[tuple[int, ...]]:
    return [share.cores for share in shares(cores, 8 * GIB, nodes, cpus)]


def test_two_nodes_on_two_cores_have_one_each_and_half_of_the_memory() -> None:
    master, worker = shares((0, 1), 8 * GIB, 2, 1.0)
    assert master == NodeShare((0,), 1000, 4 * GIB, 8 * GIB)
    assert worker == NodeShare((1,), 1000, 4 * GIB, 8 * GIB)
    assert str(worker) == "1 CPU (core 1), 4.0 GiB"
    assert worker.reserved == {"memory": str(4 * GIB)}


def test_with_more_cores_than_nodes_each_node_has_its_own() -> None:
    assert cores_of(range(8), 2) == [(0,), (1,)]
    assert cores_of(range(8), 2, cpus=3) == [(0, 1, 2), (3, 4, 5)]


def test_a_machine_with_fewer_cores_than_asked_for_is_divided_equally() -> None:
    assert cores_of(range(2), 2, cpus=16) == [(0,), (1,)]
    assert cores_of(range(2), 3) == [(0,), (0, 1), (1,)]
    assert {share.millicores for share in shares(range(2), GIB, 3, 1.0)} == {666}


def test_a_part_of_a_core_is_all_that_a_node_says_it_has() -> None:
    master, worker = shares((4, 6), 8 * GIB, 2, 0.5)
    assert master.cores == worker.cores == (4,)
    assert master.reserved["cpu"] == "500m"
    assert str(master) == "0.5 CPU (core 4), 4.0 GiB"


@given(
    machine=st.lists(st.integers(0, 300), min_size=1, max_size=64, unique=True).map(sorted),
    memory=st.integers(GIB, 1024 * GIB),
    nodes=st.integers(1, 5),
    cpus=st.floats(0.001, 100),
)
def test_nodes_never_have_more_than_the_machine(
    machine: list[int], memory: int, nodes: int, cpus: float
) -> None:
    every = shares(machine, memory, nodes, cpus)
    assert len(every) == nodes
    assert sum(share.millicores for share in every) <= 1000 * len(machine)
    assert sum(share.memory for share in every) <= memory
    for share in every:
        assert share.cores, "a node without a core could run nothing"
        assert set(share.cores) <= set(machine)
        assert 0 < share.millicores <= 1000 * len(share.cores)


@given(st.integers(1, 64), st.integers(1, 5), st.integers(1, 20))
def test_whole_cores_are_shared_by_nobody_when_there_are_enough(cores: int, nodes: int, cpus: int) -> None:
    found = cores_of(range(cores), nodes, cpus)
    if nodes * cpus <= cores:
        assert [len(each) for each in found] == [cpus] * nodes
        assert len({core for each in found for core in each}) == nodes * cpus


def test_the_kernels_notation() -> None:
    assert parse_cores("0-2,5\n") == (0, 1, 2, 5)
    assert parse_cores("3") == (3,)
    assert parse_cores("\n") == ()
    with pytest.raises(ValueError, match="invalid literal"):
        parse_cores("all")
