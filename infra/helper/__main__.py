"""Carry out the order of this pod: `python3 -m helper`."""

import os
import signal
import sys
import threading

from .keep import keep
from .order import Order
from .tasks.register import TASKS


def main() -> int:
    """Until the order's time is over, or SIGTERM; the exit code is that of `keep`."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    signal.signal(signal.SIGINT, lambda *_: asked.set())
    order = Order.parse(os.environ["FAULTCAST_ORDER"])
    return keep(order, TASKS[order.task](order), stopped=asked.wait)


code = main()
sys.stdout.flush()
os._exit(code)  # at once: a probe that hangs in its thread must not hold up the end of the pod
