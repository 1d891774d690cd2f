"""What faults of a pod's file system have in common: which folder, as helpers know it."""

from typing import Any

from pydantic import Field

from faultcast.experiments.bases.helper import container_of
from faultcast.experiments.bases.pod import PodArguments
from faultcast.experiments.resources.targets import Target

__all__ = ["FolderArguments", "folder_of"]


class FolderArguments(PodArguments):
    """Which folder of which pods."""

    path: str = Field(
        pattern=r"^/", max_length=500, description="folder in the pod's container, such as a volume's"
    )


def folder_of(target: Target, path: str) -> dict[str, Any]:
    """A folder in a target, as helpers know it."""
    return {**container_of(target), "path": path}
