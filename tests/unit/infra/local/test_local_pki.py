"""Keys and certificates, made by the real library."""

import base64
import datetime as dt
import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from faultcast.infra.providers.local.pki import make_pki
from faultcast.infra.providers.local.topology import plan
from faultcast.infra.settings import load_settings

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cluster")
    make_pki(root / "pki", root / "kubeconfig", plan(load_settings()), NOW)
    return root / "pki"


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def names_of(cert: x509.Certificate) -> set[str]:
    found = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in found}


def subject(cert: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    return "".join(str(part.value) for part in cert.subject.get_attributes_for_oid(oid))


def test_every_file_is_for_its_owner_only(folder: Path) -> None:
    files = [*folder.iterdir(), folder.parent / "kubeconfig"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_each_pair_fits_and_is_signed_by_its_authority(folder: Path) -> None:
    pairs = [path for path in folder.glob("*.crt") if path.with_suffix(".key").exists()]
    assert len(pairs) == 8
    for path in pairs:
        cert = certificate(path)
        ca = "front-proxy-ca.crt" if path.stem == "front-proxy-client" else "ca.crt"
        cert.verify_directly_issued_by(certificate(folder / ca))
        key = load_pem_private_key(path.with_suffix(".key").read_bytes(), None)
        assert key.public_key() == cert.public_key()
        assert cert.not_valid_before_utc < NOW < cert.not_valid_after_utc


def test_api_server_answers_for_its_addresses(folder: Path) -> None:
    names = names_of(certificate(folder / "apiserver.crt"))
    assert {"192.168.253.135", "10.43.0.1", "127.0.0.1", "kubernetes.default.svc"} <= names


def test_nodes_are_who_the_node_authorizer_expects_and_may_serve(folder: Path) -> None:
    cert = certificate(folder / "node-worker.crt")
    assert subject(cert, NameOID.COMMON_NAME) == "system:node:worker"
    assert subject(cert, NameOID.ORGANIZATION_NAME) == "system:nodes"
    assert names_of(cert) == {"worker", "192.168.253.134"}
    uses = cert.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(uses) == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}


def test_only_people_are_masters_of_everything(folder: Path) -> None:
    groups = {
        path.stem: subject(certificate(path), NameOID.ORGANIZATION_NAME) for path in folder.glob("*.crt")
    }
    assert "system:masters" not in groups.values()
    document = json.loads((folder.parent / "kubeconfig").read_text())
    login = document["users"][0]["user"]
    admin = x509.load_pem_x509_certificate(base64.b64decode(login["client-certificate-data"]))
    assert subject(admin, NameOID.ORGANIZATION_NAME) == "system:masters"
    admin.verify_directly_issued_by(certificate(folder / "ca.crt"))


def test_kubeconfig_names_the_server_and_one_context(folder: Path) -> None:
    document = json.loads((folder / "scheduler.conf").read_text())
    assert document["clusters"][0]["cluster"]["server"] == "https://192.168.253.135:6443"
    assert document["current-context"] == "faultcast"
    assert (
        base64.b64decode(document["clusters"][0]["cluster"]["certificate-authority-data"])
        == (folder / "ca.crt").read_bytes()
    )
