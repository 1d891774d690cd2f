"""Keys and certificates of a cluster: one authority for the cluster, one for the aggregation layer.

All keys are EC P-256, made in milliseconds; every file is readable by its owner only.
"""

import base64
import datetime as dt
import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from faultcast.infra.providers.local.files import write_private
from faultcast.infra.providers.local.topology import Topology

__all__ = ["KUBELET_CLIENT", "Authority", "Pair", "make_pki"]

KUBELET_CLIENT = "faultcast:kubelet-client"
"""The user as which the API server talks to the kubelets; it needs the role `system:kubelet-api-admin`."""

_LIFETIME = dt.timedelta(days=365)
_SKEW = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pair:
    """A private key and its certificate, both as PEM."""

    key: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority.

    Attributes:
        key: Its private key.
        certificate: Its own certificate.
    """

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls, name: str, now: dt.datetime) -> "Authority":
        """Make a self-signed authority that is valid for a year."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _subject(name)
        builder = (
            _builder(subject, subject, key.public_key(), now)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        return cls(key, builder.sign(key, hashes.SHA256()))

    @property
    def pem(self) -> bytes:
        """The authority's certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self,
        name: str,
        now: dt.datetime,
        *,
        group: str = "",
        names: Iterable[str] = (),
        server: bool = False,
    ) -> Pair:
        """Make a key and sign its certificate.

        Args:
            name: Common name: the user's name in Kubernetes.
            now: The moment from which it is valid.
            group: Organization: the user's group in Kubernetes.
            names: Host names and IP addresses it answers for.
            server: Whether it may serve as well as call.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if server else [])]
        builder = (
            _builder(_subject(name, group), self.certificate.subject, key.public_key(), now)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )
        if alternatives := [_alternative(each) for each in names]:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        signed = builder.sign(self.key, hashes.SHA256())
        return Pair(_private_pem(key), signed.public_bytes(serialization.Encoding.PEM))


def make_pki(folder: Path, kubeconfig: Path, topology: Topology, now: dt.datetime) -> None:
    """Write every key, certificate and kubeconfig of a cluster.

    Args:
        folder: Gets `ca.crt`, `front-proxy-ca.crt`, `sa.key`, `sa.pub`, and for each name a pair
            `<name>.crt`, `<name>.key`, with `<name>.conf` where it is a user of the API.
        kubeconfig: Gets the kubeconfig for people.
        topology: The cluster.
        now: The moment from which all of it is valid.
    """
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    ca, front = (
        Authority.new(f"{topology.cluster}-ca", now),
        Authority.new(f"{topology.cluster}-front-proxy-ca", now),
    )
    api_names = [
        "localhost",
        "127.0.0.1",
        str(topology.master.address),
        str(topology.api_service),
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ]
    users = {
        "controller-manager": ("system:kube-controller-manager", ""),
        "scheduler": ("system:kube-scheduler", ""),
        "proxy": ("system:kube-proxy", ""),
    }
    pairs = {
        "apiserver": ca.issue("kube-apiserver", now, names=api_names, server=True),
        "kubelet-client": ca.issue(KUBELET_CLIENT, now),
        "front-proxy-client": front.issue("front-proxy-client", now),
    }
    pairs |= {file: ca.issue(user, now, group=group) for file, (user, group) in users.items()}
    for node in topology.nodes:
        pairs[f"node-{node.name}"] = ca.issue(
            f"system:node:{node.name}",
            now,
            group="system:nodes",
            names=(node.name, str(node.address)),
            server=True,
        )
    for name, pair in pairs.items():
        write_private(folder / f"{name}.crt", pair.certificate)
        write_private(folder / f"{name}.key", pair.key)
    write_private(folder / "ca.crt", ca.pem)
    write_private(folder / "front-proxy-ca.crt", front.pem)
    account = ec.generate_private_key(ec.SECP256R1())
    write_private(folder / "sa.key", _private_pem(account))
    write_private(
        folder / "sa.pub",
        account.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    )
    for name in (*users, *(f"node-{node.name}" for node in topology.nodes)):
        write_private(folder / f"{name}.conf", _kubeconfig(topology, name, ca.pem, pairs[name]))
    admin = ca.issue("faultcast-admin", now, group="system:masters")
    write_private(kubeconfig, _kubeconfig(topology, "admin", ca.pem, admin))


def _kubeconfig(topology: Topology, user: str, ca: bytes, pair: Pair) -> bytes:
    def text(data: bytes) -> str:
        return base64.b64encode(data).decode()

    cluster = {"server": topology.api_url, "certificate-authority-data": text(ca)}
    login = {"client-certificate-data": text(pair.certificate), "client-key-data": text(pair.key)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": topology.cluster, "cluster": cluster}],
        "users": [{"name": user, "user": login}],
        "contexts": [{"name": topology.cluster, "context": {"cluster": topology.cluster, "user": user}}],
        "current-context": topology.cluster,
    }
    return json.dumps(document, indent=1).encode()  # JSON is YAML, and needs no library to be right


def _subject(name: str, group: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if group:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(parts)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFETIME)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
