"""What a layer and an image are made of, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from faultcast.infra.images.archive import ImageConfig, NodeRole

__all__ = ["ImageRecipe", "LayerRecipe"]


@dataclass(frozen=True, slots=True)
class LayerRecipe:
    """One layer.

    Attributes:
        name: For people, and for the folder of its cache.
        packages: Debian packages whose files it takes.
        keep: Which of those files, as patterns below `/`; nothing else of the packages is taken.
        drop: Which of the kept files are left out after all.
        programs: Programs built before, which become `/usr/bin/NAME`.
        files: Files or folders of this package, by their place in the image.
        texts: Small files, by their place in the image.
        links: Symbolic links: target by place.
        folders: Empty folders that anybody may write to, such as `/tmp`.
        compile: Compile the layer's Python files, by the interpreter that it holds.
    """

    name: str
    packages: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    compile: bool = False


@dataclass(frozen=True, slots=True)
class ImageRecipe:
    """One image.

    Attributes:
        name: Its short name.
        layers: Its layers, lowest first.
        config: How its containers start.
        nodes: Which nodes run it.
    """

    name: str
    layers: tuple[LayerRecipe, ...]
    config: ImageConfig
    nodes: NodeRole
