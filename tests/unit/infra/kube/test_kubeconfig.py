"""Kubeconfigs as people have them, whole and broken: the context that is meant, or one clear line."""

import json
from pathlib import Path

import pytest

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.kube.client import connect
from faultcast.infra.kube.kubeconfig import KubeContext, fields_of
from tests.kubeconfigs import MEANT, OTHER, write_kubeconfig

WHOLE = """
apiVersion: v1
kind: Config
current-context: it
clusters: [{name: it, cluster: {CLUSTER}}]
users: [{name: me, user: {USER}}]
contexts: [{name: it, context: {cluster: it, user: me}}]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "kubeconfig"
    path.write_text(text)
    return path


def whole(cluster: str = "server: 'https://127.0.0.1:1'", user: str = "token: t") -> str:
    return WHOLE.replace("CLUSTER", cluster).replace("USER", user)


def test_the_current_context_has_its_name_from_the_moment_the_file_is_named(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "kubeconfig", current="blue")
    context = KubeContext.of(path)
    write_kubeconfig(path, current="green")
    assert context == KubeContext(path, "blue")
    assert fields_of(context).server == MEANT
    assert fields_of(KubeContext.of(path)).server == OTHER


def test_a_path_means_the_same_from_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_kubeconfig(tmp_path / "kubeconfig")
    monkeypatch.chdir(tmp_path)
    context = KubeContext.of(Path("kubeconfig"))
    monkeypatch.chdir("/")
    assert fields_of(context).server == MEANT
    monkeypatch.setenv("HOME", str(tmp_path))
    assert KubeContext.of(Path("~/kubeconfig")) == context


@pytest.mark.parametrize(("path", "name"), [(Path("kubeconfig"), "it"), (Path("/kubeconfig"), "")])
def test_what_would_mean_something_else_later_is_no_context(path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="does not say for good which cluster"):
        KubeContext(path, name)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("just text\n", "it is plain text"),
        ("[1, 2]\n", "it is a list"),
        ("apiVersion: v1\nclusters:\n\t- name: test\n", "line 3, found character '\\t'"),
        (f"{whole()}---\n{whole()}", "found another document"),
        ("kind: Config\n", "has no current context"),
        (whole().replace("current-context: it", ""), "has no current context"),
        (whole().replace("current-context: it", "current-context: prod"), "it has no context prod"),
        (whole().replace("cluster: it,", "cluster: away,"), "it has no cluster away"),
        (whole().replace("user: me}", "user: you}"), "it has no user you"),
        (
            whole().replace("contexts: [", "contexts: [{name: it, context: {cluster: it}}, "),
            "2 contexts",
        ),
        (whole(cluster=""), "clusters.0.cluster.server is missing"),
        (whole(cluster="server: 'ftp://h'"), "no URL such as https://HOST:6443"),
        (whole(cluster="server: 'https://[::1'"), "no URL such as https://HOST:6443"),
        (whole(cluster="server: [a]"), "clusters.0.cluster.server is wrong"),
        (whole(cluster="server: 'https://h', certificate-authority-data: '%%'"), "is no base64"),
        (whole(cluster="server: 'https://h', certificate-authority: ca.crt"), "No such file or directory"),
        (whole(cluster="server: 'https://h', certificate-authority: /"), "Is a directory"),
        (
            whole(cluster="server: 'https://h', insecure-skip-tls-verify: maybe"),
            "insecure-skip-tls-verify is wrong",
        ),
        (whole(cluster="server: 'https://h', proxy-url: 'socks5://p:1'"), "proxy-url of it is no URL"),
        (whole(user="client-certificate-data: bmV3"), "a certificate without its key"),
        (whole(user="tokenFile: token"), "No such file or directory"),
        (whole(user="tokenFile: /dev/null"), "it is no file"),
        (whole(user="token: [a]"), "users.0.user.token is wrong"),
        (whole(user="exec: {command: aws}"), "users.0.user.exec.apiVersion is missing"),
        ("clusters: it\n", "clusters is wrong: Input should be a valid list"),
        ("[" * 5000, "it is nested without end"),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        fields_of(KubeContext.of(path))
    assert says in caught.value.what
    assert str(path) in caught.value.what
    assert "\n" not in caught.value.what
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ("token: 'a b'", "its token is empty, or holds characters that no token has"),
        ("client-certificate-data: bmV3, client-key-data: bmV3", "no certificate and key that fit together"),
        ("as: other, as-groups: [a]", "acts as other groups"),
        ("token: t, as: other, as-uid: '5'", "acts as another UID"),
        ("token: t, as: other, as-user-extra: {reason: [a]}", "acts as somebody with extra fields"),
        ("auth-provider: {name: azure}", "its auth-provider azure gave no token"),
        ("auth-provider: {name: azure, config: {apiserver-id: a}}", "its auth-provider azure gave no token"),
        (
            "auth-provider: {name: azure, config: {access-token: t, expires-on: '1', tenant-id: x}}",
            "its auth-provider azure gave no token: ImportError: .*adal",
        ),
        ("auth-provider: {name: oidc, config: {id-token: a.b}}", "its auth-provider oidc gave no token"),
        ("auth-provider: {name: oidc, config: {id-token: a.%%.c}}", "its auth-provider oidc gave no token"),
        ("auth-provider: {name: oidc}", "its auth-provider oidc gave no token"),
        ("auth-provider: {name: openstack, config: {a: b}}", "its auth-provider openstack gave no token"),
        ("auth-provider: {name: gcp, config: {cmd-path: ''}}", "its auth-provider gcp gave no token"),
        (
            "auth-provider: {name: azure, config: {access-token: 'a b', expires-on: '99999999999'}}",
            "its token is empty, or holds characters that no token has",
        ),
    ],
)
def test_a_login_that_cannot_be_sent_is_refused_before_it_looks_like_a_dead_server(
    tmp_path: Path, user: str, says: str
) -> None:
    context = KubeContext.of(write(tmp_path, whole(user=user)))
    with pytest.raises(ConfigurationError, match=says) as caught:
        connect(context)
    assert "\n" not in caught.value.what
    assert caught.value.remedy


def test_a_token_of_an_auth_provider_that_still_holds_is_sent(tmp_path: Path) -> None:
    user = "auth-provider: {name: azure, config: {access-token: abc, expires-on: '99999999999'}}"
    context = KubeContext.of(write(tmp_path, whole(user=user)))
    assert connect(context).api.configuration.api_key["authorization"] == "Bearer abc"


@pytest.mark.parametrize(
    ("once", "key"), [('"server": "https://h"', "server"), ('"name": "it", "cluster"', "name")]
)
def test_json_that_says_two_things_is_refused(tmp_path: Path, once: str, key: str) -> None:
    text = (
        '{"current-context": "it", "clusters": [{"name": "it", "cluster": {"server": "https://h"}}],'
        ' "contexts": [{"name": "it", "context": {"cluster": "it"}}]}'
    )
    twice = text.replace(once, f'"{key}": "other", {once}', 1)
    assert fields_of(KubeContext.of(write(tmp_path, text))).server == "https://h"
    with pytest.raises(ConfigurationError, match=f"the key {key} is there twice"):
        KubeContext.of(write(tmp_path, twice))


def test_a_missing_file_a_folder_and_bytes_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no kubeconfig at"):
        KubeContext.of(tmp_path / "nothing")
    with pytest.raises(ConfigurationError, match="it is a folder"):
        KubeContext.of(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ConfigurationError, match="it is no text"):
        KubeContext.of(tmp_path / "binary")


def test_a_secret_beside_the_mistake_is_not_shown(tmp_path: Path) -> None:
    path = write(tmp_path, "users:\n- name: me\n  user:\n    token: s3cret\n\tpassword: s3cret\n")
    with pytest.raises(ConfigurationError) as caught:
        KubeContext.of(path)
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(fields_of(KubeContext.of(write(tmp_path, whole(user="token: s3cret")))))


def test_numbers_and_switches_are_the_text_they_are(tmp_path: Path) -> None:
    text = whole(cluster="server: 'https://h/', insecure-skip-tls-verify: true").replace(" it", " 0123")
    fields = fields_of(KubeContext.of(write(tmp_path, text)))
    assert (fields.server, fields.cluster["insecure-skip-tls-verify"]) == ("https://h", True)


def test_json_with_tabs_is_a_kubeconfig_too(tmp_path: Path) -> None:
    document = {
        "current-context": "it",
        "clusters": [{"name": "it", "cluster": {"server": "https://h"}}],
        "users": None,
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": ""}}],
    }
    fields = fields_of(KubeContext.of(write(tmp_path, json.dumps(document, indent="\t"))))
    assert (fields.server, fields.user) == ("https://h", "")


def test_files_are_named_from_the_folder_of_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n")
    context = KubeContext.of(write(tmp_path, whole(user="tokenFile: token")))
    assert fields_of(context).login["tokenFile"] == str(tmp_path / "token")
    assert connect(context).api.configuration.api_key["authorization"] == "Bearer abc"


def test_the_only_context_is_meant_when_no_other_can_be(tmp_path: Path) -> None:
    assert KubeContext.only(write(tmp_path, whole())).name == "it"
    with pytest.raises(ConfigurationError, match=r"nothing says which context of .* is meant: blue, green"):
        KubeContext.only(write_kubeconfig(tmp_path / "kubeconfig"))


def test_who_is_impersonated_is_said_to_the_server(tmp_path: Path) -> None:
    kube = connect(KubeContext.of(write(tmp_path, whole(user="token: t, as: careful"))))
    assert kube.api.default_headers["Impersonate-User"] == "careful"
