"""Control groups of a target, of version 1 or 2, as folders that a process can join."""

from collections.abc import Mapping
from pathlib import Path

from .task import TaskError

__all__ = ["ROOT", "counter", "folder_of", "folders_of"]

ROOT = Path("/sys/fs/cgroup")


def folders_of(groups: Mapping[str, str], wanted: tuple[str, ...], root: Path = ROOT) -> list[Path]:
    """Folders of some controllers.

    Args:
        groups: The group paths of a process, by controller.
        wanted: Names of controllers.
        root: Where control groups are mounted.

    Returns:
        One folder of the unified hierarchy, or one for each controller that this node has.

    Raises:
        TaskError: The target's groups are not below `root`.
    """
    folders: list[Path] = []
    for controller in wanted:
        folder = folder_of(groups, controller, root)
        if folder not in folders:
            folders.append(folder)
    return folders


def folder_of(groups: Mapping[str, str], controller: str, root: Path = ROOT) -> Path:
    """Folder of one controller; raises TaskError when the target has none."""
    if controller in groups:
        mounted = [
            child
            for child in sorted(root.iterdir())
            if child.is_dir() and controller in child.name.split(",")
        ]
        candidates = [child / groups[controller].lstrip("/") for child in mounted]
    else:
        candidates = [root / groups.get("", "/").lstrip("/")]
    for candidate in candidates:
        if (candidate / "cgroup.procs").exists():
            return candidate
    message = f"no control group of {controller} for {groups.get(controller) or groups.get('')} below {root}"
    raise TaskError(message)


def counter(file: Path, key: str) -> int:
    """One number of a file of lines `key number`; 0 when the file or the key is not there."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    return 0
