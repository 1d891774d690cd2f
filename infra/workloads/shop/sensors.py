"""The load: sensors that report at their own pace, whether or not anybody answers (an open loop)."""

import logging
import math
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from prometheus_client import start_http_server

from .log import log_to_stdout
from .outbound import CallError, CallTimeoutError, Endpoint, post
from .telemetry import ClientMetrics

__all__ = ["Season", "await_shop", "main", "report", "run"]

_METRICS_PORT = 8081
_WORKERS = 120
_TIMEOUT = 2.5
_PRODUCTS = 2000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Season:
    """How many requests a second there are, over time.

    Attributes:
        mean: Requests a second, on average.
        swing: By which part of the mean the rate goes up and down.
        period: Seconds of one season.
    """

    mean: float = 20.0
    swing: float = 0.25
    period: float = 60.0

    def rate(self, moment: float) -> float:
        """Requests a second at a moment.

        Args:
            moment: Unix time, so that a new pod goes on where the old one was.
        """
        return self.mean * (1 + self.swing * math.sin(2 * math.pi * moment / self.period))


def report(metrics: ClientMetrics, send: Callable[[object], object], reading: object) -> str:
    """Send one reading, and count how that ended.

    Returns:
        The outcome.
    """
    start = time.perf_counter()
    try:
        send(reading)
        outcome = "ok"
    except CallTimeoutError as error:
        outcome = "timeout"
        _log.warning("no answer", extra={"facts": {"reason": str(error)}})
    except CallError as error:
        outcome = "error"
        _log.warning("report failed", extra={"facts": {"reason": str(error)}})
    metrics.observe(outcome, time.perf_counter() - start)
    return outcome


def await_shop(send: Callable[[object], object], stop: threading.Event, patience: float = 60.0) -> None:
    """Wait until the shop answers, so that its own start is not counted as an outage; not for ever.

    Args:
        send: Sends one reading.
        stop: Ends the wait.
        patience: Seconds after which the load starts in any case.
    """
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            send({"product": 1, "pieces": 0})
        except CallError:
            if stop.wait(0.25):
                return
        else:
            return


def run(season: Season, submit: Callable[[object], object], stop: threading.Event) -> None:
    """Submit readings at the season's pace until `stop` is set.

    Args:
        season: The pace.
        submit: Takes a reading; must not block.
        stop: Ends the load.
    """
    chance = random.Random(0)  # noqa: S311
    due = time.monotonic()
    while not stop.wait(max(0.0, due - time.monotonic())):
        submit({"product": chance.randrange(1, _PRODUCTS + 1), "pieces": chance.randrange(100)})
        due += 1 / season.rate(time.time())


def main() -> None:
    """Run until SIGTERM."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    log_to_stdout("sensors")
    metrics = ClientMetrics()
    gateway = Endpoint.parse(os.environ["SHOP_GATEWAY"], path="/readings", timeout=_TIMEOUT)

    def send(reading: object) -> object:
        return post(gateway, reading)

    stop = threading.Event()
    load = threading.Thread(target=_load, args=(send, metrics, stop))
    load.start()
    signal.sigwait(signals)
    stop.set()
    load.join()


def _load(send: Callable[[object], object], metrics: ClientMetrics, stop: threading.Event) -> None:
    await_shop(send, stop)
    start_http_server(_METRICS_PORT)
    _log.info("sensors report")
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="sensor") as pool:
        run(Season(), lambda reading: pool.submit(report, metrics, send, reading), stop)


if __name__ == "__main__":
    main()
