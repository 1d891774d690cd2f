"""A kubeconfig and one of its contexts, as one value; and what that file says, checked in one place.

Everything that reaches a cluster carries a `KubeContext`. Its context has a name from the moment somebody
names the file: a later `kubectl config use-context` redirects nothing.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from faultcast.infra.errors import ConfigurationError

__all__ = ["ContextFields", "KubeContext", "fields_of"]

_LARGEST = 4 << 20
"""Bytes of a kubeconfig: more is another file."""

_PAIRS = (
    ("certificate-authority", "certificate-authority-data"),
    ("client-certificate", "client-certificate-data"),
    ("client-key", "client-key-data"),
)
_NOTHING = ("", "null", "~")


@dataclass(frozen=True, slots=True)
class KubeContext:
    """One context of one kubeconfig: what every way to a cluster begins with.

    Attributes:
        file: The kubeconfig; absolute, so that it means the same from every folder.
        name: The context inside it; never empty.
    """

    file: Path
    name: str

    def __post_init__(self) -> None:
        """Refuse what would mean something else elsewhere, or later."""
        if not self.file.is_absolute() or not self.name:
            message = f"{self.file} with context {self.name!r} does not say for good which cluster is meant"
            raise ConfigurationError(message, remedy="name an absolute path and a context")

    @classmethod
    def of(cls, file: Path, name: str = "") -> Self:
        """The context of a file that somebody named, resolved now.

        Args:
            file: The kubeconfig; relative to the present folder, `~` allowed.
            name: The context; the file's current one when empty.

        Raises:
            ConfigurationError: The file is missing, unreadable, no kubeconfig, or lacks the context.
        """
        path = file.expanduser().absolute()
        document = _document(path)
        chosen = name or document.current
        if not chosen:
            message = f"kubeconfig {path} has no current context"
            raise ConfigurationError(message, remedy=f"name one of its contexts: {document.names}")
        _one(path, document.contexts, "context", chosen)
        return cls(path, chosen)

    @classmethod
    def only(cls, file: Path) -> Self:
        """The one context of a file, whichever is its current one.

        Args:
            file: The kubeconfig, as an absolute path.

        Raises:
            ConfigurationError: The file is not usable, or has several contexts.
        """
        document = _document(file)
        if len(document.contexts) != 1:
            message = f"nothing says which context of {file} is meant: {document.names}"
            raise ConfigurationError(message, remedy="name one of its contexts")
        return cls(file, document.contexts[0].name)

    def __str__(self) -> str:
        """The form used in sentences."""
        return f"context {self.name} of {self.file}"


@dataclass(frozen=True, slots=True)
class ContextFields:
    """What a context says of its cluster and its user; secrets are in it, so it has no text.

    Attributes:
        server: URL of the API server.
        user: Name of the user in the file; empty for none.
        cluster: The cluster's fields as in the file, paths absolute.
        login: The user's fields as in the file, paths absolute.
    """

    server: str
    user: str
    cluster: Mapping[str, Any]
    login: Mapping[str, Any]

    def __repr__(self) -> str:
        """Without secrets."""
        return f"ContextFields({self.server!r}, {self.user!r})"

    @property
    def authority(self) -> bytes:
        """The certificates that the server's own must be signed by; empty when the machine's decide."""
        if data := self.cluster.get("certificate-authority-data"):
            return base64.b64decode(data)
        path = self.cluster.get("certificate-authority")
        return Path(path).read_bytes() if path else b""


def fields_of(context: KubeContext) -> ContextFields:
    """What a context leads to, as its file says now.

    Raises:
        ConfigurationError: The file is missing, unreadable, no kubeconfig, or lacks what the context needs.
    """
    document = _document(context.file)
    chosen = _one(context.file, document.contexts, "context", context.name).context
    cluster = _one(context.file, document.clusters, "cluster", chosen.cluster).cluster
    user = _User() if not chosen.user else _one(context.file, document.users, "user", chosen.user).user
    fields, login = (
        {
            key: value
            for key, value in part.model_dump(by_alias=True, exclude_none=True).items()
            if value not in _NOTHING
        }
        for part in (cluster, user)
    )
    if not _is_url(fields.get("server", "")):
        raise _broken(context.file, f"the server of {context.name} is no URL such as https://HOST:6443")
    if "proxy-url" in fields and not _is_url(fields["proxy-url"]):
        raise _broken(context.file, f"the proxy-url of {context.name} is no URL such as http://HOST:3128")
    for part, of in ((fields, f"cluster {chosen.cluster}"), (login, f"user {chosen.user}")):
        _settle(context.file, part, of)
    given = {key.removesuffix("-data") for key in login}
    if ("client-certificate" in given) != ("client-key" in given):
        raise _broken(context.file, f"user {chosen.user} has a certificate without its key, or the reverse")
    return ContextFields(fields["server"].rstrip("/"), chosen.user, fields, login)


def _text(value: object) -> object:
    return "" if isinstance(value, str) and value in _NOTHING else value


def _switch(value: object) -> object:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    return words.get(value.lower(), value) if isinstance(value, str) else value


def _listed(value: object) -> object:
    return [] if value in _NOTHING else value


def _mapped(value: object) -> object:
    return {} if value in _NOTHING else value


_Text = Annotated[str, BeforeValidator(_text)]
_Switch = Annotated[bool, BeforeValidator(_switch)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=lambda name: name.replace("_", "-"))


class _Cluster(_Part):
    server: _Text
    certificate_authority: _Text | None = None
    certificate_authority_data: _Text | None = None
    insecure_skip_tls_verify: _Switch | None = None
    tls_server_name: _Text | None = None
    proxy_url: _Text | None = None
    extensions: list[dict[str, Any]] | None = None


class _Variable(_Part):
    name: _Text
    value: str


class _Exec(_Part):
    command: Annotated[_Text, Field(min_length=1)]
    api_version: Annotated[_Text, Field(alias="apiVersion", min_length=1)]
    args: Annotated[list[str], BeforeValidator(_listed)] = []
    env: Annotated[list[_Variable], BeforeValidator(_listed)] = []
    install_hint: Annotated[_Text, Field(alias="installHint")] = ""
    provide_cluster_info: Annotated[_Switch, Field(alias="provideClusterInfo")] = False


class _Provider(_Part):
    name: _Text
    config: Annotated[dict[str, str], BeforeValidator(_mapped)] = {}


class _User(_Part):
    client_certificate: _Text | None = None
    client_certificate_data: _Text | None = None
    client_key: _Text | None = None
    client_key_data: _Text | None = None
    token: _Text | None = None
    token_file: Annotated[_Text | None, Field(alias="tokenFile")] = None
    username: _Text | None = None
    password: _Text | None = None
    act_as: Annotated[_Text | None, Field(alias="as")] = None
    act_as_groups: Annotated[list[str] | None, Field(alias="as-groups")] = None
    auth_provider: _Provider | None = None
    exec: _Exec | None = None


class _Context(_Part):
    cluster: Annotated[_Text, Field(min_length=1)]
    user: _Text = ""


class _Named(_Part):
    name: Annotated[_Text, Field(min_length=1)]


class _NamedCluster(_Named):
    cluster: _Cluster


class _NamedUser(_Named):
    user: Annotated[_User, BeforeValidator(_mapped)]


class _NamedContext(_Named):
    context: _Context


class _Document(_Part):
    current: Annotated[_Text, Field(alias="current-context")] = ""
    clusters: Annotated[list[_NamedCluster], BeforeValidator(_listed)] = []
    users: Annotated[list[_NamedUser], BeforeValidator(_listed)] = []
    contexts: Annotated[list[_NamedContext], BeforeValidator(_listed)] = []

    @property
    def names(self) -> str:
        return ", ".join(_shown(one.name) for one in self.contexts) or "it has none"


def _document(path: Path) -> _Document:
    found = _parsed(path, _read(path))
    if not isinstance(found, dict):
        kind = "a list" if isinstance(found, list) else "empty" if found in (None, "") else "plain text"
        raise _broken(path, f"it is {kind}, not a mapping with clusters, users and contexts")
    try:
        return _Document.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        said = "is missing" if first["type"] == "missing" else f"is wrong: {first['msg']}"
        raise _broken(path, f"{where} {said}") from None
    except RecursionError:
        raise _broken(path, "it is nested without end") from None


def _read(path: Path) -> str:
    try:
        if path.is_file() and path.stat().st_size > _LARGEST:
            raise _broken(path, "it is larger than any kubeconfig")
        if path.exists() and not path.is_file():
            raise _broken(path, "it is a folder" if path.is_dir() else "it is no file")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        message = f"there is no kubeconfig at {path}"
        raise ConfigurationError(
            message, remedy="name an existing file, or start a cluster: faultcast up"
        ) from error
    except UnicodeDecodeError:
        raise _broken(path, "it is no text") from None
    except (OSError, ValueError) as error:
        raise _broken(path, f"it cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _parsed(path: Path, text: str) -> Any:
    """The file with every value as the text it is: nothing of YAML's guesses about numbers and dates."""
    if text.lstrip().startswith("{"):  # JSON may be indented with tabs, which YAML refuses
        try:
            return _texts(json.loads(text))
        except (ValueError, RecursionError):
            pass
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="base", pure=True).load(text)
    except YAMLError as error:
        raise _broken(path, f"it is no YAML that holds one document: {_where(error)}") from None
    except RecursionError:
        raise _broken(path, "it is nested without end") from None
    except (ValueError, TypeError, AttributeError, LookupError, AssertionError) as error:
        raise _broken(path, f"it is no YAML: {error}") from None


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _where(error: Any) -> str:
    """What is wrong and in which line, without the line itself: it may hold a secret."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "context", None) or type(error).__name__
    return f"line {mark.line + 1}, {problem}" if mark else str(problem)


def _one(path: Path, named: list[Any], kind: str, name: str) -> Any:
    found = [one for one in named if one.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise _broken(path, f"there are {len(found)} {kind}s named {_shown(name)}")
    names = ", ".join(_shown(one.name) for one in named) or "there is none"
    raise _broken(path, f"it has no {kind} {_shown(name)}", remedy=f"the {kind}s in it: {names}")


def _shown(name: str) -> str:
    return name if name.isprintable() else repr(name)


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except (ValueError, UnicodeError):
        return False
    return right and url.isascii() and url.isprintable() and " " not in url


def _settle(path: Path, part: dict[str, Any], of: str) -> None:
    """Make paths absolute, and see that what is named is there and that what is encoded can be decoded."""
    for file, data in _PAIRS:
        if data in part:
            part.pop(file, None)
            try:
                part[data] = base64.b64encode(base64.b64decode("".join(part[data].split()), validate=True))
                part[data] = part[data].decode()
            except (binascii.Error, ValueError):
                raise _broken(path, f"{data} of {of} is no base64") from None
    for file in (*(file for file, _ in _PAIRS), "tokenFile"):
        if file in part:
            named = path.parent / part[file]
            part[file] = str(named)
            try:
                named.open("rb").close()
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "no file name"
                raise _broken(path, f"{file} of {of}, {named}: {reason}") from None
    command = part.get("exec", {}).get("command", "")
    if "/" in command:
        part["exec"]["command"] = str(path.parent / command)


def _broken(path: Path, what: str, *, remedy: str = "") -> ConfigurationError:
    message = f"cannot use kubeconfig {path}: {what}"
    return ConfigurationError(
        message,
        remedy=remedy or f"mend the file, and look at it with: kubectl --kubeconfig {path} config view",
    )
