"""Where secrets are learnt from: whatever was told is in no text afterwards."""

import base64
import json
import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from faultcast.infra.redaction import (
    Login,
    hidden,
    keep_arguments,
    keep_environment,
    keep_experiment,
    keep_kubeconfig,
    keep_typed_url,
    keep_url,
    redact_files,
    redacted_data,
    redacted_document,
    split_login,
)
from faultcast.infra.redaction.files import RedactedStream
from tests.canaries import CANARY, canary, found_below, found_in


@pytest.mark.parametrize(
    ("url", "plain", "login"),
    [
        ("http://h:9/p", "http://h:9/p", Login()),
        ("http://u:p@h:9/p", "http://h:9/p", Login("u", "p")),
        ("http://u:p%40@h", "http://h", Login("u", "p@")),
        ("http://u:p@ss/w%rd x@h:9/p", "http://h:9/p", Login("u", "p@ss/w%rd x")),
        ("http://u:a?b#c@h/p?x=1", "http://h/p?x=1", Login("u", "a?b#c")),
        ("http://u:p@h/p?mail=a@b", "http://h/p?mail=a@b", Login("u", "p")),
        ("http://h/a@b", "http://h/a@b", Login()),
        ("http://:p@h", "http://h", Login("", "p")),
        ("http://token@h", "http://h", Login("token", "")),
        ("http://u:p@[::1]:9/", "http://[::1]:9/", Login("u", "p")),
        ("no url @ all", "no url @ all", Login()),
    ],
)
def test_a_login_is_taken_out_of_a_url(url: str, plain: str, login: Login) -> None:
    assert split_login(url) == (plain, login)


@settings(deadline=None)
@given(password=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]), min_size=1))
def test_no_password_is_left_in_what_is_shown(password: str) -> None:
    assume(not re.match(r"\d*[/?#]", password))  # then `me` is a host as well
    plain, login = split_login(f"http://me:{password}@host.example:9090/prom")
    assert plain == "http://host.example:9090/prom"
    assert login.user == "me"


def test_a_urls_secrets_are_in_no_text_afterwards() -> None:
    shown = keep_url(f"http://me:{canary('password')}@host/p?x=1&token={'abc-def-ghi'}")
    assert shown == "http://host/p?x=1&token=***"
    assert hidden(f"sent {canary('password')} and abc-def-ghi") == "sent *** and ***"
    header = base64.b64encode(f"me:{canary('password')}".encode()).decode()
    assert "***" in hidden(f"Basic-like {header}")


def test_a_command_line_is_shown_without_secrets() -> None:
    words = [
        "pytest",
        "-k",
        "a=b",
        "--faultcast-prometheus-url",
        f"http://me:{CANARY}@h/p",
        "--db=mysql://u:geheim1@db/s",
    ]
    more = [
        "--token",
        "wort-geheim",
        "--password=geheim-2",
        "--token-file",
        "/a/b",
        "--faultcast-seed",
        "7",
        "x@y",
    ]
    shown = keep_arguments(words + more)
    assert shown == [
        "pytest", "-k", "a=b", "--faultcast-prometheus-url", "http://***@h/p", "--db=mysql://***@db/s",
        "--token", "***", "--password=***", "--token-file", "/a/b", "--faultcast-seed", "7", "x@y",
    ]  # fmt: skip
    assert not found_in(hidden(f"{CANARY} geheim1 wort-geheim geheim-2").encode(), [CANARY])
    assert hidden("geheim1 wort-geheim geheim-2") == "*** *** ***"


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD",
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "STRIPE_KEY",
        "MY_CREDENTIALS",
        "apiToken",
        "DB_PW",
        "MYSQL_PWD",
        "PGPASS",
        "REGISTRY_AUTH",
        "GH_PAT",
        "SIM_PIN",
        "SESSION_COOKIE_VALUE",
        "JWT_OF_CI",
    ],
)
def test_a_variable_whose_name_says_so_is_secret(name: str) -> None:
    keep_environment({name: "hush-hush"})
    assert hidden("a hush-hush b") == "a *** b"
    keep_environment({name: "Zq7x"})
    assert hidden("a Zq7x b") == "a *** b"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN_FILE", "hush-hush"),
        ("KEYBOARD", "hush-hush"),
        ("SECRET_NAME", "hush-hush"),
        ("PWD", "hush-hush"),
        ("OLDPWD", "hush-hush"),
        ("SSH_AUTH_SOCK", "hush-hush"),
        ("PGPASSFILE", "hush-hush"),
        ("GIT_AUTHOR", "hush-hush"),
        ("SHOPPING", "hush-hush"),
        ("TOKEN", "/etc/passwd"),
        ("API_KEY", "hsh"),
        ("KEY", "faultcast"),
    ],
)
def test_a_variable_that_is_no_secret_destroys_no_text(name: str, value: str) -> None:
    keep_environment({name: value})
    assert hidden(f"a {value} b") == f"a {value} b"


def test_logins_and_headers_in_variables() -> None:
    keep_environment({"ANY": "https://u:hush-1@h", "X_HEADERS": "X-Org: team\nAuthorization: Bearer hush-22"})
    assert hidden("hush-1 hush-22 team") == "*** *** team"


@pytest.mark.parametrize(
    ("name", "value", "secrets"),
    [
        ("DSN", "Server=db;Uid=me;Pwd=hush-1 x;", ["hush-1 x"]),
        ("DSN", "host=db user=me password='hush-2' port=1", ["hush-2"]),
        ("DSN", "host=db password=hush-3 port=1", ["hush-3"]),
        (
            "AZURE",
            "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=aHVzaC0z+/==;EndpointSuffix=y",
            ["aHVzaC0z+/=="],
        ),
        ("BUS", "Endpoint=sb://x/;SharedAccessKeyName=y;SharedAccessKey=hush4=", ["hush4="]),
        (
            "SLACK_URL",
            "https://hooks.slack.com/services/T0AAAAAA/B0AAAAAA/hush5hush",
            ["services/T0AAAAAA/B0AAAAAA/hush5hush", "hush5hush"],
        ),
        ("MY_WEBHOOK", "https://chat.example/hooks/hush6hush", ["hush6hush"]),
        ("X_HEADERS", "X-Auth: hush7\nX-Org: team", ["hush7"]),
        ("MORE_HEADER", "Cookie: a=1; session=hush8; b=2", ["hush8"]),
        ("LOGIN_AUTH", "me:hush9", ["hush9"]),
    ],
)
def test_secrets_inside_of_variables(name: str, value: str, secrets: list[str]) -> None:
    keep_environment({name: value})
    for secret in secrets:
        assert hidden(f"a {secret} b") == "a *** b"
    assert hidden("db me Bearer team https") == "db me Bearer team https"


NO_URLS = [
    "me:{}@127.0.0.1:19741/plain",
    "http:me:{}@127.0.0.1:9",
    "http:/me:{}@127.0.0.1:9",
    "htp//me:{}@h",
    "http:\\\\me:{}@h/x",
    "//me:{}@h:9",
    "http://me:{}",
    "me:{}",
    "htp//{}@h",
    "http://me:{}@",
]


@pytest.mark.parametrize("url", NO_URLS)
@pytest.mark.parametrize("option", ["--prometheus-url", "--faultcast-prometheus-url", "--db"])
@pytest.mark.parametrize("secret", ["Zq7xKandy", "Zq:7x@Kandy", "Zq7x%40Kandy"])
def test_the_password_of_what_is_no_url(url: str, option: str, secret: str) -> None:
    given = url.format(secret)
    if "@" in secret and "@" not in url:
        return
    assert keep_arguments([option, given]) == [option, "***"]
    assert keep_arguments([f"{option}={given}"]) == [f"{option}=***"]
    for form in (secret, unquote(secret)):
        assert form not in hidden(f"a {form} b")


@pytest.mark.parametrize("words", ["--kubeconfig {}", "--kubeconfig={}", "--faultcast-kubeconfig {}"])
def test_a_kubeconfig_on_the_command_line_is_read_for_its_secrets(tmp_path: Path, words: str) -> None:
    (tmp_path / "k").write_text("users: [{name: me, user: {token: wort-geheim}}]")
    keep_arguments(words.format(tmp_path / "k").split())
    assert hidden("wort-geheim") == "***"


def test_what_is_no_url_and_has_no_password_hides_nothing_else() -> None:
    assert keep_arguments(["--prometheus-url", "prometheus:9090/x"]) == ["--prometheus-url", "***"]
    assert keep_arguments(["--prometheus-url", "http:/prometheus"]) == ["--prometheus-url", "***"]
    assert hidden("prometheus:9090/x 9090") == "prometheus:9090/x 9090"


def test_every_parameter_and_the_fragment_of_a_typed_url_are_secret() -> None:
    url = "http://me:hush-0@h:9/p?pwd=hush-1&p=Z&hush-2&q=a%20b%20c#tok=hush-3"
    assert keep_typed_url(url) == "http://h:9/p?pwd=***&p=***&***&q=***#***"
    assert keep_arguments(["--prometheus-url", url])[1] == "http://***@h:9/p?pwd=***&p=***&***&q=***#***"
    assert hidden("hush-0 hush-1 hush-2 hush-3 tok=hush-3 a b c") == "*** *** *** *** *** ***"
    assert keep_typed_url("http://h:9/p") == "http://h:9/p"
    assert keep_typed_url("http://me:9/hush-4@h/p") == "http://h/p"
    assert keep_typed_url("mysql://me:9/hush-5@h/p") == "***"
    assert hidden("9/hush-4 9/hush-5") == "*** ***"


def test_a_database_users_name_is_no_secret() -> None:
    assert keep_typed_url("mysql://tester@db:3306/s") == "mysql://db:3306/s"
    assert hidden("replay --db mysql://tester:PASSWORD@db/s") == "replay --db mysql://tester:PASSWORD@db/s"


KUBECONFIG = """
apiVersion: v1
kind: Config
clusters:
- name: c
  cluster: {server: "https://u:in-server@h", certificate-authority-data: LS0tLS1DQS0tLS0t}
users:
- name: a
  user: {token: in-token, client-key-data: %s}
- name: b
  user:
    username: admin
    password: in-password
    exec:
      command: aws
      args: [--profile, x, --client-secret, in-args, --pw=in-word]
      env:
      - {name: AWS_SECRET_ACCESS_KEY, value: in-exec-env}
      - {name: AWS_REGION, value: eu-central-1}
      - {name: VAULT_LOGIN, value: in-env}
- name: c
  user: {tokenFile: token, auth-provider: {config: {refresh-token: in-provider, client-id: us}}}
"""


def test_a_kubeconfigs_secrets_are_in_no_text_afterwards(tmp_path: Path) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n"
    data = base64.b64encode(key.encode()).decode()
    (tmp_path / "token").write_text("in-token-file\n")
    (tmp_path / "kubeconfig").write_text(KUBECONFIG % data)
    keep_kubeconfig(tmp_path / "kubeconfig")
    secrets = ["in-server", "in-token", "in-password", "in-exec-env", "in-provider", "in-token-file", data]
    secrets += ["in-args", "in-word", "in-env"]
    assert hidden(" | ".join([*secrets, "MIIEvQIBADANBgkq"])) == " | ".join(["***"] * 11)
    assert hidden("eu-central-1 admin LS0tLS1DQS0tLS0t us") == "eu-central-1 admin LS0tLS1DQS0tLS0t us"


def test_a_pipe_is_not_read_for_its_secrets(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # whoever opened it would wait for ever, or take what another one needs
    keep_kubeconfig(tmp_path / "pipe")
    (tmp_path / "kubeconfig").write_text("users: [{name: me, user: {tokenFile: pipe}}]")
    keep_kubeconfig(tmp_path / "kubeconfig")


@pytest.mark.parametrize("text", ["", "\t- a", "a: [", "just text", "- 1\n---\n- 2", "a: &a [*a]", "\0"])
def test_a_kubeconfig_that_is_none_holds_no_secret(tmp_path: Path, text: str) -> None:
    (tmp_path / "kubeconfig").write_text(text)
    keep_kubeconfig(tmp_path / "kubeconfig")
    keep_kubeconfig(tmp_path / "nowhere")
    keep_kubeconfig(tmp_path)
    assert hidden("just text") == "just text"


def test_an_experiments_secrets_are_in_no_text_afterwards() -> None:
    keep_experiment(
        {
            "title": "a title",
            "secrets": {"k": {"one": "inline-secret", "two": {"type": "env", "key": "VAR"}}},
            "configuration": {
                "db_password": {"type": "env", "key": "OTHER", "default": "x"},
                "region": {"type": "env", "key": "REGION"},
                "url": "https://u:in-the-url@h",
            },
            "method": [{"provider": {"arguments": {"api_token": "in-arguments", "name": "gateway"}}}],
        },
        {"VAR": "from-env-1", "OTHER": "from-env-2", "REGION": "somewhere"},
    )
    told = "inline-secret from-env-1 from-env-2 in-the-url in-arguments"
    assert hidden(told) == "*** *** *** *** ***"
    assert hidden("a title somewhere gateway") == "a title somewhere gateway"


def test_every_scalar_below_secrets_is_secret_and_defaults_as_well() -> None:
    keep_experiment(
        {
            "secrets": {
                "app": {
                    "number": 471147,
                    "list": ["in-list", {"deep": {"deeper": "in-depth"}}],
                    "two": {"type": "env", "key": "VAR", "default": "in-default"},
                    "flag": True,
                },
                "v": {"type": "vault", "path": "where/it/is", "key": "which"},
            },
            "configuration": {
                "host_pwd": "in-pwd",
                "db_password": [12345678],
                "anything": {"type": "env", "key": "MYSQL_PWD", "default": "in-own-default"},
                "region": {"type": "env", "key": "REGION", "default": "nowhere"},
            },
            "extensions": [
                {
                    "abort": [
                        {"url": "http://h/x?pwd=in-query&a=visible#token=in-fragment"},
                        {"url": "https://h#in-anchor"},
                    ]
                }
            ],
        },
        {"VAR": "from-env", "MYSQL_PWD": "from-pwd"},
    )
    told = "471147 in-list in-depth from-env in-default in-pwd 12345678 from-pwd in-own-default"
    assert hidden(told) == " ".join(["***"] * 9)
    assert hidden("in-query in-fragment in-anchor") == "*** *** ***"
    assert hidden("where/it/is which nowhere visible True") == "where/it/is which nowhere visible True"


def test_data_keeps_its_shape_and_names() -> None:
    keep_arguments(["--password=token-1"])
    data = {"token-1": 1, "password": "token-1", "n": [1.5, None, True, "a token-1"], "secrets": ["name"]}
    assert redacted_data(data) == {
        "***": 1,
        "password": "***",
        "n": [1.5, None, True, "a ***"],
        "secrets": ["name"],
    }
    named = {
        "secrets": {"a": {"b": "x", "c": {"type": "env", "key": "V"}}},
        "api_token": "y",
        "passwords": ["z", 4711],
    }
    assert redacted_data(named, by_name=True) == {
        "secrets": {"a": {"b": "***", "c": {"type": "env", "key": "V"}}},
        "api_token": "***",
        "passwords": ["***", "***"],
    }


def test_a_document_stays_one_whatever_the_secret_looks_like() -> None:
    keep_arguments(['--password=": "b'])
    assert json.loads(redacted_document('{"a": "b", "c": "x\\": \\"b"}')) == {"a": "b", "c": "x***"}


def test_files_are_cleaned_in_place_and_pictures_left_alone(tmp_path: Path) -> None:
    keep_arguments([f"--password={CANARY}"])
    texts = {"a.json": json.dumps({"x": CANARY}), "b.txt": CANARY, "c.unknown": f"http://u:{CANARY}@h"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "p.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "page.html").write_text('<script>x="http://"+a+"@"+b</script>')
    assert [path.name for path in redact_files(tmp_path, tmp_path / "nowhere")] == sorted(texts)
    assert found_below([tmp_path], [CANARY]) == {}
    assert (tmp_path / "page.html").read_text() == '<script>x="http://"+a+"@"+b</script>'
    assert redact_files(tmp_path) == []


def test_a_text_in_another_encoding_is_cleaned_too_and_keeps_its_other_bytes(tmp_path: Path) -> None:
    keep_arguments([f"--password={CANARY}"])
    log, zeros = tmp_path / "latin1.log", tmp_path / "memory.dump"
    log.write_bytes(b"caf\xe9 " + CANARY.encode() + b" \xff")
    zeros.write_bytes(b"\0\x80")
    assert redact_files(tmp_path) == [log]
    assert log.read_bytes() == b"caf\xe9 *** \xff"
    assert zeros.read_bytes() == b"\0\x80"


def test_a_stream_writes_no_secret(tmp_path: Path) -> None:
    keep_arguments([f"--password={CANARY}"])
    with (tmp_path / "out").open("w") as file:
        stream = RedactedStream(file)
        print(f"it is {CANARY}", file=stream)
        stream.writelines([f"or {CANARY}\n"])
        assert not stream.isatty()
    assert (tmp_path / "out").read_text() == "it is ***\nor ***\n"
