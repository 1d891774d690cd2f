"""Fits use one thread while they last."""

from threadpoolctl import threadpool_info, threadpool_limits

from faultcast.steady_state.window.threads import one_thread


def _threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_linear_algebra_uses_one_thread_and_then_as_many_as_before() -> None:
    with one_thread():
        pass  # now both libraries are loaded
    with threadpool_limits(limits=2, user_api="blas"):
        assert _threads()
        for _ in range(2):
            with one_thread():
                assert set(_threads()) == {1}
            assert set(_threads()) == {2}
