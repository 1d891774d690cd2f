"""The URL of a database as people type it: read rightly, or refused in one line that shows nothing of it."""

from pathlib import Path

import pymysql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from faultcast.infra.database import DatabaseAccess, Tls
from faultcast.infra.errors import ConfigurationError
from faultcast.infra.redaction import redacted
from faultcast.reports.database import engine_for

PASSWORD = "p@ss/w#r?d:%41 x"


@pytest.mark.parametrize(
    ("url", "host", "port", "password"),
    [
        ("mysql://u:p@[::1]:3306/s", "::1", 3306, "p"),
        ("mysql://u:p@[2001:db8::1]/s", "2001:db8::1", 3306, "p"),
        ("mysql://u:p@[fe80::1%25eth0]:1/s", "fe80::1%eth0", 1, "p"),
        ("mysql://u:p@db/s", "db", 3306, "p"),
        ("mysql://u:p@db:/s/", "db", 3306, "p"),
        ("mysql+pymysql://u@db:65535/s", "db", 65535, ""),
        ("MariaDB://u:@db.example:3307/s", "db.example", 3307, ""),
        ("mysql://u:p%40ss%2Fw%23r%3Fd%3A%2541%20x@db/s", "db", 3306, PASSWORD),
        ("mysql://u:p@ss/w#r?d:%2541 x@db/s", "db", 3306, PASSWORD),
        ("mysql://u:pa@ss/x?foo=bar@db/s", "db", 3306, "pa@ss/x?foo=bar"),
    ],
)
def test_a_url_is_read(url: str, host: str, port: int, password: str) -> None:
    access = DatabaseAccess.of_url(url)
    assert (access.host, access.port, access.schema, access.user) == (host, port, "s", "u")
    assert access.password == password
    again = make_url(access.url)
    assert (again.host, again.port, again.database) == (host, port, "s")
    assert (again.username, again.password or "") == ("u", password)
    assert password == "" or password not in repr(access).partition("@")[0]


WRONG = [
    "", "nonsense", "mysql://", "mysql://u:{}@", "mysql://u:{}@/s", "mysql://u:{}@db", "mysql://u:{}@db/",
    "mysql://u:{}@db:99999/s", "mysql://u:{}@db:0/s", "mysql://u:{}@db:abc/s", "mysql://u:{}@db:-1/s",
    "mysql://u:{}@[::g]/s", "mysql://u:{}@[::1/s", "mysql://u:{}@::1:3306/s", "mysql://:{}@db/s", "mysql://db/s",
    "postgres://u:{}@db/s", "jdbc:mysql://u:{}@db/s", "mysql://u:{}@db/s?nonsense=1", "mysql://u:{}@db/a/b",
    "mysql://u:{}@h..x:9/s", "mysql://u:{}@.h/s", f"mysql://u:{{}}@{'h' * 70}.x/s",
    "mysql://u:{}@db/s?ssl_ca=/nowhere", "mysql://u:{}@db/s?ssl=perhaps", "mysql://u:{}@db/s#x",
]  # fmt: skip


@pytest.mark.parametrize("url", WRONG)
@pytest.mark.parametrize("password", ["geheim-1", "ge@he/im#2?x", "ge%20heim 3"])
def test_a_wrong_url_is_refused_in_one_line_that_shows_nothing_of_it(url: str, password: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        DatabaseAccess.of_url(url.format(password))
    assert "\n" not in error.value.what
    assert error.value.remedy
    assert not [
        piece for piece in ("geheim", "ge@", "im#", "he/", "ge%", "heim") if piece in str(error.value)
    ]


@settings(deadline=None)
@given(password=st.text(st.characters(codec="utf-8", exclude_characters="%"), min_size=1))
def test_every_password_is_read_as_it_was_typed(password: str) -> None:
    try:
        access = DatabaseAccess.of_url(f"mysql://u:{password}@db.example:3306/s")
    except ConfigurationError:
        assert any(character.isspace() for character in password)
        return
    assert access.password == password
    assert make_url(access.url).password == password


@settings(deadline=None)
@given(text=st.text())
def test_any_text_is_a_url_or_refused(text: str) -> None:
    for url in (
        text,
        f"mysql://{text}",
        f"mysql://u:{text}@db/s",
        f"mysql://u:p@{text}/s",
        f"mysql://u:p@db/s?{text}",
    ):
        try:
            access = DatabaseAccess.of_url(url)
        except ConfigurationError:
            continue
        assert 0 < access.port < 65536


@pytest.mark.parametrize(
    ("query", "tls"),
    [
        ("", None),
        ("?charset=utf8mb4", None),
        ("?ssl=false", None),
        ("?ssl=true", Tls("any")),
        ("?useSSL=true", Tls("any")),
        ("?ssl-mode=REQUIRED", Tls("any")),
        ("?ssl_mode=VERIFY_IDENTITY", Tls("identity")),
        ("?ssl_verify_cert=true&ssl=true", Tls("authority")),
        ("?ssl_verify_identity=1", Tls("identity")),
    ],
)
def test_encryption_is_asked_for_in_the_words_of_several_clients(query: str, tls: Tls | None) -> None:
    assert DatabaseAccess.of_url(f"mysql://u:p@db/s{query}").tls == tls


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ConfigurationError, match=r"ca\.pem"):
        DatabaseAccess.of_url(f"mysql://u:p@db/s?ssl_ca={tmp_path / 'ca.pem'}")


def test_the_hints_can_be_read_after_secrets_are_taken_out() -> None:
    with pytest.raises(ConfigurationError) as caught:
        DatabaseAccess.of_url("nonsense")
    assert redacted(str(caught.value)) == str(caught.value)
    access = DatabaseAccess.of_url("mysql://reporter@db.example:3306/s")
    hint = f"faultcast results replay --db mysql://{access.user}:PASSWORD@{access.place}"
    assert redacted(hint) == hint
    DatabaseAccess.of_url("mysql://reporter:geheim-7@db.example:3306/s")
    assert redacted("with geheim-7") == "with ***"


@pytest.mark.parametrize("password", ["geheim", "Sécret", "S€cret", "пароль", "😀"])
def test_a_password_may_hold_any_letters(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = {}

    def connect(**given: object) -> None:
        sent.update(given)
        raise pymysql.err.OperationalError(2003, "away")

    monkeypatch.setattr(pymysql, "connect", connect)
    engine = engine_for(DatabaseAccess.of_url(f"mysql://u:{password}@db.example/s"))
    with pytest.raises(OperationalError):
        engine.connect()
    assert sent["password"] == password.encode()
