"""What Chaos Toolkit would read differently is refused with its line: a file means one thing."""

import json
from pathlib import Path

import pytest

from faultcast.experiments.loading.loader import load_experiment
from tests.refusals import refused_lines
from tests.soundfile import SOUND

PLACE = "namespaces: [shop]"
LINE = 1 + SOUND.splitlines().index("    blast_radius: {namespaces: [shop]}")


def _with(written: str) -> str:
    return SOUND.replace(PLACE, f"{PLACE}, {written}")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "labels: {canary: yes}",
            "'yes' would be read by Chaos Toolkit as true; write \"yes\" in quotes to make it a text,",
        ),
        ("labels: {canary: No}", "'No' would be read by Chaos Toolkit as false"),
        ("labels: {canary: on}", "'on' would be read by Chaos Toolkit as true"),
        ("labels: {canary: OFF}", "'OFF' would be read by Chaos Toolkit as false"),
        ("nodes: [off]", "'off' would be read by Chaos Toolkit as false"),
        ("labels: {yes: a}", "'yes' would be read by Chaos Toolkit as true"),
        ("most: 012", "12 would be read by Chaos Toolkit as 10"),
        ("most: -012", "-12 would be read by Chaos Toolkit as -10"),
        ("most: 0o14", "12 would be read by Chaos Toolkit as '0o14'"),
        ("most: 1e1", "10.0 would be read by Chaos Toolkit as '1e1'"),
        ("labels: {at: 1:30}", "'1:30' would be read by Chaos Toolkit as 90; write \"1:30\" in quotes"),
        ("labels: {day: 2026-11-30}", "'2026-11-30' is read as a date; put it in quotes"),
        ("labels: {a: x, a: y}", 'not valid YAML: found duplicate key "a"'),
        (
            "labels: {a: !!python/name:os.system x}",
            "the tag tag:yaml.org,2002:python/name:os.system is not read here",
        ),
        ("labels: !!python/object/apply:os.system {a: b}", "Chaos Toolkit cannot read it: "),
    ],
)
def test_it_is_refused_with_its_line(tmp_path: Path, written: str, said: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(_with(written))
    [line] = refused_lines(path)
    assert line.startswith(f"{LINE}: {said}"), line
    assert "; " in line


def test_all_places_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(_with("labels: {a: yes, b: off}") + "tags: [on]\n")
    assert [line.partition(" would")[0] for line in refused_lines(path)] == [
        f"{LINE}: 'off'",
        f"{LINE}: 'yes'",
        f"{LINE + 1}: 'on'",
    ]


def test_a_second_document_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"{SOUND}---\n{SOUND}")
    [line] = refused_lines(path)
    assert "not valid YAML: but found another document" in line


@pytest.mark.parametrize(
    "written",
    [
        "labels: {a: 'yes'}",
        "labels: {<<: {b: c}, a: d}",
        "labels: &l {a: b}, nodes: []",
        "most: 3",
        "most: 50%",
    ],
)
def test_what_both_read_alike_is_fine(tmp_path: Path, written: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(_with(written))
    assert load_experiment(path).actions


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_json_is_an_experiment_too(tmp_path: Path, indent: int | str | None) -> None:
    plain, path = tmp_path / "x.yaml", tmp_path / "x.json"
    plain.write_text(SOUND)
    path.write_text(json.dumps(load_experiment(plain).document, indent=indent))
    assert load_experiment(path).document == load_experiment(plain).document


def test_json_that_only_yaml_reads_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(SOUND)
    [line] = refused_lines(path)
    assert line.startswith("1: Chaos Toolkit cannot read it: Expecting value")


def test_an_ending_that_chaos_toolkit_does_not_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text(SOUND)
    [line] = refused_lines(path)
    assert line == "1: Chaos Toolkit reads no file that ends in .txt; let its name end in .yaml, .yml, .json"
