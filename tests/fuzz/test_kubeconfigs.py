"""Kubeconfigs of any content: a context or one clear error, never anything else."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from faultcast.infra.errors import FaultcastError
from faultcast.infra.kube.client import connect
from faultcast.infra.kube.kubeconfig import KubeContext, fields_of
from tests.fuzz.budget import fuzz

SEEDS = (
    "",
    "just text\n",
    "[1, 2]\n",
    "apiVersion: v1\nkind: Config\nclusters:\n\t- name: test\n",
    "contexts: []\n---\ncontexts: []\n",
    "a: &a [*a]\n",
    "&a {contexts: [*a], clusters: *a}\n",
    "contexts: {name: x}\nusers: null\nclusters: ~\n",
    "{contexts: [{name: x, context: {cluster: x, user: x}}], clusters: [{name: x, cluster: {server: 1}}]}",
    "current-context: 2001-01-01\ncontexts: [{name: 2001-01-01, context: {cluster: 0x1f}}]\n",
    "? [1]\n: 2\n",
    "!!python/object:os.system {}\n",
    "!!timestamp x\n",
    "\ufeff{}",
    "{" * 1000,
    "[" * 1000,
    "- " * 1000,
    "%YAML 9.9\n---\n{}\n",
    "clusters: [{name: x, cluster: {server: 'https://[::1', proxy-url: 'socks5://x'}}]\n",
)

_TEXT = st.text(max_size=12)
_NAME = st.sampled_from(["it", "other", "", "null", "0", "on", "\u2028", "a b"]) | _TEXT
_URL = st.sampled_from(
    [
        "https://127.0.0.1:1",
        "https://127.0.0.1:2",
        "http://[::1]:1/path",
        "https://[::1",
        "https://h:99999",
        "ftp://h",
        "//h",
        "https://" + "a" * 70 + ".example",
        "https://\u00fc.example",
        "https://h\n",
    ]
)
_DATA: st.SearchStrategy[Any] = st.sampled_from(["LS0t", "x", "====", "\u00fc", "bmV3\nbmV3", 7, None, []])
_FILE = st.sampled_from(["ca.crt", "/nowhere", ".", "", "\0", "/proc/self/mem", 3])
_ANY: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)


def _named(key: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    one = st.fixed_dictionaries({"name": _NAME, key: value}) | _ANY
    return st.lists(one, max_size=3) | _ANY


_CLUSTER = st.fixed_dictionaries(
    {"server": _URL},
    optional={
        "certificate-authority": _FILE,
        "certificate-authority-data": _DATA,
        "insecure-skip-tls-verify": st.sampled_from([True, "true", "yes", "maybe", 1, None]),
        "tls-server-name": _NAME,
        "proxy-url": _URL | st.just("socks5://h:1"),
    },
)
_USER_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "token": st.sampled_from(["t", "", "a b", "\u00fc", "x\ny", 12]),
    "tokenFile": _FILE,
    "username": _TEXT,
    "password": _TEXT,
    "client-certificate": _FILE,
    "client-certificate-data": _DATA,
    "client-key": _FILE,
    "client-key-data": _DATA,
    "as": _NAME,
    "as-groups": st.just(["a"]),
    "auth-provider": st.fixed_dictionaries(
        {"name": st.sampled_from(["x", "azure", "oidc", "gcp"])}, optional={"config": _ANY}
    ),
    "exec": st.fixed_dictionaries(
        {"command": st.sampled_from(["/nowhere", "", "\0", "./x"]), "apiVersion": st.just("v1")},
        optional={"args": _ANY, "env": _ANY},
    ),
}


def _akin(name: str) -> dict[str, st.SearchStrategy[Any]]:
    found = {other: value for other, value in _USER_FIELDS.items() if other[:6] == name[:6]}
    found.pop(name)
    return found


_USER = st.sampled_from(sorted(_USER_FIELDS)).flatmap(
    lambda name: st.fixed_dictionaries(
        {name: _USER_FIELDS[name]},
        optional={
            other: value for other, value in _USER_FIELDS.items() if other[:6] == name[:6] and other != name
        },
    )
)
_DOCUMENT = st.fixed_dictionaries(
    {
        "current-context": _NAME,
        "contexts": _named("context", st.fixed_dictionaries({"cluster": _NAME, "user": _NAME}) | _ANY),
        "clusters": _named("cluster", _CLUSTER | _ANY),
        "users": _named("user", _USER | _ANY),
    }
)
_WHOLE = st.fixed_dictionaries(
    {
        "current-context": st.just("it"),
        "contexts": st.just([{"name": "it", "context": {"cluster": "it", "user": "it"}}]),
        "clusters": _CLUSTER.map(lambda cluster: [{"name": "it", "cluster": cluster}]),
        "users": _USER.map(lambda user: [{"name": "it", "user": user}]),
    }
)
_BYTES = st.one_of(
    _WHOLE.map(lambda document: json.dumps(document).encode()),
    _WHOLE.map(lambda document: json.dumps(document).encode()),
    _DOCUMENT.map(lambda document: json.dumps(document).encode()),
    st.sampled_from(SEEDS).map(str.encode),
    st.binary(max_size=60),
    st.text(alphabet="{}[]:,-&*!?|>'\"%@#\t\n ax0~", max_size=60).map(str.encode),
)


@contextmanager
def _written(content: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kubeconfig"
        path.write_bytes(content)
        yield path


def _opens_or_says_why(content: bytes) -> None:
    with _written(content) as path:
        try:
            context = KubeContext.of(path)
            assert context.file.is_absolute()
            assert context.name
            assert fields_of(context).server.startswith("http")
            connect(context)
        except FaultcastError as error:
            refusal = error
        else:
            return
    assert str(path) in refusal.what
    assert refusal.remedy
    assert "\n" not in refusal.what


def test_any_kubeconfig_opens_or_is_refused_in_one_line() -> None:
    fuzz(_BYTES, _opens_or_says_why)
