"""A kubeconfig and one of its contexts, as one value; and what that file says, checked in one place.

Everything that reaches a cluster carries a `KubeContext`. Its context has a name from the moment somebody
names the file: a later `kubectl config use-context` redirects nothing.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.kube.kubeconfig_file import NOTHING, User, broken, only_one, read_document
from faultcast.infra.urls import is_url

__all__ = ["ContextFields", "KubeContext", "fields_of"]

_PAIRS = (
    ("certificate-authority", "certificate-authority-data"),
    ("client-certificate", "client-certificate-data"),
    ("client-key", "client-key-data"),
)


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
        document = read_document(path)
        chosen = name or document.current
        if not chosen:
            message = f"kubeconfig {path} has no current context"
            raise ConfigurationError(message, remedy=f"name one of its contexts: {document.names}")
        only_one(path, document.contexts, "context", chosen)
        return cls(path, chosen)

    @classmethod
    def only(cls, file: Path) -> Self:
        """The one context of a file, whichever is its current one.

        Args:
            file: The kubeconfig, as an absolute path.

        Raises:
            ConfigurationError: The file is not usable, or has several contexts.
        """
        document = read_document(file)
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
    document = read_document(context.file)
    chosen = only_one(context.file, document.contexts, "context", context.name).context
    cluster = only_one(context.file, document.clusters, "cluster", chosen.cluster).cluster
    user = User() if not chosen.user else only_one(context.file, document.users, "user", chosen.user).user
    fields, login = (
        {
            key: value
            for key, value in part.model_dump(by_alias=True, exclude_none=True).items()
            if value not in NOTHING
        }
        for part in (cluster, user)
    )
    if not _is_url(fields.get("server", "")):
        raise broken(context.file, f"the server of {context.name} is no URL such as https://HOST:6443")
    if "proxy-url" in fields and not _is_url(fields["proxy-url"]):
        raise broken(context.file, f"the proxy-url of {context.name} is no URL such as http://HOST:3128")
    for part, of in ((fields, f"cluster {chosen.cluster}"), (login, f"user {chosen.user}")):
        _settle(context.file, part, of)
    given = {key.removesuffix("-data") for key in login}
    if ("client-certificate" in given) != ("client-key" in given):
        raise broken(context.file, f"user {chosen.user} has a certificate without its key, or the reverse")
    return ContextFields(fields["server"].rstrip("/"), chosen.user, fields, login)


def _is_url(url: str) -> bool:
    return url.isascii() and is_url(url)


def _settle(path: Path, part: dict[str, Any], of: str) -> None:
    """Make paths absolute, and see that what is named is there and that what is encoded can be decoded."""
    for file, data in _PAIRS:
        if data in part:
            part.pop(file, None)
            try:
                part[data] = base64.b64encode(base64.b64decode("".join(part[data].split()), validate=True))
                part[data] = part[data].decode()
            except (binascii.Error, ValueError):
                raise broken(path, f"{data} of {of} is no base64") from None
    for file in (*(file for file, _ in _PAIRS), "tokenFile"):
        if file in part:
            named = path.parent / part[file]
            part[file] = str(named)
            try:
                if named.exists() and not named.is_file() and not named.is_dir():
                    raise broken(path, f"{file} of {of}, {named}: it is no file")
                named.open("rb").close()
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "no file name"
                raise broken(path, f"{file} of {of}, {named}: {reason}") from None
    command = part.get("exec", {}).get("command", "")
    if "/" in command:
        part["exec"]["command"] = str(path.parent / command)
