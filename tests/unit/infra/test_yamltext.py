"""YAML as data: what is read, and every way of being wrong as one error."""

import warnings
from pathlib import Path

import pytest

from faultcast.experiments.document.yamlfile import read_yaml
from faultcast.infra.redaction import redacted
from faultcast.infra.redaction.sources import keep_kubeconfig
from faultcast.infra.yamltext import NotYamlError, load_texts, load_yaml, load_yaml_documents


@pytest.mark.parametrize("kind", ["safe", "base", "rt"])
@pytest.mark.parametrize("text", ["a: &x 1\nb: &x 2\nc: *x\n", "%YAML 1.1\n---\na: 1e3\n"])
def test_what_the_parser_only_warns_of_is_read_in_silence(kind: str, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_yaml(text, kind)  # type: ignore[arg-type]


def test_an_anchor_defined_again_means_the_nearest_one_before() -> None:
    assert load_yaml("a: &x 1\nb: *x\nc: &x 2\nd: *x") == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_an_experiment_may_define_an_anchor_again(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text("title: &a [*a]\ndescription: &a [*a]\n".replace("[*a]", "x"))
    assert read_yaml(tmp_path / "file.yaml").data == {"title": "x", "description": "x"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [", 1),
        ("a: 1\nb: *gone", 2),
        ("a: 1\n---\nb: 2", 2),
        ("a: 1\na: 2", 2),
        ("a: 2026-13-01", None),
        ("\t", 1),
        ("[" * 5000, None),
        ("a: !!int x", None),
    ],
)
def test_whatever_is_wrong_is_one_error(text: str, line: int | None) -> None:
    with pytest.raises(NotYamlError) as raised:
        load_yaml(text)
    assert raised.value.line == line
    assert "\n" not in str(raised.value)


def test_several_documents() -> None:
    assert load_yaml_documents("a: 1\n---\nb: 2") == [{"a": 1}, {"b": 2}]


def test_scalars_stay_the_texts_they_are() -> None:
    assert load_texts("a: 1e10\nb: 2026-13-01\nc: yes") == {"a": "1e10", "b": "2026-13-01", "c": "yes"}
    assert load_texts('{\n\t"a": 10, "b": null, "c": true}') == {"a": "10", "b": "", "c": "true"}
    with pytest.raises(NotYamlError, match="twice"):
        load_texts('{"a": 1, "a": 2}')


@pytest.mark.parametrize(
    "text",
    [
        "users: [{name: me, user: {password: 1e10987}}]",
        '{\n\t"users": [{"name": "me", "user": {"password": "1e10987"}}]}',
        "users: [{name: me, user: {password: 1e10987}}, {name: it, user: {since: 2026-13-01}}]",
    ],
)
def test_a_password_is_kept_secret_as_it_is_sent(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    keep_kubeconfig(tmp_path / "config")
    assert "1e10987" not in redacted("it is 1e10987")
