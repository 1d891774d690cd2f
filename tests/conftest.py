"""For all tests: what a process can import once is imported before pytester forgets what its runs did."""

import pandas.core.arrays.arrow.extension_types  # noqa: F401 - pyarrow registers its types once
