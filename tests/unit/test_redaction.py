import pytest

from faultcast.reports.redaction import without_credentials


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("mysql+pymysql://faultcast:geheim@db:3306/x", "mysql+pymysql://***@db:3306/x"),
        ("http://db:9090/api?user=a", "http://db:9090/api?user=a"),
        ("--db-password=geheim rest", "--db-password=*** rest"),
        ("Token: geheim, next", "Token: ***, next"),
        ("(using password: YES)", "(using password: ***)"),
        ("plain words", "plain words"),
    ],
)
def test_credentials_are_replaced_and_nothing_else(text: str, safe: str) -> None:
    assert without_credentials(text) == safe
