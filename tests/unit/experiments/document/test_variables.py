"""Variables in Faultcast's own part of a file: filled in everywhere, or refused with their line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.document.file import extension_of
from faultcast.experiments.document.variables import Variables
from faultcast.experiments.loading.loader import Experiment, load_experiment
from faultcast.infra.errors import ExperimentError
from tests.refusals import refused_lines
from tests.soundfile import SOUND

CONFIGURATION = """\
configuration:
  ns: shop
  least: 4
  low: {type: env, key: LOW, default: 1, env_var_type: float}
  found: {type: probe, name: f, provider: {type: http, url: 'http://shop/'}}
secrets:
  vault: {token: abc}
"""
METRIC = "{name: errors, query: 'sum(rate(e[10s]))'}"

type Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(
        metric: str = METRIC, more: str = "", radius: str = "namespaces: [shop]", title: str = "t"
    ) -> Path:
        text = SOUND.replace(METRIC, metric).replace("namespaces: [shop]", radius) + more + CONFIGURATION
        path = tmp_path / "x.yaml"
        path.write_text(text.replace("title: t\n", f"title: {title}\n"))
        return path

    return write


def _loaded(path: Path) -> Experiment:
    return load_experiment(path)


def test_variables_are_filled_in_everywhere_in_the_extension(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOW", "2.5")
    experiment = _loaded(
        write(
            "{name: errors, query: 'sum(rate(e{namespace=\"${ns}\"}[10s]))', smallest_effect: '${least}', "
            'presence: \'sum(up{namespace="$ns"})\', control: \'c{ns="${ns}",pod!~"$targets"}\', '
            "between: ['${low}', 9]}",
            "    abort: [{query: 'x{ns=\"${ns}\"}', below: '${low}'}]\n"
            "    known_weakness: it costs $$5 in ${ns}\n",
            radius="namespaces: ['${ns}'], labels: {app: 'a-${ns}'}",
            title="The ${ns} holds, for $$3",
        )
    )
    extension = experiment.extension
    [metric] = extension.metrics
    assert metric.query == 'sum(rate(e{namespace="shop"}[10s]))'
    assert metric.presence == 'sum(up{namespace="shop"})'
    assert metric.control == 'c{ns="shop",pod!~"$targets"}', (
        "that one is filled in when the targets are known"
    )
    assert (metric.smallest_effect, metric.between) == (4.0, (2.5, 9.0))
    assert (extension.abort[0].query, extension.abort[0].below) == ('x{ns="shop"}', 2.5)
    assert (extension.blast_radius.namespaces, extension.blast_radius.labels) == (
        ("shop",),
        {"app": "a-shop"},
    )
    assert extension.known_weakness == "it costs $5 in shop"
    assert experiment.title == "The shop holds, for $3"


@pytest.mark.parametrize(
    "query", ['a{b=~"x$"}', 'a{b=~"x$|y$"}', 'label_replace(a,"b","$1-${2}","c","(.*)")']
)
def test_a_dollar_of_a_regular_expression_stays(write: Write, query: str) -> None:
    metric = METRIC.replace("sum(rate(e[10s]))", query)
    assert _loaded(write(metric)).extension.metrics[0].query == query


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("${other}", "${other} is no variable of the configuration; add other to configuration, or write $$"),
        ("$other", "$other is no variable of the configuration"),
        ("$__rate_interval", "$__rate_interval is no variable of the configuration"),
        ("${found}", "${found} is found out by a probe, and the preview has to know it"),
        ("${token}", "${token} is a secret, and would be shown; write what is no secret"),
        ("${vault}", "${vault} is a secret"),
        ("${my-ns}", "${my-ns} is no variable; use letters, digits and _"),
        ("${}", "${} is no variable"),
        ("$targets", "$targets is no variable of the configuration"),
    ],
)
def test_what_cannot_be_filled_in_is_refused_with_its_line(write: Write, written: str, said: str) -> None:
    path = write(METRIC.replace("}", ", presence: 'up{ns=\"WRITTEN\"}'}").replace("WRITTEN", written))
    [line] = refused_lines(path)
    assert line.startswith(f"18: {said}"), line
    [line] = refused_lines(write(more=f'    abort:\n      - query: x{{a="{written}"}}\n        above: 1\n'))
    assert line.startswith(f"21: {said}"), line


def test_another_value_of_a_variable_is_another_experiment(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(METRIC.replace("}", ", between: ['${low}', 9]}"))
    before = _loaded(path).digest
    assert _loaded(path).digest == before
    monkeypatch.setenv("LOW", "2.5")
    assert _loaded(path).digest != before


def test_a_key_cannot_come_from_a_variable(write: Write) -> None:
    [line] = refused_lines(write(radius="namespaces: [shop], labels: {'${ns}': a}"))
    assert line.startswith("19: a variable cannot be a key: ${ns}; write the name out")


def test_a_secret_in_the_title_is_refused(write: Write) -> None:
    [line] = refused_lines(write(title="with ${token}"))
    assert line.startswith("1: ${token} is a secret, and would be shown")


@pytest.mark.parametrize("written", ["app=${ns}", "app=$ns", "app=$$ns"])
def test_an_argument_of_a_fault_never_comes_from_a_variable(tmp_path: Path, written: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(SOUND.replace("app=gateway", f"'{written}'") + CONFIGURATION)
    [line] = refused_lines(path)
    assert line.startswith("10: a fault's argument cannot come from a variable")


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        (
            "{type: env, key: NOT_SET}",
            "the variable NOT_SET of the environment is not set; set it, or give a default",
        ),
        ("{type: env}", "x does not say which variable of the environment is meant; add key: NAME"),
        ("{type: env, key: WORD, env_var_type: int}", "WORD is no int; correct it, or its env_var_type"),
        ("{type: env, key: WORD, env_var_type: json}", "x may be anything"),
        ("{type: env, key: NOT_SET, default: {type: probe}}", "x may be anything"),
        ("{type: probe, name: p}", "the probe of x has no provider"),
        ("{type: vault, key: k}", "x has the type 'vault'; write env or probe, or the value itself"),
    ],
)
def test_a_variable_that_is_wrong_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, said: str
) -> None:
    monkeypatch.setenv("WORD", "twelve")
    path = tmp_path / "x.yaml"
    path.write_text(f"{SOUND}configuration:\n  x: {variable}\n")
    [line] = refused_lines(path)
    assert line.startswith(f"21: {said}"), line


def test_a_secret_is_taken_from_the_environment_only(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(SOUND + "secrets:\n  k8s:\n    token: {type: vault, path: a/b}\n")
    [line] = refused_lines(path)
    assert line.startswith("22: a secret of this type would be asked of a server that nobody has named")


def test_a_variable_that_would_become_a_probe_is_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X", '{"type": "probe", "provider": {"type": "process", "path": "reboot"}}')
    path = tmp_path / "x.yaml"
    path.write_text(SOUND + "configuration:\n  x: {type: env, key: X, env_var_type: json}\n")
    [line] = refused_lines(path)
    assert "x may be anything; let env_var_type be str, int, float or bool" in line


def test_under_chaos_run_the_values_of_the_run_count(write: Write) -> None:
    document = _loaded(write(METRIC.replace("e[10s]", 'e{n="${ns}"}[10s]'))).document
    given: dict[str, Any] = {"ns": "elsewhere"}
    assert extension_of(document, given).metrics[0].query == 'sum(rate(e{n="elsewhere"}[10s]))'
    with pytest.raises(ExperimentError, match="is no variable of the configuration"):
        extension_of(document, {"other": 1})
    assert Variables.of({}).filled("as $it is") == "as $it is"
