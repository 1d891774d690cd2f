"""The back: knows the catalog, keeps the stock. There is one of it, on purpose."""

import os
import threading
from dataclasses import dataclass, field
from typing import Any

from .inventory import Inventory, InventoryError, Product
from .service import Unavailable, serve

__all__ = ["Store", "main"]

_PAGES_PER_SECOND = 10.0
_PATIENCE = 60
"""How often the database is asked at the start, once a second."""


@dataclass(slots=True)
class Store:
    """Answers readings from its catalog in memory, and writes the stock to the database.

    Attributes:
        inventory: The database.
        catalog: Products by number; empty until `warm_up`.
    """

    inventory: Inventory
    catalog: dict[int, Product] = field(default_factory=dict)

    def warm_up(self) -> None:
        """Wait for the database, then load the catalog page by page, so that a start never floods it.

        Raises:
            InventoryError: The database did not answer for a minute.
        """
        pause = threading.Event()
        for left in reversed(range(_PATIENCE)):
            try:
                self.inventory.create()
                break
            except InventoryError:
                if not left:
                    raise
            pause.wait(1.0)
        for page in self.inventory.pages():
            self.catalog.update({product.number: product for product in page})
            pause.wait(1 / _PAGES_PER_SECOND)

    def handle(self, reading: Any) -> object:
        """Write a reading and give back what is known of its product."""
        product = self.catalog.get(reading["product"])
        if product is None:
            message = f"no product {reading['product']}"
            raise Unavailable(message, 404)
        try:
            self.inventory.set_stock(product.number, reading["pieces"])
        except InventoryError as error:
            raise Unavailable(str(error)) from error
        reorder = reading["pieces"] < product.reorder_below
        return {"product": product.number, "name": product.name, "reorder": reorder}


def main() -> None:
    """Run until SIGTERM."""
    inventory = Inventory(
        host=os.environ["DATABASE_HOST"],
        port=int(os.environ["DATABASE_PORT"]),
        user=os.environ["DATABASE_USER"],
        password=os.environ["DATABASE_PASSWORD"],
        schema=os.environ["DATABASE_SCHEMA"],
    )
    store = Store(inventory)

    serve("store", store.handle, store.warm_up)


if __name__ == "__main__":
    main()
