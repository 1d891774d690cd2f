"""The register of the tasks."""

from collections.abc import Callable, Mapping

from .hold import Hold
from .order import Order
from .restore import Restore
from .task import Task

__all__ = ["TASKS"]

TASKS: Mapping[str, Callable[[Order], Task]] = {
    "hold": Hold,
    "restore": Restore,
}
"""Maker of each task, by the name that orders use."""
