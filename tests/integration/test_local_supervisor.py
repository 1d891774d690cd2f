"""Process 1 of a node, as an ordinary process: starting, stopping, logging, noticing deaths."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from faultcast.infra.processes import ProcessId, end
from faultcast.infra.providers.local.layout import NodeLayout
from faultcast.infra.providers.local.node import services
from faultcast.infra.providers.local.node.supervisor import State, read_states
from faultcast.infra.waiting import Wait, wait_until

pytestmark = pytest.mark.integration

PROGRAM = """
import sys
from pathlib import Path
from faultcast.infra.providers.local.layout import NodeLayout
from faultcast.infra.providers.local.node.spec import Component
from faultcast.infra.providers.local.node.supervisor import supervise

home = NodeLayout(Path(sys.argv[1]))
socket = home.root / "socket"
components = (
    Component("opens", ("sh", "-c", f"sleep 0.3; touch {socket}; exec sleep 60")),
    Component("fails", ("sh", "-c", "echo why; exit 3")),
    Component("killed", ("sh", "-c", "kill -9 $$")),
    Component("waits", ("sh", "-c", f"test -e {socket} && echo there; exec sleep 60"), after=str(socket)),
    Component("missing", ("there-is-no-such-program",)),
    Component("patient", ("sh", "-c", "echo again >> $0; test $(wc -l < $0) -ge 3 && exec sleep 60; exit 1",
              str(home.root / "tries")), patience=2.5),
)
sys.exit(supervise(components, home, "/usr/bin:/bin"))
"""


def kill_children(process: ProcessId) -> None:
    if process.alive():
        for child in psutil.Process(process.pid).children():
            child.kill()


def test_programs_are_started_watched_and_reported(tmp_path: Path) -> None:
    home = NodeLayout(tmp_path)
    home.logs.mkdir()
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], start_new_session=True) as process:
        one = ProcessId.of(process.pid)

        def settled() -> dict[str, State] | None:
            states = read_states(home)
            tries = tmp_path / "tries"
            done = tries.exists() and len(tries.read_text().splitlines()) == 3
            return states if done and "waiting" not in {state.state for state in states.values()} else None

        try:
            states = wait_until("all programs had their turn", settled, Wait(15, 0.05))

            def ended() -> bool:
                kill_children(one)  # the patient one comes back for a while
                return process.poll() is not None

            wait_until("its end", ended, Wait(10, 0.1))
        finally:
            kill_children(one)
            end(one)
        assert process.returncode == 1, "without children it ends"
    assert {name: state.state for name, state in states.items()} == {
        "opens": "running",
        "fails": "died",
        "killed": "died",
        "waits": "running",
        "missing": "died",
        "patient": "running",
    }
    assert [states[name].code for name in ("fails", "killed", "missing")] == [3, -9, 127]
    assert home.log("fails").read_text() == "why\n"
    assert home.log("waits").read_text() == "there\n"


SERVICES = """
import sys
from pathlib import Path
from faultcast.infra.providers.local.layout import NodeLayout
from faultcast.infra.providers.local.node.spec import Component
from faultcast.infra.providers.local.node.supervisor import supervise

home = NodeLayout(Path(sys.argv[1]))
parent = f"setsid sleep 300 & echo $! >> {home.root}/children; echo $$ >> {home.root}/pids; wait"
components = (
    Component("kubelet", ("sh", "-c", parent), patience=60),
    Component("dies", ("sh", "-c", f"echo x >> {home.root}/tries; sleep 1")),
)
sys.exit(supervise(components, home, "/usr/bin:/bin"))
"""


def numbers(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def test_a_service_is_stopped_without_its_children_and_started_again(tmp_path: Path) -> None:
    home = NodeLayout(tmp_path)
    home.logs.mkdir()
    with subprocess.Popen([sys.executable, "-c", SERVICES, str(tmp_path)], start_new_session=True) as process:
        one = ProcessId.of(process.pid)
        try:
            wait_until("start", lambda: services.runs(home, "kubelet"), Wait(10, 0.05))
            wait_until("its child", lambda: numbers(tmp_path / "children"), Wait(5, 0.05))
            for _ in range(2):
                services.stop(home, "kubelet")
            assert read_states(home)["kubelet"].state == "stopped", "no patience with what is meant to be off"
            assert not psutil.pid_exists(numbers(tmp_path / "pids")[0])
            assert psutil.pid_exists(numbers(tmp_path / "children")[0]), "what it started runs on"
            assert process.poll() is None, "nothing left to watch, but something to start again"
            for _ in range(2):
                services.start(home, "kubelet")
            assert services.runs(home, "kubelet")
            wait_until("second start", lambda: len(numbers(tmp_path / "pids")) == 2, Wait(5, 0.05))

            wait_until("death", lambda: read_states(home)["dies"].state == "died", Wait(5, 0.05))
            services.start(home, "dies")
            assert len((tmp_path / "tries").read_text().split()) == 2, "one that died is started too"
        finally:
            kill_children(one)
            end(one)
            for pid in numbers(tmp_path / "children"):
                psutil.Process(pid).kill()
