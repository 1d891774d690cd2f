import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from faultcast.infra.errors import CommandError
from faultcast.infra.processes import ProcessId, end, run, tail


def test_output_and_code_are_returned() -> None:
    done = run((sys.executable, "-c", "import sys; print('a'); sys.exit(3)"), check=False)
    assert (done.code, done.stdout) == (3, "a\n")


def test_a_failure_carries_the_programs_own_words() -> None:
    with pytest.raises(CommandError, match="exit code 1: boom"):
        run((sys.executable, "-c", "import sys; sys.exit('boom')"))


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match="cannot run no-such-program-here") as caught:
        run(("no-such-program-here",))
    assert "install" in caught.value.remedy


def test_a_program_that_hangs_is_killed() -> None:
    with pytest.raises(CommandError, match="did not end within"):
        run((sys.executable, "-c", "import threading; threading.Event().wait()"), timeout=0.3)


def test_a_process_is_told_apart_from_a_later_one_with_its_number() -> None:
    me = ProcessId.of(os.getpid())
    assert me.alive()
    assert not ProcessId(me.pid, me.started - 1000).alive()


def test_ending_a_stubborn_process_takes_sigkill() -> None:
    code = (
        "import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print(1, flush=True); threading.Event().wait()"
    )
    with subprocess.Popen((sys.executable, "-c", code), stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        end(ProcessId.of(process.pid), grace=0.2)
        assert process.wait(5) == -signal.SIGKILL


def test_the_tail_of_a_log_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert "no log" in tail(tmp_path / "x")
    (tmp_path / "x").write_text("a\nb\nc\n")
    assert tail(tmp_path / "x", 2) == "b\nc"
