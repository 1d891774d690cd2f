"""Nothing is done on the node: the pod stands for an effect that ends by itself."""

from ..order import Order

__all__ = ["Hold"]


class Hold:
    """The null object of the tasks."""

    def __init__(self, order: Order) -> None:
        self.order = order

    def apply(self) -> None:
        """Nothing."""

    def tick(self) -> None:
        """Nothing."""

    def undo(self) -> list[str]:
        """Nothing is left."""
        return []
