"""Run one part: `python3 -m cloud volumes` on every node, `python3 -m cloud addresses` once."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from .addresses import Addresses
from .api import in_cluster, say
from .volumes import Volumes

_PERIOD = 5.0
"""Seconds between two looks when nothing was heard of a change."""
_PAUSE = 1.0
"""Seconds after a failure."""


def main(part: str) -> None:
    """Look after it until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    api, changed = in_cluster(), threading.Event()
    work: Volumes | Addresses
    if part == "volumes":
        work = Volumes(api, os.environ["NODE"], Path("/volumes"), Path(os.environ["HOST_FOLDER"]))
    else:
        work = Addresses(api)

    def listen(path: str) -> None:
        while True:
            try:
                for _ in api.changes(path):
                    changed.set()
            except OSError as error:
                say(str(error))
                time.sleep(_PAUSE)

    for path in work.watched:
        threading.Thread(target=listen, args=(path,), daemon=True).start()
    while True:
        changed.clear()
        try:
            work.reconcile()
        except OSError as error:
            say(str(error))
            time.sleep(_PAUSE)
        else:
            changed.wait(_PERIOD)


main(sys.argv[1])
