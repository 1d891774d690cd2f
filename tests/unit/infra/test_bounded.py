import threading

import pytest

from faultcast.infra.bounded import begun, in_time
from faultcast.infra.errors import WaitTimeoutError


def test_work_that_ends_gives_its_result() -> None:
    assert in_time("a sum", lambda: 1 + 1, 10.0) == 2


@pytest.mark.parametrize("error", [TimeoutError("its own"), KeyError("a"), KeyboardInterrupt()])
def test_what_the_work_raises_is_raised_to_whoever_waits(error: BaseException) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        in_time("work", work, 10.0)
    assert caught.value is error


def test_work_that_never_ends_is_given_up_and_keeps_no_process_alive() -> None:
    go_on, threads = threading.Event(), list[threading.Thread]()

    def work() -> bool:
        threads.append(threading.current_thread())
        return go_on.wait(10)

    with pytest.raises(WaitTimeoutError, match="waited 0 s for: the answer"):
        in_time("the answer", work, 0.0)
    again = begun("the answer", work)
    go_on.set()
    assert again.result(10) is True
    assert all(thread.daemon for thread in threads)
