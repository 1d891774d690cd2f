"""Archives of images that somebody else made: what `docker save`, `podman save` and builders write.

There are two layouts, that of `docker save` and that of OCI, each perhaps compressed as a whole, with one
image or several, of one platform or several. What is chosen here is written anew in the one layout that this
package makes itself, under the names that a pod will use.
"""

import bz2
import gzip
import io
import json
import lzma
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from faultcast.infra.errors import ConfigurationError, FaultcastError, UnsupportedError
from faultcast.infra.images.archive import ImageArchive, architecture

__all__ = ["ForeignImage", "full_name", "open_foreign", "read_archive"]

_OPENERS: Mapping[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_ZSTD = b"\x28\xb5\x2f\xfd"
_MOST_JSON = 8 * 1024**2
_REMEDY = "write it by: docker save NAME -o FILE, or podman save NAME -o FILE"
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"(?:[A-Za-z0-9.-]+(?::\d+)?/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?")


@dataclass(frozen=True, slots=True)
class ForeignImage:
    """One image of an archive.

    Attributes:
        ref: Its full name; empty when the archive does not name it.
        config: Name of the member that says how its containers start.
        layers: Names of the members with its layers, lowest first.
    """

    ref: str
    config: str
    layers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Archive:
    """An open archive: its file, the tar, and the members by their plain names."""

    path: Path
    tar: tarfile.TarFile
    members: dict[str, tarfile.TarInfo] = field(default_factory=dict)

    def images(self) -> list[ForeignImage]:
        if "manifest.json" in self.members:
            return [self._checked(image) for image in self._docker()]
        if "index.json" in self.members:
            return [self._checked(image) for image in self._oci(self.json("index.json"), "")]
        message = f"{self.path} is an archive, but of no image: it has neither manifest.json nor index.json"
        raise ConfigurationError(message, remedy=_REMEDY)

    def json(self, name: str) -> Any:
        return json.loads(self.bytes(name))

    def bytes(self, name: str) -> bytes:
        with self.open(name) as content:
            return content.read(_MOST_JSON)

    def open(self, name: str) -> BinaryIO:
        member = self.members.get(name.removeprefix("./"))
        content = self.tar.extractfile(member) if member else None
        if content is None:
            message = f"{self.path} is not whole: it has no {name}"
            raise ConfigurationError(message, remedy="write it again")
        return content  # type: ignore[return-value]

    def _docker(self) -> Iterator[ForeignImage]:
        for image in self.json("manifest.json") or ():
            for tag in image.get("RepoTags") or [""]:
                yield ForeignImage(tag and full_name(tag), image["Config"], tuple(image["Layers"]))

    def _oci(self, index: Mapping[str, Any], name: str) -> Iterator[ForeignImage]:
        """The images of an index; one that is in it for several platforms counts once, for ours."""
        several = [each for each in index["manifests"] if _platform(each)]
        fitting = [each for each in several if _platform(each) == _ours()]
        if several and not fitting:
            raise _wrong(self.path, name, sorted({_platform(each) for each in several}))
        for each in index["manifests"]:
            if each in several and each not in fitting:
                continue
            ref = name or _name_of(each.get("annotations") or {})
            document = self.json(_blob(each))
            if "manifests" in document:
                yield from self._oci(document, ref)
            else:
                layers = tuple(_blob(layer) for layer in document["layers"])
                yield ForeignImage(ref, _blob(document["config"]), layers)

    def _checked(self, image: ForeignImage) -> ForeignImage:
        config = self.json(image.config)
        if "rootfs" not in config:
            message = f"{self.path} holds something else than an image of containers"
            raise ConfigurationError(message, remedy=_REMEDY)
        if (found := f"{config.get('os')}/{config.get('architecture')}") != _ours():
            raise _wrong(self.path, image.ref, [found])
        if len(config["rootfs"]["diff_ids"]) != len(image.layers):
            message = f"{self.path} is not whole: {image.ref or 'its image'} lacks layers"
            raise ConfigurationError(message, remedy="write it again")
        for layer in image.layers:
            self.open(layer).close()
        return image

    def write(self, images: list[ForeignImage], out: Path) -> None:
        manifest = [{"Config": i.config, "RepoTags": [i.ref], "Layers": list(i.layers)} for i in images]
        names = dict.fromkeys(name for i in images for name in (i.config, *i.layers))
        with tarfile.open(out, "w", format=tarfile.GNU_FORMAT) as tar:
            _add(tar, "manifest.json", io.BytesIO(json.dumps(manifest).encode()))
            for name in names:
                with self.open(name) as content:
                    _add(tar, name, content)


@contextmanager
def open_foreign(path: Path, scratch: Path, name: str = "") -> Iterator[tuple[Path, tuple[str, ...]]]:
    """An archive as the nodes can import it, for as long as the context lasts.

    Args:
        path: The file that somebody made.
        scratch: An existing folder with room for a copy.
        name: Name for its only image; empty when the archive's own names are to be used.

    Yields:
        The file to import, and the full names of its images.

    Raises:
        ConfigurationError: It is no archive of images, is not whole, is empty, or an image has no name.
        UnsupportedError: An image is for other machines.
    """
    with tempfile.TemporaryDirectory(prefix="images-", dir=scratch) as place:
        with _reading(path), _open(path, Path(place)) as archive:
            images = _named(path, archive.images(), name)
            out = Path(place) / "images.tar"
            archive.write(images, out)
        yield out, tuple(dict.fromkeys(image.ref for image in images))


def read_archive(path: Path) -> ImageArchive:
    """The one named image of an archive that somebody made.

    Args:
        path: The file.

    Raises:
        ConfigurationError: It is no such archive, or holds several images, or its image has no name.
        UnsupportedError: The image is for other machines.
    """
    with _reading(path), tempfile.TemporaryDirectory() as place, _open(path, Path(place)) as archive:
        images = _named(path, archive.images(), "")
    if len(images) > 1:
        message = f"{path} holds {len(images)} images: {', '.join(image.ref for image in images)}"
        raise ConfigurationError(message, remedy="write an archive of one image")
    ref = images[0].ref
    return ImageArchive(ref.rsplit("/", 1)[-1].partition(":")[0], ref, path, "worker")


def full_name(name: str) -> str:
    """A name with registry and tag, as a container runtime keeps it: `web` is `docker.io/library/web:latest`.

    Raises:
        ConfigurationError: It is no name of an image.
    """
    if not _NAME.fullmatch(name):
        message = f"{name!r} is no name of an image"
        raise ConfigurationError(message, remedy="write it as in my-app:1.0, in lower-case letters")
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = "docker.io", name if slash else f"library/{name}"
    return f"{first}/{rest}" if ":" in rest else f"{first}/{rest}:latest"


def _named(path: Path, images: list[ForeignImage], name: str) -> list[ForeignImage]:
    if not images:
        raise ConfigurationError(f"{path} holds no image", remedy=_REMEDY)
    if name:
        if len({image.config for image in images}) > 1:
            message = f"{path} holds {len(images)} images, and one name was given"
            raise ConfigurationError(message, remedy="leave the name out, or write an archive of one image")
        return [ForeignImage(full_name(name), images[0].config, images[0].layers)]
    if not all(image.ref for image in images):
        message = f"{path} holds an image without a name"
        raise ConfigurationError(message, remedy="give it one, as in --name my-app:1.0")
    return images


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Whatever is wrong with a file that somebody gave is said as that."""
    try:
        yield
    except FaultcastError:
        raise
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no file {path}", remedy="check its path") from error
    except (OSError, EOFError, tarfile.TarError, lzma.LZMAError) as error:
        message = f"{path} cannot be read as an archive of images: {error}"
        raise ConfigurationError(message, remedy=_REMEDY) from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        message = f"{path} is no archive of images: what it says of them cannot be understood"
        raise ConfigurationError(message, remedy=_REMEDY) from error


@contextmanager
def _open(path: Path, scratch: Path) -> Iterator[_Archive]:
    if path.is_dir():
        message = f"{path} is a folder and no archive"
        raise ConfigurationError(message, remedy=f"pack it: tar -C {path} -cf FILE .")
    with _plain(path, scratch).open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
        members = {member.name.removeprefix("./"): member for member in tar}
        yield _Archive(path, tar, members)


def _plain(path: Path, scratch: Path) -> Path:
    """The file itself, or what it is when it is not compressed any more."""
    with path.open("rb") as file:
        start = file.read(8)
        file.seek(0)
        if start.startswith(_ZSTD):
            message = f"{path} is compressed by zstd"
            raise ConfigurationError(message, remedy=f"decompress it first: zstd -d {path}")
        for magic, opener in _OPENERS.items():
            if start.startswith(magic):
                target = scratch / "plain.tar"
                with opener(file) as source, target.open("wb") as out:
                    shutil.copyfileobj(source, out, 1024**2)
                return target
    return path


def _add(tar: tarfile.TarFile, name: str, content: BinaryIO) -> None:
    member = tarfile.TarInfo(name)
    member.size = content.seek(0, io.SEEK_END)
    content.seek(0)
    tar.addfile(member, content)


def _ours() -> str:
    return f"linux/{architecture()}"


def _platform(descriptor: Mapping[str, Any]) -> str:
    """Such as `linux/amd64`; empty when an index does not say, or means no machine (an attestation)."""
    platform = descriptor.get("platform") or {}
    name = f"{platform.get('os', '')}/{platform.get('architecture', '')}"
    return "" if name == "/" else name


def _blob(descriptor: Mapping[str, Any]) -> str:
    algorithm, _, digest = descriptor["digest"].partition(":")
    return f"blobs/{algorithm}/{digest}"


def _name_of(annotations: Mapping[str, str]) -> str:
    """A name; what is only a tag names nothing."""
    found = next((annotations[key] for key in _NAMES if annotations.get(key)), "")
    return full_name(found) if "/" in found or ":" in found else ""


def _wrong(path: Path, name: str, found: list[str]) -> UnsupportedError:
    message = f"{name or 'the image'} in {path} is for {', '.join(found)}; the nodes are {_ours()}"
    return UnsupportedError(message, remedy=f"build it for them: docker build --platform {_ours()}")
