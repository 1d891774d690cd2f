"""What goes wrong between here and an API server, in words that name the cause and whose turn it is."""

import json
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import urllib3
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from faultcast.infra.errors import ClusterError
from faultcast.infra.kube.client import connect, identity_of
from faultcast.infra.kube.errors import Origin, api_error, mark
from faultcast.infra.kube.kubeconfig import KubeContext

SERVER = "https://api.example:6443"
ORIGIN = Origin(KubeContext(Path("/home/me/kubeconfig"), "test"), "ann", SERVER)


def refused(status: int, reason: str, message: str = "") -> ApiException:
    error = ApiException(status=status, reason=reason)
    if message:
        error.body = json.dumps({"kind": "Status", "message": message})
    mark(error, ORIGIN)
    return error


def test_the_words_of_a_server_hold_no_control_characters() -> None:
    error = refused(422, "Unprocessable\x1b[1m Entity", "\x1b[31mred\x1b[0m\x07 words")
    assert str(api_error("x", error)).splitlines()[0].endswith("422 Unprocessable Entity: red words")


def silent(reason: Exception) -> HTTPError:
    error = MaxRetryError(urllib3.HTTPConnectionPool("api.example"), "/api", reason)
    mark(error, ORIGIN)
    return error


def test_an_expired_login_names_user_and_context() -> None:
    said = api_error("list the nodes", refused(401, "Unauthorized", "Unauthorized"))
    assert said.what == (
        "cannot list the nodes: the API server answered 401 Unauthorized: the login of user ann in "
        "context test of /home/me/kubeconfig has expired or is wrong"
    )
    assert said.remedy.startswith("log in again")


@pytest.mark.parametrize(
    ("message", "right"),
    [
        (
            'User "few" cannot get resource "replicasets" in API group "apps" in the namespace "shop"',
            "get replicasets.apps in namespace shop",
        ),
        (
            'User "few" cannot list resource "nodes" in API group "" at the cluster scope',
            "list nodes in the whole cluster",
        ),
        (
            'User "few" cannot create resource "pods/eviction" in API group "" in the namespace "shop": x',
            "create pods/eviction in namespace shop",
        ),
    ],
)
def test_a_missing_right_is_named_with_what_it_is_for(message: str, right: str) -> None:
    said = api_error("find who owns the pods", refused(403, "Forbidden", f"it is forbidden: {message}"))
    assert said.what == (
        "cannot find who owns the pods: the API server answered 403 Forbidden: "
        f"user few lacks the right to {right}"
    )
    assert f"have the right given: {right}" in said.remedy


def test_a_server_that_does_not_know_the_caller_is_no_missing_right() -> None:
    message = 'User "system:anonymous" cannot get resource "namespaces" in API group "" at the cluster scope'
    said = api_error("read it", refused(403, "Forbidden", message))
    assert "took the login of user ann in context test of /home/me/kubeconfig for nobody's" in said.what


POOL: Any = urllib3.HTTPConnectionPool("api.example")
REFUSED = "Failed to establish a new connection: [Errno 111] Connection refused"
SILENCES: dict[str, tuple[Exception, str]] = {
    "refused": (
        NewConnectionError(POOL, REFUSED),
        ": [Errno 111] Connection refused",
    ),
    "unknown": (
        NameResolutionError("api.example", POOL, socket.gaierror("x")),
        "nobody knows the host name in",
    ),
    "dropped": (ConnectTimeoutError(), "let connections wait too long"),
    "slow": (ReadTimeoutError(POOL, "/", "x"), "let a request wait too long"),
    "proxy": (ProxyError("Unable to connect to proxy", OSError("away")), "the proxy on the way to"),
    "cut": (ProtocolError("Connection aborted.", OSError("reset by peer")), "reset by peer"),
}


@pytest.mark.parametrize(("reason", "says"), SILENCES.values(), ids=SILENCES)
def test_silence_has_its_cause(reason: Exception, says: str) -> None:
    said = api_error("read it", silent(reason))
    assert says in said.what
    assert said.what.startswith("cannot read it: the API server does not answer: ")
    assert said.remedy
    assert "object at 0x" not in said.what


@pytest.mark.parametrize(
    ("detail", "says"),
    [
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (x)",
            "self-signed",
        ),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (x)", "does not speak TLS"),
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] certificate required (x)", "certificate required"),
    ],
)
def test_a_server_that_is_not_trusted_is_no_silence(detail: str, says: str) -> None:
    said = api_error("read it", silent(SSLError(ssl.SSLError(1, detail))))
    assert says in said.what
    assert "does not answer" not in said.what


@contextmanager
def answering(status: int, content: str, body: bytes, location: str = "") -> Iterator[str]:
    """The URL of something that is no API server."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Type", content)
            self.send_header("Content-Length", str(len(body)))
            if location and len(asked) < 5:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PATCH = answer  # noqa: N815 - as the library wants it

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def context_of(folder: Path, server: str, user: str = "token: t") -> KubeContext:
    path = folder / "kubeconfig"
    path.write_text(
        f"{{current-context: it, clusters: [{{name: it, cluster: {{server: '{server}'}}}}], "
        f"users: [{{name: me, user: {{{user}}}}}], "
        "contexts: [{name: it, context: {cluster: it, user: me}}]}"
    )
    return KubeContext.of(path)


@pytest.mark.parametrize(
    ("content", "body", "says"),
    [
        ("text/html", b"<!doctype html><title>Sign in</title>", "it sends a page instead of JSON"),
        ("text/plain", b"ok", "it sends text instead of JSON"),
        ("application/json", b"[]", "JSON that is no Kubernetes object"),
        ("application/json", b"null", "JSON that is no Kubernetes object"),
        ("application/json", b'{"login": "first"}', "JSON that is no Kubernetes object"),
        ("application/json", b'{"kind": "Namespace"', "it sends text instead of JSON"),
        ("application/json", b'{"kind": "Namespace"}', "an object without metadata"),
        ("application/json", b'{"kind": "Namespace", "metadata": {"labels": 7}}', "sends a V1Namespace with"),
        ("application/json", b"\xff\xfe", "it sends bytes that are no text"),
    ],
)  # fmt: skip
def test_what_is_no_api_server_is_called_so(tmp_path: Path, content: str, body: bytes, says: str) -> None:
    with answering(200, content, body) as url, pytest.raises(ClusterError) as caught:
        identity_of(connect(context_of(tmp_path, url)))
    assert f"what answers at {url} is not a Kubernetes API server: " in caught.value.what
    assert says in caught.value.what


def test_a_namespace_without_identity_is_nobodys(tmp_path: Path) -> None:
    body = b'{"kind": "Namespace", "metadata": {"name": "kube-system"}}'
    with answering(200, "application/json", body) as url, pytest.raises(ClusterError, match="no identity"):
        identity_of(connect(context_of(tmp_path, url)))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nobody_is_followed_elsewhere_least_of_all_with_a_write(tmp_path: Path, status: int) -> None:
    with (
        answering(200, "application/json", b"{}") as other,
        answering(status, "text/html", b"", other) as url,
    ):
        kube = connect(context_of(tmp_path, url))
        with pytest.raises(ApiException) as caught:
            kube.core.patch_node("worker", {"spec": {"unschedulable": True}})
        assert "sends its callers elsewhere" in api_error("cordon it", caught.value).what


def test_an_empty_list_may_be_null(tmp_path: Path) -> None:
    with answering(200, "application/json", b'{"kind": "NodeList", "items": null}') as url:
        listed: Any = connect(context_of(tmp_path, url)).core.list_node()
    assert listed.items == []


PLUGIN = "exec: {apiVersion: client.authentication.k8s.io/v1, command: '%s', args: [-c, '%s']}"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import sys; sys.exit(chr(83) + chr(79))", "ended with exit code 1 and said: SO"),
        ("print(1)", "printed no ExecCredential"),
        ("print(chr(123) + chr(125))", "printed no ExecCredential"),
        ("import json; print(json.dumps(dict(status=dict())))", "without a token or a certificate"),
        ("import json; print(json.dumps(dict(status=dict(token=str(1)))))", "a credential of None"),
    ],
)  # fmt: skip
def test_a_program_that_fetches_no_login_is_named_with_what_it_said(
    tmp_path: Path, code: str, says: str
) -> None:
    context = context_of(tmp_path, SERVER, PLUGIN % (sys.executable, code))
    with pytest.raises(ClusterError) as caught:
        connect(context)
    assert f"no login for {context}: its program `{sys.executable} -c " in caught.value.what
    assert says in caught.value.what


def _saying(tmp_path: Path, status: object) -> KubeContext:
    """A context whose program prints a credential with this status."""
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({"apiVersion": "v1", "kind": "ExecCredential", "status": status}))
    user = f"exec: {{apiVersion: v1, command: cat, args: ['{answer}']}}"
    return context_of(tmp_path, SERVER, user)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ({"token": 5}, "whose token is no text"),
        ({"token": ["a"]}, "whose token is no text"),
        ({"token": "a", "clientCertificateData": 1}, "whose clientCertificateData is no text"),
        ({"token": "a", "clientCertificateData": "x"}, "with a certificate without its key, or the reverse"),
        ({"clientKeyData": "x"}, "with a certificate without its key, or the reverse"),
        ({"token": None}, "without a token or a certificate"),
        ({"token": "a", "expirationTimestamp": 5}, "whose expirationTimestamp is no text"),
        ({"token": "a", "expirationTimestamp": "soon"}, "whose expirationTimestamp is no time"),
        ({"token": "a", "expirationTimestamp": "2026-13-45T99:00:00Z"}, "expirationTimestamp is no time"),
        ([], "printed no ExecCredential"),
        ("token", "printed no ExecCredential"),
    ],
)
def test_a_credential_that_is_none_is_told_in_one_line(tmp_path: Path, status: object, says: str) -> None:
    with pytest.raises(ClusterError) as caught:
        connect(_saying(tmp_path, status))
    assert says in caught.value.what
    assert "\n" not in caught.value.what
    assert caught.value.remedy


def test_what_a_program_leaves_empty_is_not_there(tmp_path: Path) -> None:
    status = {"token": "abc", "expirationTimestamp": None, "clientCertificateData": None, "clientKeyData": ""}
    kube = connect(_saying(tmp_path, status))
    assert kube.api.configuration.api_key["authorization"] == "Bearer abc"
    assert not kube.api.configuration.cert_file


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    context = context_of(tmp_path, SERVER, PLUGIN % ("/nowhere/aws", "x"))
    with pytest.raises(ClusterError, match="cannot be run: No such file or directory"):
        connect(context)


def test_a_program_that_waits_for_ever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faultcast.infra.kube.login._PLUGIN", 0.5)
    context = context_of(tmp_path, SERVER, PLUGIN % (sys.executable, "import time; time.sleep(60)"))
    with pytest.raises(ClusterError, match="did not end within"):
        connect(context)


def test_the_token_of_a_program_is_sent(tmp_path: Path) -> None:
    script = tmp_path / "login"
    script.write_text(
        f"#!{sys.executable}\nimport json, os\nasked = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "print(json.dumps({**asked, 'status': {'token': 'from-' + os.environ['WHO']}}))\n"
    )
    script.chmod(0o700)
    user = "exec: {apiVersion: v1, command: ./login, env: [{name: WHO, value: ann}]}"
    kube = connect(context_of(tmp_path, SERVER, user))
    assert kube.api.configuration.api_key["authorization"] == "Bearer from-ann"
