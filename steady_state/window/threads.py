"""Small fits on one thread: with more they only become slower, and wait for each other."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController

__all__ = ["one_thread"]


def one_thread() -> AbstractContextManager[object]:
    """While it lasts, numpy's and scipy's linear algebra uses one thread."""
    limit: AbstractContextManager[object] = _controller().limit(limits=1)
    return limit


@cache
def _controller() -> ThreadpoolController:
    """What has found their libraries, once: it takes longer than a fit, all that is loaded is looked at."""
    import scipy.linalg  # noqa: F401 - it has a library of its own, which has to be there to be found

    return ThreadpoolController()
