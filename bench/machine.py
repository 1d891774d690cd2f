"""The machine that figures were measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["facts"]


def facts() -> dict[str, Any]:
    """Cores, CPU, load, and versions of what does the work."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _cpu(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{name: version(name) for name in ("darts", "numpy", "pandas", "statsmodels")},
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
