"""The register of the tasks."""

from collections.abc import Callable, Mapping

from ..order import Order
from ..task import Task
from .cpu import Cpu
from .fill import Fill
from .hold import Hold
from .io import Io
from .kill import Kill
from .memory import Memory
from .net import Net
from .restore import Restore

__all__ = ["TASKS"]

TASKS: Mapping[str, Callable[[Order], Task]] = {
    "cpu": Cpu,
    "fill": Fill,
    "hold": Hold,
    "io": Io,
    "kill": Kill,
    "memory": Memory,
    "net": Net,
    "observe": Hold,  # the probes of an order are made beside any task
    "restore": Restore,
}
"""Maker of each task, by the name that orders use."""
