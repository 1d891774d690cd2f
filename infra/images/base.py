"""The base of the forecaster's image, made locally: what `python:3.13-slim` holds, as far as it is needed.

It is not among the images of the cluster, so that bringing that up takes no longer.
"""

from faultcast.infra.images.archive import ImageConfig
from faultcast.infra.images.catalog import LIBC
from faultcast.infra.images.recipe import ImageRecipe, LayerRecipe

__all__ = ["FORECASTER_BASE"]

_LIB = "usr/lib/*-linux-gnu"
_LIBRARIES = (
    "bz2",
    "crypto",
    "expat",
    "ffi",
    "gcc_s",
    "gomp",
    "lzma",
    "sqlite3",
    "ssl",
    "stdc++",
    "uuid",
    "z",
    "zstd",
)
_TOOLS = ("cat", "chmod", "chown", "cp", "env", "find", "ls", "mkdir", "mv", "rm", "sed", "sh", "sleep")

_TOOLBOX = LayerRecipe(
    name="toolbox",
    packages=("busybox-static",),
    keep=("usr/bin/busybox",),
    links={f"usr/bin/{name}": "busybox" for name in _TOOLS},
)

_WHOLE_PYTHON = LayerRecipe(
    name="whole-python",
    packages=(
        "libbz2-1.0",
        "libexpat1",
        "libffi8",
        "libgcc-s1",
        "libgomp1",
        "liblzma5",
        "libpython3.13-minimal",
        "libpython3.13-stdlib",
        "libsqlite3-0",
        "libssl3t64",
        "libstdc++6",
        "libuuid1",
        "libzstd1",
        "python3.13-minimal",
        "tzdata",
        "zlib1g",
    ),
    keep=(
        "usr/bin/python3.13",
        "usr/lib/python3.13/**",
        "usr/share/zoneinfo/**",
        *(f"{_LIB}/lib{name}.so.*" for name in _LIBRARIES),
    ),
    drop=(
        "usr/lib/python3.13/EXTERNALLY-MANAGED",  # the image is made to have packages installed
        "usr/lib/python3.13/LICENSE.txt",
        "usr/lib/python3.13/sitecustomize.py",
        *(f"usr/lib/python3.13/{name}/**" for name in ("pydoc_data", "test")),
    ),
    links={"usr/bin/python3": "python3.13"},
    compile=True,
)

_PIP = LayerRecipe(name="pip", packages=("python3-pip",), keep=("usr/lib/python3/dist-packages/pip*/**",))

FORECASTER_BASE = ImageRecipe(
    "forecaster-base",
    (LIBC, _TOOLBOX, _WHOLE_PYTHON, _PIP),
    ImageConfig(("/usr/bin/python3",), env={"LANG": "C.UTF-8"}),
    "worker",
)
"""Python 3.13 of Debian with pip, a shell and the libraries that wheels expect from a system."""
