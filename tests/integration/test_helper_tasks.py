"""Tasks of helper pods on this machine: real processes, packet rules and files, put in place and undone."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from faultcast.infra.helper.order import Order
from faultcast.infra.helper.spaces import NetworkNamespace
from faultcast.infra.helper.task import TaskError
from faultcast.infra.helper.tasks.cpu import Cpu
from faultcast.infra.helper.tasks.fill import Fill
from faultcast.infra.helper.tasks.io import Io
from faultcast.infra.helper.tasks.memory import Memory
from faultcast.infra.helper.tasks.net import Net
from faultcast.infra.processes import run
from faultcast.infra.waiting import Wait, wait_until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces and mounts need root"),
]

WAIT = Wait(timeout=15, interval=0.1)
LINKS = (
    "link add eth7 type veth peer name far7",
    "addr add 192.0.2.2/24 dev eth7",
    "link set far7 up",
    "link set eth7 up",
    "route add default via 192.0.2.1",
)
DROP = ["-t", "filter", "-A", "INPUT", "-p", "udp", "--sport", "53", "-j", "DROP"]


def order(task: str, seconds: float = 30.0, **parameters: object) -> Order:
    return Order("e1", task, time.time() + seconds, parameters=parameters)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], timeout=10)
    yield folder
    run(["umount", str(folder)], timeout=10)


class Room(NetworkNamespace):
    """A network namespace of the test's own, in place of a pod's."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def open(self) -> None:
        self.close()
        self._handle = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)

    @property
    def there(self) -> bool:
        return Path(f"/run/netns/{self.name}").exists()


@pytest.fixture
def room() -> Iterator[Room]:
    name = f"fc-test-{os.getpid()}"
    run(["ip", "netns", "add", name], timeout=10)
    room = Room(name)
    try:
        for words in LINKS:
            run(["ip", "-n", name, *words.split()], timeout=10)
        yield room
    finally:
        room.close()
        run(["ip", "netns", "del", name], timeout=10)


def inside(room: Room, *command: str) -> str:
    return run(["ip", "netns", "exec", room.name, *command], timeout=10).stdout


def test_rules_and_a_queue_are_put_in_place_and_taken_away_by_another_helper(room: Room) -> None:
    shape = ["tbf", "rate", "64kbit", "burst", "4kb", "latency", "200ms"]
    asked = order("net", pod="room", rules=[DROP], qdisc=shape)
    Net(asked, room).apply()
    assert "faultcast:e1" in inside(room, "iptables-save")
    assert "qdisc tbf fc01: root" in inside(room, "tc", "qdisc", "show", "dev", "eth7")
    assert Net(asked, room).undo() == []
    assert "faultcast" not in inside(room, "iptables-save")
    assert "fc01:" not in inside(room, "tc", "qdisc", "show", "dev", "eth7")
    assert Net(asked, room).undo() == []


def test_a_second_queue_is_refused_and_its_revert_leaves_the_first_alone(room: Room) -> None:
    shape = ["tbf", "rate", "64kbit", "burst", "4kb", "latency", "200ms"]
    first = Net(order("net", pod="room", qdisc=shape), room)
    first.apply()
    second = Net(Order("e2", "net", time.time() + 30, parameters={"pod": "room", "qdisc": shape}), room)
    with pytest.raises(TaskError, match="one at a time"):
        second.apply()
    assert second.undo() == []
    for _ in range(4):
        first.tick()
    assert "qdisc tbf fc01: root" in inside(room, "tc", "qdisc", "show", "dev", "eth7")
    assert Net(order("net", pod="room", qdisc=shape), room).undo() == []
    assert "fc01:" not in inside(room, "tc", "qdisc", "show", "dev", "eth7")
    assert "faultcast" not in inside(room, "iptables-save")


def test_a_helper_that_was_started_again_puts_its_own_queue_in_place_anew(room: Room) -> None:
    asked = order("net", pod="room", qdisc=["tbf", "rate", "64kbit", "burst", "4kb", "latency", "200ms"])
    for _ in range(2):
        Net(asked, room).apply()
    assert inside(room, "iptables-save").count("faultcast:e1") == 1
    assert Net(asked, room).undo() == []


def test_the_gateway_is_spared_where_that_is_asked(room: Room) -> None:
    task = Net(order("net", pod="room", rules=[["-A", "INPUT", "-j", "DROP"]], spare_gateway=True), room)
    task.apply()
    saved = [line for line in inside(room, "iptables-save").splitlines() if "faultcast:e1" in line]
    assert ["DROP" in line for line in saved] == [False, True, False]
    assert "-A INPUT -s 192.0.2.1/32" in saved[0]
    assert "-A OUTPUT -d 192.0.2.1/32" in saved[2]
    for _ in range(4):
        task.tick()
    assert task.undo() == []
    assert "faultcast" not in inside(room, "iptables-save")


def test_a_rule_that_somebody_removed_ends_the_effect(room: Room) -> None:
    task = Net(order("net", pod="room", rules=[DROP]), room)
    task.apply()
    for _ in range(4):
        task.tick()
    inside(room, "iptables", "-F", "INPUT")
    for _ in range(3):
        task.tick()  # looks at every fourth only
    with pytest.raises(TaskError, match="1 of 1 rules"):
        task.tick()
    assert task.undo() == []


def test_a_foreign_queue_is_not_replaced(room: Room) -> None:
    inside(room, "tc", "qdisc", "add", "dev", "eth7", "root", "handle", "7:", "pfifo", "limit", "5")
    asked = order("net", pod="room", qdisc=["tbf", "rate", "1mbit", "burst", "4kb", "latency", "9ms"])
    with pytest.raises(TaskError, match="already: pfifo 7:"):
        Net(asked, room).apply()
    assert Net(asked, room).undo() == []
    assert "pfifo 7: root" in inside(room, "tc", "qdisc", "show", "dev", "eth7")


def test_a_file_system_is_filled_with_real_blocks_and_emptied_by_another_helper(disk: Path) -> None:
    asked = order("fill", path=str(disk), percent=75.0, floor=8 << 20, ramp=0)
    task = Fill(asked)
    task.apply()
    found = os.statvfs(disk)
    assert 1 - found.f_bfree / found.f_blocks == pytest.approx(0.75, abs=0.02)
    assert Fill(asked).undo() == []
    assert list(disk.iterdir()) == []
    assert task.undo() == []


def test_a_fill_that_the_floor_forbids_is_refused_and_leaves_nothing(disk: Path) -> None:
    task = Fill(order("fill", path=str(disk), percent=99.0, floor=1 << 30, ramp=0))
    with pytest.raises(TaskError, match="nothing can be added"):
        task.apply()
    assert task.undo() == []
    assert list(disk.iterdir()) == []


def test_a_disk_is_kept_busy_and_left_clean(disk: Path) -> None:
    task = Io(order("io", path=str(disk), workers=2, size=4 << 20))
    task.apply()
    wait_until("something written", lambda: (task.rate() or 0) > 0, WAIT)
    task.tick()
    assert task.undo() == []
    assert list(disk.iterdir()) == []


def _cpu_seconds(parent: int) -> float:
    ticks = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def test_processor_time_is_used_and_another_helper_ends_it() -> None:
    asked = order("cpu", container="", workers=1, cores=0.5, ramp=0)
    task = Cpu(asked)
    task.apply()
    wait_until("a second of processor time", lambda: _cpu_seconds(os.getpid()) > 1, WAIT)
    task.tick()
    assert Cpu(asked).undo() == []
    with pytest.raises(TaskError, match="ended early"):
        task.tick()
    assert task.undo() == []


def test_a_worker_ends_by_itself_at_its_time() -> None:
    task = Cpu(order("cpu", seconds=1.0, container="", workers=1, cores=0.1, ramp=0))
    task.apply()
    wait_until("the worker's end", lambda: bool(task._workers.ended()), WAIT)
    assert task._workers.ended() == [0]
    assert task.undo() == []


def test_memory_is_touched_and_given_back() -> None:
    task = Memory(order("memory", container="", bytes=64 << 20, ramp=0, floor=64 << 20))
    task.apply()
    pid = task._workers.numbers[0]
    resident = Path(f"/proc/{pid}/statm")
    size = os.sysconf("SC_PAGE_SIZE")
    wait_until("64 MiB held", lambda: int(resident.read_text().split()[1]) * size > 64 << 20, WAIT)
    assert task.undo() == []
    assert not resident.exists()


def test_memory_that_the_machine_must_keep_is_not_taken() -> None:
    with pytest.raises(TaskError, match="must stay so"):
        Memory(order("memory", container="", bytes=1, ramp=0, floor=1 << 60)).apply()


def test_workers_die_with_a_helper_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import json, time\n"
        "from faultcast.infra.helper.order import Order\n"
        "from faultcast.infra.helper.workers import Workers\n"
        "workers = Workers(Order('e2', 'cpu', time.time() + 60))\n"
        "print(workers.start('cpu', [], share=0.1, ramp=0), flush=True)\n"
        "input()\n"
    )
    (tmp_path / "code.py").write_text(code)
    command = [sys.executable, str(tmp_path / "code.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as helper:
        assert helper.stdout is not None
        worker = Path(f"/proc/{helper.stdout.readline().strip()}")
        wait_until("a bound worker", lambda: _cpu_seconds(helper.pid) > 0.2, WAIT)
        helper.kill()
    wait_until("the worker's end", lambda: not worker.exists(), WAIT)
    assert not worker.exists()
