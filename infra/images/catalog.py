"""The images of the local cluster: one for each purpose, with nothing in it that its program does not use."""

from pathlib import Path

from faultcast.infra.images.archive import ImageConfig
from faultcast.infra.images.recipe import ImageRecipe, LayerRecipe

__all__ = ["CATALOG", "LIBC", "USER"]

USER = "10001:10001"
"""The user of every container that needs no more rights than those of its program."""

_INFRA = Path(__file__).parents[1]
_LIB = "usr/lib/*-linux-gnu"

LIBC = LayerRecipe(
    name="libc",
    packages=("libc6",),
    keep=(
        f"{_LIB}/ld-linux*.so.*",
        "usr/lib/ld-linux*.so.*",
        "usr/lib64/*",
        *(f"{_LIB}/lib{name}.so.*" for name in ("c", "m", "dl", "pthread", "resolv", "rt", "util")),
        *(f"{_LIB}/libnss_{name}.so.*" for name in ("dns", "files")),
    ),
    texts={
        "etc/passwd": "root:x:0:0::/:/bin/sh\nfaultcast:x:10001:10001::/:/bin/sh\n",
        "etc/group": "root:x:0:\nfaultcast:x:10001:\n",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    },
    links={"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"},
    folders=("tmp",),
)
"""The C library, and the one user; part of every image with a program that is not static."""

_PYTHON = LayerRecipe(
    name="python",
    packages=(
        "libbz2-1.0",
        "libexpat1",
        "libffi8",
        "liblzma5",
        "libpython3.13-minimal",
        "libpython3.13-stdlib",
        "libssl3t64",
        "libuuid1",
        "libzstd1",
        "python3-decorator",
        "python3-prometheus-client",
        "python3-pymysql",
        "python3.13-minimal",
        "zlib1g",
    ),
    keep=(
        "usr/bin/python3.13",
        "usr/lib/python3.13/**",
        "usr/lib/python3/dist-packages/decorator.py",
        "usr/lib/python3/dist-packages/prometheus_client/**",
        "usr/lib/python3/dist-packages/pymysql/**",
        *(
            f"{_LIB}/lib{name}.so.*"
            for name in ("bz2", "crypto", "expat", "ffi", "lzma", "ssl", "uuid", "z", "zstd")
        ),
    ),
    drop=(
        "usr/lib/python3.13/LICENSE.txt",
        "usr/lib/python3.13/EXTERNALLY-MANAGED",
        "usr/lib/python3.13/sitecustomize.py",
        *(
            f"usr/lib/python3.13/{name}/**"
            for name in ("_pyrepl", "curses", "dbm", "pydoc_data", "sqlite3", "test", "venv")
        ),
    ),
    links={"usr/bin/python3": "python3.13"},
    compile=True,
)

_SHELL = LayerRecipe(
    name="shell",
    packages=("busybox-static",),
    keep=("usr/bin/busybox",),
    links={
        "bin": "usr/bin",
        **{f"usr/bin/{name}": "busybox" for name in ("cat", "chown", "ls", "mkdir", "rm", "sh", "sleep")},
    },
)

_NETFILTER = LayerRecipe(
    name="netfilter",
    packages=(
        "iproute2",
        "iptables",
        "libbpf1",
        "libcap2",
        "libelf1t64",
        "libgcc-s1",
        "libmnl0",
        "libnftnl11",
        "libxtables12",
    ),
    keep=(
        "usr/sbin/tc",
        "usr/sbin/xtables-nft-multi",
        f"{_LIB}/lib*.so.*",
        f"{_LIB}/libelf-*.so",
        f"{_LIB}/xtables/libipt_*.so",
        f"{_LIB}/xtables/libxt_*.so",
    ),
    links={f"usr/sbin/{name}": "xtables-nft-multi" for name in ("iptables", "iptables-save")},
)

_MARIADB = LayerRecipe(
    name="mariadb",
    packages=(
        "libaio1t64",
        "libcap2",
        "libcrypt1",
        "libgcc-s1",
        "libnuma1",
        "libpcre2-8-0",
        "libssl3t64",
        "libstdc++6",
        "libsystemd0",
        "liburing2",
        "libzstd1",
        "mariadb-server-core",
        "zlib1g",
    ),
    keep=(
        "usr/sbin/mariadbd",
        "usr/share/mariadb/*.sql",
        "usr/share/mariadb/charsets/*",
        "usr/share/mariadb/english/*",
        f"{_LIB}/lib*.so.*",
    ),
    drop=("usr/share/mariadb/mariadb_test_*.sql",),
    files={"usr/bin/start-mariadb": _INFRA / "images" / "start-mariadb.sh"},
)


_RSYSLOG = LayerRecipe(
    name="rsyslog",
    packages=(
        "libbrotli1",
        "libcap2",
        "libcom-err2",
        "libcurl4t64",
        "libestr0",
        "libfastjson4",
        "libffi8",
        "libgmp10",
        "libgnutls30t64",
        "libgssapi-krb5-2",
        "libhogweed6t64",
        "libidn2-0",
        "libk5crypto3",
        "libkeyutils1",
        "libkrb5-3",
        "libkrb5support0",
        "libldap2",
        "liblognorm5",
        "libnettle8t64",
        "libnghttp2-14",
        "libnghttp3-9",
        "libp11-kit0",
        "libpcre2-8-0",
        "libpsl5t64",
        "librtmp1",
        "libsasl2-2",
        "libssh2-1t64",
        "libssl3t64",
        "libsystemd0",
        "libtasn1-6",
        "libunistring5",
        "libuuid1",
        "libzstd1",
        "rsyslog",
        "rsyslog-elasticsearch",
        "rsyslog-kubernetes",
        "zlib1g",
    ),
    keep=(
        "usr/sbin/rsyslogd",
        f"{_LIB}/lib*.so.*",
        *(
            f"{_LIB}/rsyslog/{name}.so"
            for name in ("imfile", "lmnet", "lmregexp", "mmkubernetes", "omelasticsearch")
        ),
    ),
)


def _code(package: str, folder: Path) -> LayerRecipe:
    """A layer with one Python package of this repository, importable as `package`."""
    return LayerRecipe(name=package, files={f"usr/lib/python3/dist-packages/{package}": folder})


def _debian(name: str, binary: str, *data: str) -> ImageRecipe:
    """An image of one program of Debian that needs only the C library, and some data of its package."""
    layer = LayerRecipe(name=name, packages=(binary,), keep=(f"usr/bin/{binary}", *data))
    return ImageRecipe(name, (LIBC, layer), ImageConfig((f"/usr/bin/{binary}",), USER), "master")


def _static(name: str) -> ImageRecipe:
    """An image of nothing but one statically linked program."""
    layer = LayerRecipe(name=name, programs=(name,))
    return ImageRecipe(name, (layer,), ImageConfig((f"/usr/bin/{name}",), USER), "master")


def _everywhere(recipe: ImageRecipe) -> ImageRecipe:
    return ImageRecipe(recipe.name, recipe.layers, recipe.config, "all")


def _python(name: str, package: str, folder: Path) -> ImageRecipe:
    """An image of one Python package of this repository."""
    config = ImageConfig(
        ("/usr/bin/python3", "-m"),
        USER,
        env={"PYTHONUNBUFFERED": "1", "PROMETHEUS_DISABLE_CREATED_SERIES": "true"},
    )
    return ImageRecipe(name, (LIBC, _PYTHON, _code(package, folder)), config, "all")


_PAUSE = ImageRecipe(
    "pause",
    (LayerRecipe(name="pause", packages=("catatonit",), keep=("usr/bin/catatonit",)),),
    ImageConfig(("/usr/bin/catatonit", "-P"), USER),
    "all",
)

_HELPER = ImageRecipe(
    "helper",
    (LIBC, _PYTHON, _NETFILTER, _code("helper", _INFRA / "helper")),
    ImageConfig(("/usr/bin/python3", "-m", "helper"), env={"PYTHONUNBUFFERED": "1"}),
    "all",
)

CATALOG: tuple[ImageRecipe, ...] = (
    _PAUSE,
    ImageRecipe("shell", (_SHELL,), ImageConfig(("/bin/sh",)), "all"),
    _everywhere(_static("coredns")),
    _python("exporter", "exporter", _INFRA / "exporter"),
    _python("cloud", "cloud", _INFRA / "cloud"),
    _python("shop", "shop", _INFRA / "workloads" / "shop"),
    _HELPER,
    _debian("prometheus", "prometheus"),
    _debian("alertmanager", "prometheus-alertmanager", "usr/share/prometheus/alertmanager/*.tmpl"),
    _debian("pushgateway", "prometheus-pushgateway"),
    _everywhere(_debian("node-exporter", "prometheus-node-exporter")),
    ImageRecipe(
        "mariadb",
        (LIBC, _SHELL, _MARIADB),
        ImageConfig(("/bin/sh", "/usr/bin/start-mariadb"), USER),
        "all",
    ),
    _static("metrics-server"),
    _static("victoria-logs"),
    _everywhere(_static("vlagent")),
    ImageRecipe("rsyslog", (LIBC, _RSYSLOG), ImageConfig(("/usr/sbin/rsyslogd",), USER), "all"),
)
"""Every image, in the order in which they are built."""
