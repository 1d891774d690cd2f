"""For all tests: what a process can import once is imported before pytester forgets what its runs did."""

import sys
from pathlib import Path

import pandas.core.arrays.arrow.extension_types  # noqa: F401 - pyarrow registers its types once

# `bench` is not installed: this finds it when pytest is not run as a module.
sys.path.append(str(Path(__file__).resolve().parents[1]))
