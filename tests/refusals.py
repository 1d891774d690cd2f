"""What a user reads of a file that is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from faultcast.experiments.loading.loader import load_experiments
from faultcast.infra.errors import ExperimentError


def refused_lines(path: Path, load: Callable[[Path], object] = load_experiments) -> list[str]:
    """Load a file that is refused; its problems without the file's name, which each begins with."""
    with pytest.raises(ExperimentError) as caught:
        load(path)
    lines = caught.value.what.splitlines()
    assert all(line.startswith(f"{path}:") for line in lines)
    return [line.removeprefix(f"{path}:") for line in lines]
