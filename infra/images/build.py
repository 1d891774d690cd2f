"""Make the archives of all images, or find them made."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from filelock import FileLock

from faultcast.infra.errors import RequirementError
from faultcast.infra.images.archive import ImageArchive, Layer, architecture, write_archive, write_layer
from faultcast.infra.images.catalog import CATALOG
from faultcast.infra.images.debian import Package, fetch_packages, unpack
from faultcast.infra.images.recipe import ImageRecipe, LayerRecipe
from faultcast.infra.processes import run
from faultcast.infra.settings import Settings

__all__ = ["build_images"]

_FORMAT = 1
"""Part of every key; raised when the way layers are packed changes."""
_LOCK_TIMEOUT = 600.0
_PYTHON_FILE = "usr/bin/python3.13"


def build_images(
    settings: Settings,
    programs: Path,
    progress: Callable[[str], None],
    *,
    catalog: Sequence[ImageRecipe] = CATALOG,
) -> tuple[ImageArchive, ...]:
    """Make what is missing of the images' archives.

    Args:
        settings: Says where the cache is.
        programs: Folder with the statically linked programs.
        progress: Told in words what goes on.
        catalog: The images to make.

    Returns:
        One archive for each image, in the catalog's order.

    Raises:
        RequirementError: This machine has no Debian archive configured, or a program is missing.
        CommandError: A package could not be fetched or unpacked.
    """
    home = settings.cache_dir / "images"
    home.mkdir(parents=True, mode=0o700, exist_ok=True)
    with FileLock(home / "build.lock", timeout=_LOCK_TIMEOUT):
        names = {name for image in catalog for layer in image.layers for name in layer.packages}
        packages = fetch_packages(names, home / "packages", progress) if names else {}
        kitchen = _Kitchen(home, programs, packages)
        return tuple(kitchen.image(recipe, progress) for recipe in catalog)


@dataclass(frozen=True, slots=True)
class _Kitchen:
    """Where images are made: cache, programs and packages."""

    home: Path
    programs: Path
    packages: Mapping[str, Package]

    def image(self, recipe: ImageRecipe, progress: Callable[[str], None]) -> ImageArchive:
        keys = [self._layer_key(layer) for layer in recipe.layers]
        key = _key([_FORMAT, architecture(), recipe.name, keys, asdict(recipe.config)])
        ref = f"faultcast.local/{recipe.name}:{key[:12]}"
        archive = ImageArchive(recipe.name, ref, self.home / f"{recipe.name}-{key[:12]}.tar", recipe.nodes)
        if not archive.path.is_file():
            progress(f"making image {recipe.name}")
            layers = [self._layer(layer, key) for layer, key in zip(recipe.layers, keys, strict=True)]
            for stale in self.home.glob(f"{recipe.name}-{'?' * 12}.tar"):
                stale.unlink()
            write_archive(archive.path, ref, layers, recipe.config)
        return archive

    def _layer_key(self, recipe: LayerRecipe) -> str:
        """Key of everything a layer is made of; two layers with one key are the same bytes."""
        facts = {
            **asdict(recipe),
            "files": {place: _content(source) for place, source in recipe.files.items()},
            "packages": [self.packages[name].sha256 for name in recipe.packages],
            "programs": {name: _content(self._program(name)) for name in recipe.programs},
        }
        return _key([_FORMAT, architecture(), facts])

    def _layer(self, recipe: LayerRecipe, key: str) -> Layer:
        folder = self.home / "layers"
        folder.mkdir(exist_ok=True)
        path = folder / f"{recipe.name}-{key[:12]}.tar"
        if path.is_file():
            with path.open("rb") as file:
                return Layer(path, hashlib.file_digest(file, "sha256").hexdigest())
        for stale in folder.glob(f"{recipe.name}-{'?' * 12}.tar"):
            stale.unlink()
        with tempfile.TemporaryDirectory(prefix="unfinished-", dir=self.home) as place:
            tree = Path(place) / "tree"
            tree.mkdir(mode=0o755)
            self._fill(recipe, tree, Path(place) / "packages")
            return write_layer(tree, path)

    def _fill(self, recipe: LayerRecipe, tree: Path, unpacked: Path) -> None:
        unpacked.mkdir()
        for name in recipe.packages:
            unpack(self.home / "packages" / self.packages[name].file, unpacked)
        _take(unpacked, tree, recipe)
        for name in recipe.programs:
            _place(self._program(name), tree / "usr/bin" / name)
        for place, source in recipe.files.items():
            _place(source, tree / place)
        for place, text in recipe.texts.items():
            _parent(tree / place).write_text(text)
        for place, target in recipe.links.items():
            _parent(tree / place).symlink_to(target)
        for place in recipe.folders:
            (tree / place).mkdir(parents=True)
            (tree / place).chmod(0o1777)
        if recipe.compile:
            self._compile(tree, unpacked)

    def _compile(self, tree: Path, unpacked: Path) -> None:
        """Compile Python files by the layer's own interpreter, on the C library of the images."""
        unpack(self.home / "packages" / self.packages["libc6"].file, unpacked)
        libraries = next(unpacked.glob("usr/lib/*-linux-gnu"))
        loader = next(libraries.glob("ld-linux*.so.*"), None) or next(unpacked.glob("usr/lib/ld-linux*.so.*"))
        command: list[str | Path] = [loader, "--library-path", libraries, tree / _PYTHON_FILE, "-S", "-s"]
        options = ["-q", "-j", "1", "--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", "/"]
        run(
            [*command, "-m", "compileall", *options, tree / "usr/lib"],
            env={"PYTHONHOME": str(tree / "usr"), "PYTHONHASHSEED": "0"},
            timeout=300.0,
        )

    def _program(self, name: str) -> Path:
        path = self.programs / name
        if not path.is_file():
            message = f"program {name} is missing in {self.programs}"
            raise RequirementError(message, remedy="build it: faultcast up, or correct FAULTCAST_BIN")
        return path


def _take(source: Path, tree: Path, recipe: LayerRecipe) -> None:
    """Move the wanted files of unpacked packages."""
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        if _matches(name, recipe.keep) and not _matches(name, recipe.drop):
            path.rename(_parent(tree / name))


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _place(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, _parent(target), ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, _parent(target))


def _parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _content(source: Path) -> str:
    """Checksum of a file, or of all files below a folder."""
    if source.is_file():
        with source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return _key([[path.relative_to(source).as_posix(), _content(path)] for path in files])


def _key(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
