"""One replica of a service of outlooks with a real Lease and pretended work, to be killed and frozen.

    python -m tests.e2e.electing KUBECONFIG NAMESPACE/NAME FOLDER IDENTITY

In the folder it shares with the other replicas, `beliefs` gets a line every few milliseconds in which it
believes to lead, and `slots` one for each batch it writes, as a database with a fence would take it.
"""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock

from faultcast.infra.errors import SupersededError
from faultcast.infra.leadership.leadership import Leadership, uptime
from faultcast.service.composition import lease_of
from faultcast.service.duties import Slot, SlotResult
from faultcast.service.lifecycle import Service
from faultcast.service.log import log_to_stderr
from faultcast.service.loop import OutlookLoop
from faultcast.service.settings import load_forecaster_settings
from faultcast.service.telemetry import Telemetry

BATCHES = 4
_EVERY = 0.01
_BATCH = 0.05


class Pretended:
    """Slots of a second each, in batches; writes are guarded by the largest token, as in the database."""

    def __init__(self, folder: Path) -> None:
        self.freeze = False
        self._slots = folder / "slots"
        self._lock = FileLock(folder / "lock")
        self._pause = threading.Event()

    def complete_slots(self, since: datetime) -> set[datetime]:
        found = {
            datetime.fromisoformat(line["slot"]) for line in read(self._slots) if line["batch"] == BATCHES
        }
        return {slot for slot in found if slot >= since}

    def forecast(self, slot: Slot) -> SlotResult:
        for batch in range(1, BATCHES + 1):
            if not slot.still_leading():
                return SlotResult(False, batch - 1)
            self._pause.wait(_BATCH)  # stands for work
            if self.freeze:
                self.freeze = False
                os.kill(os.getpid(), signal.SIGSTOP)  # the worst moment: it has asked, and is about to write
            self._write(slot, batch)
        return SlotResult(True, BATCHES)

    def _write(self, slot: Slot, batch: int) -> None:
        with self._lock:
            if any(line["token"] > slot.token for line in read(self._slots)):
                message = f"a writer with a token above {slot.token} has written"
                raise SupersededError(message)
            line = {"at": uptime(), "token": slot.token, "slot": slot.moment.isoformat(), "batch": batch}
            append(self._slots, line)

    def waiting(self) -> int:
        return 0

    def replay(self, token: int | None) -> int:
        return 0

    def tidy(self, token: int | None) -> str:
        return ""

    def check(self) -> Mapping[str, str]:
        return {"database": "", "prometheus": ""}


def believe(lease: Leadership, beliefs: Path, end: threading.Event) -> None:
    """Write down again and again that this process believes to lead, while it does."""
    with beliefs.open("a", buffering=1) as file:
        while not end.wait(_EVERY):
            at = uptime()
            if term := lease.term():
                file.write(json.dumps({"at": at, "token": term.token, "holder": lease.holder}) + "\n")


def append(file: Path, line: dict[str, Any]) -> None:
    with file.open("a") as opened:
        opened.write(json.dumps(line) + "\n")


def read(file: Path) -> list[dict[str, Any]]:
    """The whole lines of a file."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text().split("\n")[:-1]]


def main(kubeconfig: Path, lease_name: str, folder: Path, identity: str) -> int:
    log_to_stderr()
    logging.getLogger("faultcast").setLevel(logging.INFO)
    settings = load_forecaster_settings(
        kubeconfig=kubeconfig,
        lease=lease_name,
        identity=identity,
        prometheus_url="http://none",
        database_host="none",
        database_user="none",
    )
    lease, duties, telemetry = lease_of(settings), Pretended(folder), Telemetry("test")
    loop = OutlookLoop(
        duties, lease, telemetry, interval=timedelta(seconds=1), keep=600, now=lambda: datetime.now(UTC)
    )
    service = Service(
        loop, lease, duties, telemetry, host="127.0.0.1", port=0, version="test", patience=600.0
    )
    signal.signal(signal.SIGTERM, lambda *_: service.stop())
    signal.signal(signal.SIGUSR1, lambda *_: setattr(duties, "freeze", True))
    end = threading.Event()
    believing = threading.Thread(target=believe, args=(lease, folder / "beliefs", end), daemon=True)
    believing.start()
    in_order = service.run()
    end.set()
    believing.join()
    return 0 if in_order else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
