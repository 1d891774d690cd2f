"""Passwords and keys of the stack: made once, kept in the cluster's Secrets."""

import base64
import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from faultcast.infra.errors import NotFoundError
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import KubeClient

__all__ = [
    "READER",
    "SHOP",
    "WRITER",
    "Account",
    "Certificate",
    "make_certificate",
    "read_accounts",
    "read_or_make_accounts",
    "read_or_make_certificate",
]

_DATABASE_NAMESPACE = "machine-learning"
_VALIDITY = dt.timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the database.

    Attributes:
        user: User name.
        schema: The one database it may use.
        rights: What it may do there.
        secret: Name of the Secret that holds its password.
        password: The password; empty in a declaration.
    """

    user: str
    schema: str
    rights: str
    secret: str
    password: str = field(default="", repr=False)

    def with_password(self, password: str) -> "Account":
        """The same account with a password."""
        return Account(self.user, self.schema, self.rights, self.secret, password)


WRITER = Account("faultcast", "faultcast", "ALL PRIVILEGES", "mariadb-faultcast")
"""Writes results, and changes the tables of their schema."""
READER = Account("grafana", "faultcast", "SELECT", "mariadb-grafana")
"""Reads results, and nothing else."""
SHOP = Account("shop", "shop", "ALL PRIVILEGES", "mariadb-shop")
"""The workload; knows nothing of results."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that is its own authority, and its key, both PEM.

    Attributes:
        certificate: The certificate.
        key: Its private key.
    """

    certificate: str
    key: str = field(repr=False)


def read_accounts(kube: KubeClient) -> dict[str, Account]:
    """The accounts that the cluster has, by user name.

    The client's errors pass through.
    """
    found = {}
    for account in (WRITER, READER, SHOP):
        data = _secret(kube, _DATABASE_NAMESPACE, account.secret)
        if data:
            found[account.user] = account.with_password(data["password"])
    return found


def read_or_make_accounts(
    kube: KubeClient, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)
) -> tuple[Account, ...]:
    """All accounts, with the passwords that the cluster has, and new ones where it has none.

    Args:
        kube: The cluster.
        make: Makes a password of letters, digits, `-` and `_`.
    """
    known = read_accounts(kube)
    return tuple(
        known.get(account.user) or account.with_password(make()) for account in (WRITER, READER, SHOP)
    )


def read_or_make_certificate(kube: KubeClient, namespace: str, secret: str, service: str) -> Certificate:
    """The certificate in a Secret of type TLS, or a new one.

    Args:
        kube: The cluster.
        namespace: Namespace of the Secret and of the service.
        secret: Name of the Secret.
        service: Name of the service that it is for.
    """
    data = _secret(kube, namespace, secret)
    if data:
        return Certificate(data["tls.crt"], data["tls.key"])
    return make_certificate(f"{service}.{namespace}.svc", dt.datetime.now(dt.UTC))


def make_certificate(host: str, now: dt.datetime) -> Certificate:
    """A self-signed server certificate.

    Args:
        host: DNS name that it is for.
        now: The present time, with its zone.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + _VALIDITY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Certificate(
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    )


def _secret(kube: KubeClient, namespace: str, name: str) -> dict[str, str]:
    try:
        with calling(f"read secret {namespace}/{name}"):
            found: Any = kube.core.read_namespaced_secret(name, namespace)
    except NotFoundError:
        return {}
    return {key: base64.b64decode(value).decode() for key, value in (found.data or {}).items()}
