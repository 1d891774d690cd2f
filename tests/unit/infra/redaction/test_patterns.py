"""What looks like a secret is taken out though nobody told of it, and nothing else is."""

import pytest

from faultcast.infra.redaction import hidden, redacted


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("mysql+pymysql://faultcast:geheim@db:3306/x", "mysql+pymysql://***@db:3306/x"),
        ("http://me:p@ss/w%rd@host:9/x", "http://***@host:9/x"),
        ("http://me:p?x@host/x, and more", "http://***@host/x, and more"),
        ("mysql://u:p@[::1]:3306/s", "mysql://***@[::1]:3306/s"),
        ("https://token@host/", "https://***@host/"),
        ("https:\\/\\/u:p@host", "https:\\/\\/***@host"),
        ("http://host/api?token=abc&x=1", "http://host/api?token=***&x=1"),
        ("GET /x?a=1&api_key=abc HTTP/1.1", "GET /x?a=1&api_key=*** HTTP/1.1"),
        ("http://host/x?pwd=Zq7x&a=1#tok=1", "http://host/x?pwd=***&a=1#tok=1"),
        ("to https://hooks.slack.com/services/T0/B0/xyz now", "to https://hooks.slack.com/services/*** now"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("{'Authorization': 'Basic dTpw'}", "{'Authorization': '***'}"),
        ("sent Bearer abcdef0123456789", "sent Bearer ***"),
        ("x eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc-_x y", "x *** y"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- z", "*** private key z"),
        ("-----BEGIN PRIVATE KEY-----\\nMIIE", "*** private key"),
    ],
)
def test_logins_headers_and_keys_are_taken_out_of_every_text(text: str, safe: str) -> None:
    assert hidden(text) == safe
    assert hidden(safe) == safe


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("--db-password=geheim rest", "--db-password=*** rest"),
        ("--token geheim --x", "--token *** --x"),
        ("Token: geheim, next", "Token: ***, next"),
        ("(using password: YES)", "(using password: ***)"),
        ('{"password": "a b", "x": 1}', '{"password": ***, "x": 1}'),
        ("client_secret='a b' x", "client_secret=*** x"),
    ],
)
def test_values_of_options_are_taken_out_of_sentences(text: str, safe: str) -> None:
    assert redacted(text) == safe
    assert redacted(safe) == safe


@pytest.mark.parametrize(
    "text",
    [
        "plain words",
        "http://db:9090/api?user=a",
        "http://h:9/logo@2x.png",
        "sum(rate(token:requests:rate5m{secret!~'a'}[5m]))",
        "serviceaccounts/token",
        "automountServiceAccountToken: false",
        "someone@example.com",
        "write it as in mysql://faultcast:PASSWORD@db.example:3306/faultcast",
        "basic authentication is asked for",
        "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert hidden(text) == text
