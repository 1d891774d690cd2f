"""Passwords and certificates: made once, never shown."""

import base64
import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from kubernetes.client.exceptions import ApiException

from faultcast.infra.errors import ApiError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.stack.secrets import (
    WRITER,
    make_certificate,
    read_accounts,
    read_or_make_accounts,
    read_or_make_certificate,
)


class Core:
    """Secrets of a cluster, by name."""

    def __init__(self, **secrets: dict[str, str]) -> None:
        self.secrets = {name.replace("_", "-"): data for name, data in secrets.items()}
        self.status = 404

    def read_namespaced_secret(self, name: str, _namespace: str, **_options: Any) -> Any:
        if name not in self.secrets:
            raise ApiException(status=self.status)
        data = {key: base64.b64encode(text.encode()).decode() for key, text in self.secrets[name].items()}
        return SimpleNamespace(data=data)


def kube(core: Core) -> KubeClient:
    return KubeClient(api=None, core=core, apps=None, rbac=None, policy=None, batch=None)


def test_a_cluster_without_accounts_gets_a_different_password_each() -> None:
    accounts = read_or_make_accounts(kube(Core()))
    passwords = [account.password for account in accounts]
    assert len(set(passwords)) == 3
    assert min(map(len, passwords)) >= 32
    assert all(password not in repr(accounts) for password in passwords)


def test_a_password_that_exists_stays() -> None:
    core = Core(mariadb_faultcast={"password": "old"})
    accounts = {account.user: account for account in read_or_make_accounts(kube(core), lambda: "new")}
    assert accounts["faultcast"] == WRITER.with_password("old")
    assert accounts["grafana"].password == "new"


def test_refused_is_not_taken_for_missing() -> None:
    core = Core()
    core.status = 403
    with pytest.raises(ApiError, match="cannot read secret"):
        read_accounts(kube(core))


def test_a_certificate_is_for_its_service_and_verifies_itself() -> None:
    made = make_certificate("metrics-server.kube-system.svc", dt.datetime.now(dt.UTC))
    certificate = x509.load_pem_x509_certificate(made.certificate.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["metrics-server.kube-system.svc"]
    certificate.verify_directly_issued_by(certificate)
    assert "PRIVATE" not in repr(made)


def test_a_certificate_that_exists_stays() -> None:
    core = Core(tls={"tls.crt": "certificate", "tls.key": "key"})
    assert read_or_make_certificate(kube(core), "n", "tls", "s").certificate == "certificate"
