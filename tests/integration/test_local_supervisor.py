"""Process 1 of a node, as an ordinary process: starting, logging, noticing deaths."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from faultcast.infra.processes import ProcessId, end
from faultcast.infra.providers.local.layout import NodeLayout
from faultcast.infra.providers.local.supervisor import State, read_states
from faultcast.infra.waiting import Wait, wait_until

pytestmark = pytest.mark.integration

PROGRAM = """
import sys
from pathlib import Path
from faultcast.infra.providers.local.layout import NodeLayout
from faultcast.infra.providers.local.spec import Component
from faultcast.infra.providers.local.supervisor import supervise

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
