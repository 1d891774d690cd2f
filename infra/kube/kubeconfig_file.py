"""A kubeconfig as a file: read, parsed and held against its shape, with one clear line when it is none."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.yamltext import NotYamlError, load_texts

__all__ = ["NOTHING", "Document", "User", "broken", "only_one", "read_document"]

_LARGEST = 4 << 20
"""Bytes of a kubeconfig: more is another file."""

NOTHING = ("", "null", "~")
"""How a value that is not there may be written."""


def _text(value: object) -> object:
    return "" if isinstance(value, str) and value in NOTHING else value


def _switch(value: object) -> object:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    return words.get(value.lower(), value) if isinstance(value, str) else value


def _listed(value: object) -> object:
    return [] if value in NOTHING else value


def _mapped(value: object) -> object:
    return {} if value in NOTHING else value


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


class User(_Part):
    """How somebody logs in."""

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
    act_as_uid: Annotated[_Text | None, Field(alias="as-uid")] = None
    act_as_extra: Annotated[dict[str, Any] | None, Field(alias="as-user-extra"), BeforeValidator(_mapped)] = (
        None
    )
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
    user: Annotated[User, BeforeValidator(_mapped)]


class _NamedContext(_Named):
    context: _Context


class Document(_Part):
    """A kubeconfig."""

    current: Annotated[_Text, Field(alias="current-context")] = ""
    clusters: Annotated[list[_NamedCluster], BeforeValidator(_listed)] = []
    users: Annotated[list[_NamedUser], BeforeValidator(_listed)] = []
    contexts: Annotated[list[_NamedContext], BeforeValidator(_listed)] = []

    @property
    def names(self) -> str:
        """The contexts, for people."""
        return ", ".join(_shown(one.name) for one in self.contexts) or "it has none"


def read_document(path: Path) -> Document:
    """What a kubeconfig says.

    Raises:
        ConfigurationError: It is missing, unreadable, or no kubeconfig.
    """
    found = _parsed(path, _read(path))
    if not isinstance(found, dict):
        kind = "a list" if isinstance(found, list) else "empty" if found in (None, "") else "plain text"
        raise broken(path, f"it is {kind}, not a mapping with clusters, users and contexts")
    try:
        return Document.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        said = "is missing" if first["type"] == "missing" else f"is wrong: {first['msg']}"
        raise broken(path, f"{where} {said}") from None
    except RecursionError:
        raise broken(path, "it is nested without end") from None


def _read(path: Path) -> str:
    try:
        if path.is_file() and path.stat().st_size > _LARGEST:
            raise broken(path, "it is larger than any kubeconfig")
        if path.exists() and not path.is_file():
            raise broken(path, "it is a folder" if path.is_dir() else "it is no file")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        message = f"there is no kubeconfig at {path}"
        raise ConfigurationError(
            message, remedy="name an existing file, or start a cluster: faultcast up"
        ) from error
    except UnicodeDecodeError:
        raise broken(path, "it is no text") from None
    except (OSError, ValueError) as error:
        raise broken(path, f"it cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _parsed(path: Path, text: str) -> Any:
    try:
        return load_texts(text)
    except NotYamlError as error:
        raise broken(path, f"it is no YAML that holds one document: {error}") from None


def only_one(path: Path, named: list[Any], kind: str, name: str) -> Any:
    """The one part of a file that has a name.

    Args:
        path: The file, for the error text.
        named: Parts of a kind.
        kind: The kind.
        name: The name.

    Raises:
        ConfigurationError: There is none, or there are several.
    """
    found = [one for one in named if one.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise broken(path, f"there are {len(found)} {kind}s named {_shown(name)}")
    names = ", ".join(_shown(one.name) for one in named) or "there is none"
    raise broken(path, f"it has no {kind} {_shown(name)}", remedy=f"the {kind}s in it: {names}")


def _shown(name: str) -> str:
    return name if name.isprintable() else repr(name)


def broken(path: Path, what: str, *, remedy: str = "") -> ConfigurationError:
    """The error that refuses a kubeconfig."""
    message = f"cannot use kubeconfig {path}: {what}"
    return ConfigurationError(
        message,
        remedy=remedy or f"mend the file, and look at it with: kubectl --kubeconfig {path} config view",
    )
