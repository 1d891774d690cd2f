"""From a kubeconfig's user to what is sent: tokens, certificates, and programs that fetch them."""

import json
import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kubernetes import client
from kubernetes.config.config_exception import ConfigException
from kubernetes.config.dateutil import parse_rfc3339
from kubernetes.config.kube_config import FileOrData, KubeConfigLoader

from faultcast.infra.crashlog import crash_text
from faultcast.infra.errors import ClusterError, ConfigurationError, FaultcastError
from faultcast.infra.kube.kubeconfig import ContextFields, KubeContext
from faultcast.infra.redaction import keep

__all__ = ["configuration_of"]

_PLUGIN = 120.0
"""Seconds a plugin may take: somebody may have to type, or to look at a browser."""

_PRINTED = ("token", "clientCertificateData", "clientKeyData", "expirationTimestamp")
"""What a plugin may say of a login; what it leaves empty is not there."""

_TOKEN_FILE = timedelta(minutes=6)
"""How long a token file's content counts, for it is replaced now and then; five minutes are taken off."""

_IT = "it"

_INSTEAD = (
    "kubectl dropped auth-provider as well: log in with an exec plugin, such as kubelogin "
    "(kubelogin convert-kubeconfig), gke-gcloud-auth-plugin, or kubectl oidc-login"
)


def configuration_of(context: KubeContext, fields: ContextFields) -> client.Configuration:
    """What the Kubernetes client needs to reach a context's cluster as its user.

    Args:
        context: The context, for error texts.
        fields: What its file says.

    Raises:
        ConfigurationError: A certificate, key, proxy or login in the file cannot be used.
        ClusterError: The plugin that fetches the login failed.
    """
    document = {
        "current-context": _IT,
        "contexts": [{"name": _IT, "context": {"cluster": _IT, "user": _IT}}],
        "clusters": [{"name": _IT, "cluster": dict(fields.cluster)}],
        "users": [{"name": _IT, "user": dict(fields.login)}],
    }
    configuration = client.Configuration()
    try:
        _Loader(context, fields, document).load_and_set(configuration)
    except FaultcastError:
        raise
    except (ConfigException, ValueError, LookupError, TypeError, AttributeError, OSError) as error:
        message = f"cannot use {context}: the login of user {fields.user or '(none)'}: {error}"
        raise ConfigurationError(message, remedy="check that user in the kubeconfig") from error
    if proxy := fields.cluster.get("proxy-url"):
        configuration.proxy, configuration.no_proxy = proxy, None
    _check_certificates(context, configuration)
    return configuration


class _Loader(KubeConfigLoader):  # type: ignore[misc]
    """The client's loader, which would go on as nobody when a plugin fails, and read a token file once."""

    def __init__(self, context: KubeContext, fields: ContextFields, document: Mapping[str, Any]) -> None:
        super().__init__(document, active_context=_IT)
        self._context, self._fields = context, fields

    def _load_auth_provider_token(self) -> bool | None:
        provider = self._fields.login.get("auth-provider")
        if provider is None:
            return None
        why = ""
        try:
            super()._load_auth_provider_token()
        except Exception as error:  # noqa: BLE001 - each provider brings libraries of its own, or lacks them
            why = f": {crash_text(error)}"
        token = str(getattr(self, "token", "")).removeprefix("Bearer ")
        if why or not token:
            message = f"cannot use {self._context}: its auth-provider {provider['name']} gave no token{why}"
            raise ConfigurationError(message, remedy=_INSTEAD)
        self.token = f"Bearer {_sendable(token, self._context)}"
        return True

    def _load_user_token(self) -> bool | None:
        login = self._fields.login
        if "token" in login:
            token = str(login["token"])
        elif "tokenFile" in login:
            token = Path(login["tokenFile"]).read_text().strip()
            self.expiry = datetime.now(UTC) + _TOKEN_FILE
        else:
            return None
        self.token = f"Bearer {_sendable(token, self._context)}"
        return True

    def _load_from_exec_plugin(self) -> bool | None:
        if "exec" not in self._fields.login:
            return None
        status = _plugin(self._context, self._fields)
        if "token" in status:
            self.token = f"Bearer {_sendable(status['token'], self._context)}"
        if "clientCertificateData" in status:
            self.cert_file, self.key_file = (
                FileOrData(
                    {name: status[name]}, None, data_key_name=name, base64_file_content=False
                ).as_file()
                for name in ("clientCertificateData", "clientKeyData")
            )
        if "expirationTimestamp" in status:
            self.expiry = parse_rfc3339(status["expirationTimestamp"])
        return True


def _sendable(token: str, context: KubeContext) -> str:
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        message = f"cannot use {context}: its token is empty, or holds characters that no token has"
        raise ConfigurationError(message, remedy="get a new token")
    keep(token)
    return token


def _plugin(context: KubeContext, fields: ContextFields) -> dict[str, str]:
    """Run the program that fetches the login, and read what it prints.

    Raises:
        ClusterError: It is not there, failed, took too long, or printed something else.
    """
    wanted = fields.login["exec"]
    words = [wanted["command"], *wanted["args"]]
    spec: dict[str, Any] = {"interactive": _somebody_there()}
    if wanted["provideClusterInfo"]:
        spec["cluster"] = dict(fields.cluster)
    asked = {"apiVersion": wanted["apiVersion"], "kind": "ExecCredential", "spec": spec}
    variables = {one["name"]: one["value"] for one in wanted["env"]}
    environment = {**os.environ, **variables, "KUBERNETES_EXEC_INFO": json.dumps(asked)}
    name = " ".join(words)
    try:
        code, answer, complaint = _carried_out(words, environment, context.file.parent)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        hint = wanted.get("installHint", "").strip()
        raise _failed(context, name, f"cannot be run: {reason}", hint or "install it") from error
    except subprocess.TimeoutExpired as error:
        raise _failed(context, name, f"did not end within {_PLUGIN:.0f} s") from error
    if code != 0:
        said = complaint.strip()[-500:] or "nothing"
        raise _failed(context, name, f"ended with exit code {code} and said: {said}")
    try:
        found = json.loads(answer)
        status = {key: found["status"].get(key) for key in _PRINTED}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise _failed(context, name, "printed no ExecCredential") from None
    given = {key: value for key, value in status.items() if value not in (None, "")}
    if wrong := _unfit(given):
        raise _failed(context, name, f"printed an ExecCredential {wrong}")
    if found.get("apiVersion") != wanted["apiVersion"]:
        text = f"printed a credential of {found.get('apiVersion')}, not {wanted['apiVersion']}"
        raise _failed(context, name, text, "correct apiVersion of that user in the kubeconfig")
    return given


def _unfit(given: Mapping[str, Any]) -> str:
    """What is wrong with what a plugin printed; empty when it can be used."""
    for key, value in given.items():
        if not isinstance(value, str):
            return f"whose {key} is no text"
    if ("clientCertificateData" in given) != ("clientKeyData" in given):
        return "with a certificate without its key, or the reverse"
    if not {"token", "clientCertificateData"} & set(given):
        return "without a token or a certificate"
    try:
        parse_rfc3339(given.get("expirationTimestamp", "2000-01-01T00:00:00Z"))
    except (ValueError, AttributeError, TypeError, OverflowError):
        return "whose expirationTimestamp is no time"
    return ""


def _failed(context: KubeContext, name: str, what: str, remedy: str = "") -> ClusterError:
    message = f"no login for {context}: its program `{name}` {what}"
    return ClusterError(message, remedy=remedy or "run that program by hand, and log in as it says")


def _carried_out(words: list[str], environment: dict[str, str], folder: Path) -> tuple[int, str, str]:
    """Exit code, output and complaints of a program, which may ask somebody at the terminal."""
    asks = _somebody_there()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaint:
        process = subprocess.Popen(
            words,
            stdin=None if asks else subprocess.DEVNULL,
            stdout=output,
            stderr=None if asks else complaint,
            env=environment,
            cwd=folder,
        )
        try:
            code = process.wait(_PLUGIN)
        except BaseException:
            process.kill()
            process.wait()
            raise
        output.seek(0)
        complaint.seek(0)
        said = complaint.read().decode(errors="replace") or ("what stands above" if asks else "")
        return code, output.read().decode(errors="replace"), said


def _somebody_there() -> bool:
    """Whether somebody at a terminal can read a question and answer it."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _check_certificates(context: KubeContext, configuration: client.Configuration) -> None:
    """Read certificates now: later they would look like a server that does not answer."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    part = "certificate-authority"
    try:
        if configuration.ssl_ca_cert:
            trust.load_verify_locations(cafile=configuration.ssl_ca_cert)
        part = "client-certificate and client-key"
        if configuration.cert_file:
            trust.load_cert_chain(configuration.cert_file, configuration.key_file, password=lambda: b"-")
    except (OSError, ValueError) as error:
        message = f"cannot use {context}: its {part} are no certificate and key that fit together"
        if part == "certificate-authority":
            message = f"cannot use {context}: its {part} holds no certificate"
        raise ConfigurationError(message, remedy="get a new kubeconfig, or log in again") from error
