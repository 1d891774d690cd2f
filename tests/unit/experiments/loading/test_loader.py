import hashlib
import json
import logging
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from faultcast.experiments.document.values import Effect
from faultcast.experiments.document.yamlfile import read_yaml
from faultcast.experiments.loading.loader import find_experiments, load_experiment, load_experiments
from faultcast.experiments.loading.schema import experiment_schema
from faultcast.infra.durations import duration_seconds
from faultcast.infra.errors import ExperimentError
from tests.refusals import refused_lines

ROOT = Path(__file__).parents[4]
CATALOG = ROOT / "experiments" / "catalog"
FILES = sorted(CATALOG.glob("*.yaml"))

FAULT = "faultcast.experiments.faults.pod_delete"
SOUND = """\
title: t
description: d
method:
  - type: action
    name: kill
    provider:
      type: python
      module: faultcast.experiments.faults.pod_delete
      func: delete_pods
      arguments:
        namespace: shop
        label_selector: app=gateway
        duration: 20s
rollbacks:
  - type: action
    name: back
    provider:
      type: python
      module: faultcast.experiments.faults.pod_delete
      func: restore_pods
extensions:
  - name: faultcast
    metrics:
      - name: errors
        query: sum(rate(e[10s]))
    blast_radius:
      namespaces: [shop]
"""


def _load(tmp_path: Path, text: str) -> list[str]:
    """Load a file that is refused; its problems without the file's name."""
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    return refused_lines(path, load_experiment)


def test_a_sound_file_is_loaded_with_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "kill-one.yaml"
    path.write_text(SOUND)
    experiment = load_experiment(path)
    assert (experiment.name, experiment.title, experiment.path) == ("kill-one", "t", path)
    assert experiment.digest == hashlib.sha256(SOUND.encode()).hexdigest()
    [step] = experiment.actions
    assert (step.name, step.fault.kind, step.raw["duration"]) == ("kill", "pod-delete", "20s")
    assert step.longest_arguments().duration == 20.0
    assert experiment.extension.blast_radius.namespaces == ("shop",)


def test_the_document_is_a_fresh_copy_each_time(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(SOUND)
    experiment = load_experiment(path)
    experiment.document["method"].clear()
    assert len(experiment.document["method"]) == 1


@cache
def _schema() -> dict[str, Any]:
    return experiment_schema()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_catalog_is_sound_and_fits_the_schema(path: Path) -> None:
    assert load_experiments(path)[0].actions
    jsonschema.Draft202012Validator(_schema()).validate(read_yaml(path).data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("duration: 20s", "duration: soon"),
        ("namespace: shop", "namespac: shop"),
        ("name: errors", "name: Errors"),
        ("blast_radius:", "blastradius:"),
        ("      - name: errors", "      - nam: errors"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(tmp_path: Path, old: str, new: str) -> None:
    assert _load(tmp_path, SOUND.replace(old, new))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(_schema()).validate(read_yaml(tmp_path / "bad.yaml").data)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("title: t", "title: [t", "2: not valid YAML: expected ',' or ']', but got ':'; correct"),
        ("title: t\n", "", "1: title is missing; add title"),
        ("title: t", "titel: t\ntitle: t", "1: titel is not known; did you mean title?"),
        ("title: t", "title: 3", "1: title: 3 is no text; put it in quotes"),
        ("      - name: errors", "      - name: Er", "24: metrics.0.name: string should match pattern"),
        ("        query: sum(rate(e[10s]))\n", "", "24: metrics.0.query is missing; add query"),
        (
            "namespaces: [shop]",
            "namespaces: []",
            "26: blast_radius: neither namespaces nor nodes are named",
        ),
        ("namespaces: [shop]", "namespaces: [shop]\n      most: 0", "28: blast_radius.most: most is 0"),
        (
            "namespaces: [shop]",
            "namespaces: [shop]\n      mots: 2",
            "28: blast_radius.mots is not known; did you mean most?",
        ),
        ("duration: 20s", "duration: -1", "13: duration: input should be greater than 0"),
        (
            "duration: 20s",
            "duration: 2 weeks",
            "13: duration: '2 weeks' is not a duration: write 30s, 5m, 1h30m or 5w",
        ),
        ("duration: 20s", "duration: ${long}", "13: a fault's argument cannot come from a variable"),
        ("duration: 20s", "duration: 50s", "3: the faults last 50 s, longer than the fault window of 30 s"),
        (
            "duration: 20s",
            "count: 1\n        percent: 5",
            "10: arguments: count and percent exclude each other: keep one",
        ),
        ("app=gateway", "app==gate way", "12: label_selector: 'app==gate way' is no label selector"),
        ("app=gateway", "''", "12: label_selector: the label selector is empty"),
        ("namespace: shop\n", "namespac: shop\n", "11: namespac is not known; did you mean namespace?"),
        ("func: delete_pods", "func: delete_pod", f"9: {FAULT} has no action delete_pod"),
        ("func: restore_pods", "func: undo", f"20: {FAULT} has no rollback undo"),
        (
            "pod_delete\n      func: delete",
            "poddelete\n      func: delete",
            "8: faultcast.experiments.faults.poddelete is no fault",
        ),
        (
            f"{FAULT}\n      func: del",
            "chaosk8s.pod.actions\n      func: del",
            "8: chaosk8s.pod.actions is no fault",
        ),
        (
            "    name: back",
            "    name: back\n    background: true",
            "17: a rollback cannot run in the background; remove background",
        ),
        ("name: faultcast", "name: other", "21: there is no faultcast extension"),
    ],
)
def test_a_bad_file_is_refused_with_line_reason_and_remedy(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    assert old in SOUND
    found = _load(tmp_path, SOUND.replace(old, new, 1))
    assert any(line.startswith(problem) for line in found), found
    assert all("; " in line for line in found)


CONTROL = """\
controls:
  - name: mine
    provider:
      type: python
      module: faultcast.experiments.control
"""


def test_control_and_rollbacks_are_added_where_they_are_absent(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    start, end = SOUND.index("rollbacks:"), SOUND.index("extensions:")
    path.write_text(SOUND[:start] + SOUND[end:])
    document = load_experiment(path).document
    back = {"type": "python", "module": FAULT, "func": "restore_pods"}
    assert document["rollbacks"] == [{"type": "action", "name": "undo-pod-delete", "provider": back}]
    control = {"type": "python", "module": "faultcast.experiments.control"}
    assert document["controls"] == [{"name": "faultcast", "provider": control}]


def test_control_and_rollbacks_that_are_there_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(SOUND + CONTROL)
    document = load_experiment(path).document
    assert [one["name"] for one in (*document["rollbacks"], *document["controls"])] == ["back", "mine"]


def test_two_faults_of_a_kind_need_one_rollback_and_a_harmless_one_none(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    start, fault, end = (SOUND.index(part) for part in ("rollbacks:", "  - type: action", "extensions:"))
    second = SOUND[fault:start].replace("name: kill", "name: again").replace("20s", "10s")
    path.write_text(SOUND[:start].replace("20s", "10s") + second + SOUND[end:])
    assert len(load_experiment(path).document["rollbacks"]) == 1
    assert "rollbacks" not in load_experiment(CATALOG / "no-fault.yaml").document


def test_a_wrong_control_is_refused_with_its_line(tmp_path: Path) -> None:
    [found] = _load(tmp_path, SOUND + CONTROL.replace("experiments.control", "control"))
    assert found.startswith("32: the control faultcast.control would run at every step, and nobody knows")


def test_a_method_without_a_fault_is_refused(tmp_path: Path) -> None:
    start, end = SOUND.index("  - type: action"), SOUND.index("extensions:")
    probe = "  - {type: probe, name: look, provider: {type: http, url: 'http://shop/'}}\n"
    [found] = _load(tmp_path, SOUND[:start] + probe + SOUND[end:])
    assert found.startswith("3: the method has no fault")


def test_two_faultcast_extensions_are_refused(tmp_path: Path) -> None:
    found = _load(tmp_path, SOUND + "  - name: faultcast\n")
    assert "28: there are two faultcast extensions; keep one" in found


def test_problems_are_reported_together_and_in_order(tmp_path: Path) -> None:
    text = SOUND.replace("title: t", "titel: t").replace("20s", "soon").replace("[shop]", "[]")
    found = _load(tmp_path, text)
    assert len(found) == 4
    lines = [int(line.partition(":")[0]) for line in found]
    assert lines == sorted(lines)


def test_chaos_toolkits_own_objection_is_passed_on_with_its_line(tmp_path: Path) -> None:
    probe = (
        "steady-state-hypothesis:\n  title: h\n  probes:\n    - type: probe\n      name: ask\n"
        "      provider: {type: process, path: no-such-program}\n"
    )
    text = SOUND.replace("name: faultcast\n", "name: faultcast\n    programs: [no-such-program]\n")
    [found] = _load(tmp_path, text + probe)
    assert "Chaos Toolkit refuses it: path 'no-such-program' cannot be found, in activity 'ask'" in found


@pytest.mark.parametrize(
    "number", [f"0x{'f' * 9000}", f"0x{'f' * 300}", "9" * 5000, "1e400", f"{'9' * 400}s"]
)
@pytest.mark.parametrize(
    "change",
    [
        ("name: faultcast\n", "name: faultcast\n    windows: {baseline: N}\n"),
        ("duration: 20s", "duration: N"),
        ("title: t", "title: t\nconfiguration: {x: N}"),
    ],
)
def test_a_number_larger_than_any_is_refused(tmp_path: Path, number: str, change: tuple[str, str]) -> None:
    before, after = change
    text = SOUND.replace("duration: 20s", "duration: ${x}") if "x: N" in after else SOUND
    assert _load(tmp_path, text.replace(before, after.replace("N", number)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("query: sum(rate(e[10s]))", "query: q\n        weight: '1e400'"),
        ("query: sum(rate(e[10s]))", "query: q\n        between: [0, '1e400']"),
        ("duration: 20s", f"duration: 20s-{'9' * 400}s"),
        ("duration: 20s", f"duration: 20s\n        repeat: 1-{'9' * 5000}"),
    ],
)
def test_an_infinite_text_is_no_number(tmp_path: Path, before: str, after: str) -> None:
    assert _load(tmp_path, SOUND.replace(before, after))


@pytest.mark.parametrize(
    "value", [pytest.param(16**4000, id="huge"), "9" * 400 + "s", "9" * 400 + "%", float("inf")]
)
def test_what_is_larger_than_any_number_is_no_value(value: object) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration_seconds(value)
    with pytest.raises(ValidationError, match="is no size of an effect"):
        TypeAdapter(Effect).validate_python(value)


def test_a_url_of_an_abort_condition_that_cannot_be_asked_is_refused_with_its_line(tmp_path: Path) -> None:
    [found] = _load(tmp_path, SOUND + "    abort:\n      - reason: down\n        url: http://x:99999/\n")
    assert found.startswith("30: ")
    assert "no URL that can be asked" in found


@pytest.mark.parametrize(
    "text",
    ["", "- a\n", "just words\n", "a: 2001-13-45\n", "? [a]\n: b\n", "a: &x [*x]\n", "\t\n", "a: .nan\n"],
)
def test_what_is_no_experiment_at_all_is_refused(tmp_path: Path, text: str) -> None:
    assert _load(tmp_path, text)


@pytest.mark.parametrize("sign", ["\\e[2J", "\\x07", "\\u202e", "\\u2028", "\\x85"])
def test_a_text_that_a_terminal_would_not_show_as_it_is_is_refused(tmp_path: Path, sign: str) -> None:
    for text in (f'title: ok\nnote: "a{sign}b"\n', f'title: ok\n"a{sign}b": note\n'):
        [problem] = _load(tmp_path, text)
        assert problem.startswith("2: a text holds the control character U+")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"title: t\n\xff\xfe\n")
    with pytest.raises(ExperimentError, match=r"a\.yaml:2: is not UTF-8 text; save the file as UTF-8"):
        load_experiment(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="cannot be read: No such file"):
        load_experiment(tmp_path / "none.yaml")


_scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)


@given(line=st.integers(0, 27), value=_values)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_with_any_value_replaced_never_ends_in_another_error(
    tmp_path: Path, line: int, value: object
) -> None:
    logging.getLogger("chaostoolkit").setLevel(logging.CRITICAL)
    lines = SOUND.splitlines()
    head, colon, _ = lines[line % len(lines)].partition(":")
    lines[line % len(lines)] = f"{head}{colon} {json.dumps(value)}"
    path = tmp_path / "any.yaml"
    path.write_text("\n".join(lines))
    refused: ExperimentError | None = None
    try:
        assert load_experiments(path)[0].actions
    except ExperimentError as error:
        refused = error
    assert refused is None or (refused.what.startswith(f"{path}:") and refused.remedy)


@given(text=st.text(max_size=60) | st.binary(max_size=60))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_ends_in_another_error(tmp_path: Path, text: str | bytes) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ExperimentError) as caught:
        load_experiment(path)
    assert caught.value.what.startswith(f"{path}:")


def test_a_path_means_itself_or_the_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "notes.txt"):
        (tmp_path / name).write_text("")
    assert find_experiments(tmp_path / "b.yaml") == [tmp_path / "b.yaml"]
    assert [path.name for path in find_experiments(tmp_path)] == ["a.yml", "b.yaml"]


def test_a_folder_without_experiments_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="no experiment in this folder"):
        find_experiments(tmp_path)
    with pytest.raises(ExperimentError, match="no such file or folder"):
        find_experiments(tmp_path / "nowhere")


def test_a_list_whose_only_item_is_wrong_is_not_called_too_short_as_well(tmp_path: Path) -> None:
    text = SOUND.replace("      - name: errors", "      - name: errors\n        weight: -1")
    (line,) = _load(tmp_path, text)
    assert "metrics.0.weight: input should be greater than 0" in line
