"""How the results database is reached: one user of one schema on one server."""

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, quote, unquote

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.redaction import keep_login

if TYPE_CHECKING:
    import ssl

__all__ = ["DatabaseAccess", "Tls"]

_REMEDY = "write it as in mysql://faultcast:PASSWORD@db.example:3306/faultcast"
_SCHEME = re.compile(r"(?:mysql|mariadb)(?:\+[a-z]+)?://", re.IGNORECASE)
_PLACE = re.compile(
    r"(?P<host>\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^\s/?#@:\[\]]+)(?::(?P<port>[^\s/?#@\[\]]*))?/(?P<schema>[^/?#\s]+)/?"
    r"(?:\?(?P<query>[^#]*))?",
    re.IGNORECASE,
)
_FILES = ("ssl_ca", "ssl_cert", "ssl_key")
_TRUE, _FALSE = ("1", "true", "yes", "on", "required"), ("0", "false", "no", "off", "disabled")
_CHECKS = ("", "any", "authority", "identity")
_MODES = {"preferred": "", "required": "any", "verify_ca": "authority", "verify_identity": "identity"}


@dataclass(frozen=True, slots=True)
class Tls:
    """How the connection is encrypted, where more is asked than what server and client agree on.

    Attributes:
        check: What of the server's certificate is checked: nothing, its authority, or its name as well.
        ca: File with the authorities; the system's when None.
        cert: File with this client's certificate.
        key: File with this client's key.
    """

    check: str
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def context(self) -> "ssl.SSLContext":
        """What a connection is made with.

        Raises:
            ConfigurationError: A file is missing, or is no certificate.
        """
        import ssl

        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.cert:
                context.load_cert_chain(self.cert, self.key)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            files = ", ".join(str(path) for path in (self.ca, self.cert, self.key) if path)
            message = f"the certificates for the database cannot be used: {files}"
            raise ConfigurationError(message, remedy="name readable PEM files") from error
        context.check_hostname = self.check == "identity"
        if self.check == "any":
            context.verify_mode = ssl.CERT_NONE
        return context


@dataclass(frozen=True, slots=True)
class DatabaseAccess:
    """How to reach the results database with one user.

    Attributes:
        host: Name or address; an IPv6 address without brackets.
        port: TCP port.
        schema: Name of the database.
        user: User name.
        password: Its password; never shown.
        tls: What is asked of the encryption; None for what server and client agree on.
        cluster: Identity of the cluster that it is a part of; empty for one that stands by itself.
    """

    host: str
    port: int
    schema: str
    user: str
    password: str = field(repr=False)
    tls: Tls | None = None
    cluster: str = ""

    def __post_init__(self) -> None:
        """Keep the password out of every text."""
        if self.password:  # a user alone is a name, and stays readable
            keep_login(self.user, self.password)

    @classmethod
    def of_url(cls, text: str, *, anonymous: bool = False) -> Self:
        """The access that a URL describes: `mysql://USER:PASSWORD@HOST[:PORT]/SCHEMA[?ssl_ca=FILE]`.

        A password may hold `@`, `/`, `#` and `?` as they are, or percent-encoded.

        Args:
            text: The URL.
            anonymous: Whether it may name no user, because that is told elsewhere.

        Raises:
            ConfigurationError: It is no such URL; the text shows nothing of it, for it may hold a password.
        """
        scheme = _SCHEME.match(text)
        if scheme is None:
            raise ConfigurationError(
                "the URL of the database is no mysql://USER:PASSWORD@HOST/SCHEMA", remedy=_REMEDY
            )
        rest = text[scheme.end() :]
        if anonymous and "@" not in rest:
            rest = f":@{rest}"
        ends = [at.end() for at in re.finditer("@", rest) if _PLACE.fullmatch(rest, at.end())]
        found = _PLACE.fullmatch(rest, ends[-1]) if ends else None
        if found is None:
            what = "names no user" if _PLACE.fullmatch(rest) else "is no mysql://USER:PASSWORD@HOST/SCHEMA"
            raise ConfigurationError(f"the URL of the database {what}", remedy=_REMEDY)
        user, _, password = rest[: ends[-1] - 1].partition(":")
        if not user and not anonymous:
            raise ConfigurationError("the URL of the database names no user", remedy=_REMEDY)
        if password:
            keep_login(user, password)
        return cls(
            _host(found["host"]),
            _port(found["port"]),
            unquote(found["schema"]),
            unquote(user),
            unquote(password),
            _tls(found["query"] or "", clear=len(ends) == rest.count("@") == 1),
        )

    def __repr__(self) -> str:
        """Everything but the password."""
        return f"DatabaseAccess({self})"

    def __str__(self) -> str:
        """As in a URL, without the password."""
        return f"{self.user}@{self.place}"

    @property
    def place(self) -> str:
        """Server and schema, as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{self.schema}"

    @property
    def url(self) -> str:
        """URL for SQLAlchemy, password included."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mysql+pymysql://{login}@{host}:{self.port}/{quote(self.schema, safe='')}"


def _host(text: str) -> str:
    if not text.startswith("["):
        try:
            text.encode("idna")
        except UnicodeError:
            message = "the host in the URL of the database is no host name"
            raise ConfigurationError(message, remedy=_REMEDY) from None
        return text
    address = unquote(text.strip("[]"))
    try:
        ipaddress.IPv6Address(address)
    except ValueError as error:
        message = "the host in the URL of the database is no address"
        raise ConfigurationError(message, remedy="write it as in [::1]") from error
    return address


def _port(text: str | None) -> int:
    if not text:
        return 3306
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        message = "the port in the URL of the database is none"
        raise ConfigurationError(message, remedy="give one from 1 to 65535, or none for 3306")
    return int(text)


def _tls(query: str, *, clear: bool) -> Tls | None:
    """What the parameters ask of the encryption, in the words of several clients.

    Args:
        query: The parameters.
        clear: Whether no part of it can be a part of a password.
    """
    check, files = "", dict.fromkeys(_FILES, "")
    for name, value in parse_qsl(query, keep_blank_values=True):
        known, said = re.sub(r"[^a-z]", "", name.lower()), value.lower().replace("-", "_")
        match known:
            case "sslca" | "sslcert" | "sslkey":
                files[f"ssl_{known[3:]}"] = value
            case "charset" if said in ("utf8mb4", "utf8"):
                pass
            case "sslmode" if said in _MODES:
                check = _stricter(check, _MODES[said])
            case "ssl" | "tls" | "usessl" | "requiressl" if said in _TRUE:
                check = _stricter(check, "any")
            case "sslverifycert" if said in _TRUE:
                check = _stricter(check, "authority")
            case "sslverifyidentity" | "sslcheckhostname" if said in _TRUE:
                check = _stricter(check, "identity")
            case "ssl" | "tls" | "usessl" | "sslverifycert" | "sslverifyidentity" | "sslcheckhostname" if (
                said in _FALSE
            ):
                pass
            case _:
                which = f": {name}" if clear and re.fullmatch(r"[A-Za-z_-]{1,30}", name) else ""
                message = f"the URL of the database has a parameter that is not known{which}"
                known = "ssl=true, ssl_ca=FILE, ssl_cert=FILE, ssl_key=FILE, ssl_verify_identity=true"
                raise ConfigurationError(message, remedy=f"known are {known}")
    if files["ssl_ca"]:
        check = _stricter(check, "authority")
    elif files["ssl_cert"]:
        check = _stricter(check, "any")
    if not check:
        return None
    made = Tls(check, *(Path(files[name]) if files[name] else None for name in _FILES))
    made.context()
    return made


def _stricter(one: str, other: str) -> str:
    return max(one, other, key=_CHECKS.index)
