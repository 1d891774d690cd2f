"""The front: checks readings and hands them to the store."""

import os
from typing import Any

from .outbound import CallError, CallTimeoutError, Endpoint, post_with_retry
from .service import Handler, Unavailable, serve

__all__ = ["forward_to", "main"]

_TIMEOUT = 1.0
"""Seconds of each of the two tries, so that both end before a sensor gives up."""


def forward_to(store: Endpoint) -> Handler:
    """A handler that forwards readings.

    Args:
        store: Where the store answers.
    """

    def handle(reading: Any) -> object:
        checked = {"product": int(reading["product"]), "pieces": int(reading["pieces"])}
        try:
            return post_with_retry(store, checked)
        except CallTimeoutError as error:
            raise Unavailable(str(error), 504) from error
        except CallError as error:
            raise Unavailable(str(error), 502) from error

    return handle


def main() -> None:
    """Run until SIGTERM."""
    store = Endpoint.parse(os.environ["SHOP_STORE"], path="/stock", timeout=_TIMEOUT)
    serve("gateway", forward_to(store))


if __name__ == "__main__":
    main()
