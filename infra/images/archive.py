"""Layers and image archives, byte for byte the same whenever they are made from the same files."""

import hashlib
import io
import json
import platform
import stat
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from faultcast.infra.errors import UnsupportedError

__all__ = [
    "ImageArchive",
    "ImageConfig",
    "Layer",
    "NodeRole",
    "architecture",
    "write_archive",
    "write_layer",
]

NodeRole = Literal["all", "master", "worker"]
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class ImageArchive:
    """An image in a file.

    Attributes:
        name: Its short name, as the manifests use it.
        ref: Its reference; the tag is made of its content.
        path: The archive, in the layout that `docker save` writes.
        nodes: Which nodes run it.
    """

    name: str
    ref: str
    path: Path
    nodes: NodeRole


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """How a container of an image starts.

    Attributes:
        entrypoint: Program and first arguments.
        user: Numeric user and group, as in `10001:10001`; root when empty.
        env: Variables besides PATH.
        workdir: Folder it starts in.
    """

    entrypoint: tuple[str, ...]
    user: str = ""
    env: Mapping[str, str] | None = None
    workdir: str = "/"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer in a file.

    Attributes:
        path: The uncompressed tar.
        digest: Its SHA-256, in hexadecimal digits.
    """

    path: Path
    digest: str


def architecture() -> str:
    """This machine's architecture as Debian and the image format call it.

    Raises:
        UnsupportedError: Neither amd64 nor arm64.
    """
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        message = f"no images can be made for {machine}"
        raise UnsupportedError(message, remedy="use a machine with an amd64 or arm64 processor")
    return _ARCHITECTURES[machine]


def write_layer(tree: Path, out: Path) -> Layer:
    """Pack a folder as a layer: sorted, owned by root, without times, atomically.

    Args:
        tree: The folder that becomes `/`.
        out: The file to write.
    """
    part = out.with_suffix(".part")
    with tarfile.open(part, "w", format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(tree.rglob("*")):
            member = tar.gettarinfo(path, arcname=str(path.relative_to(tree)))
            member.uid = member.gid = 0
            member.uname = member.gname = "root"
            member.mtime = 0
            member.mode = _mode(member)
            if member.islnk():  # a hard link of the packing machine, not of the image
                member.type, member.linkname, member.size = tarfile.REGTYPE, "", path.stat().st_size
            if member.isreg():
                with path.open("rb") as content:
                    tar.addfile(member, content)
            else:
                tar.addfile(member)
    digest = _sha256(part)
    part.rename(out)
    return Layer(out, digest)


def write_archive(out: Path, ref: str, layers: Sequence[Layer], config: ImageConfig) -> None:
    """Write an image archive, atomically.

    Args:
        out: The file to write.
        ref: Reference of the image.
        layers: Its layers, lowest first.
        config: How its containers start.
    """
    env = [_PATH, *(f"{name}={value}" for name, value in sorted((config.env or {}).items()))]
    document = {
        "architecture": architecture(),
        "os": "linux",
        "config": {
            "Entrypoint": list(config.entrypoint),
            "Env": env,
            "User": config.user,
            "WorkingDir": config.workdir,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in layers]},
        "history": [{"created_by": "faultcast"} for _ in layers],
    }
    content = json.dumps(document, sort_keys=True).encode()
    config_name = f"{hashlib.sha256(content).hexdigest()}.json"
    names = [f"{layer.digest}.tar" for layer in layers]
    manifest = json.dumps([{"Config": config_name, "RepoTags": [ref], "Layers": names}]).encode()
    part = out.with_suffix(".part")
    with tarfile.open(part, "w", format=tarfile.GNU_FORMAT) as tar:
        _add_bytes(tar, "manifest.json", manifest)
        _add_bytes(tar, config_name, content)
        for name, layer in zip(names, layers, strict=True):
            member = tarfile.TarInfo(name)
            member.size = layer.path.stat().st_size
            with layer.path.open("rb") as file:
                tar.addfile(member, file)
    part.rename(out)


def _mode(member: tarfile.TarInfo) -> int:
    if member.isdir():
        return 0o1777 if member.mode & stat.S_ISVTX else 0o755
    return 0o755 if member.issym() or member.mode & stat.S_IXUSR else 0o644


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
