"""Work that must not hold anybody up for longer than a whole time, whatever it waits for.

A time-out of a socket counts from one byte to the next, so a server that drips keeps its client for ever.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait

from faultcast.infra.errors import WaitTimeoutError

__all__ = ["begun", "in_time"]


def begun[T](name: str, work: Callable[[], T]) -> Future[T]:
    """Begin work in a thread of its own, which keeps no process from ending.

    Args:
        name: What it is, for the name of the thread.
        work: The work; what it raises is in the future.
    """
    future: Future[T] = Future()

    def carry_out() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for the result
            future.set_exception(error)

    threading.Thread(target=carry_out, name=name, daemon=True).start()
    return future


def in_time[T](name: str, work: Callable[[], T], seconds: float) -> T:
    """The result of work, or an error once a whole time is over; the work is left to itself then.

    Args:
        name: What it is, as in "the answer of http://shop/".
        work: The work; its errors pass through.
        seconds: How long it may take in all.

    Raises:
        WaitTimeoutError: It has not come to an end.
    """
    future = begun(name, work)
    wait((future,), timeout=seconds)
    if not future.done():
        message = f"waited {seconds:g} s for: {name}"
        raise WaitTimeoutError(message)
    return future.result()
