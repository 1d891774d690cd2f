"""A mistake in a query is refused at load, at its line and column, together with all other problems."""

from pathlib import Path

import pytest

from faultcast.experiments.loading.loader import load_experiments
from faultcast.infra.errors import ExperimentError
from tests.refusals import refused_lines
from tests.soundfile import SOUND

METRIC = "      - {name: errors, query: 'sum(rate(e[10s]))'}\n"


def written(tmp_path: Path, *metrics: str, entry: str = "", text: str = SOUND) -> Path:
    path = tmp_path / "file.yaml"
    assert METRIC in text
    path.write_text(text.replace(METRIC, "".join(metrics) or METRIC) + entry)
    return path


def place(path: Path, sign: str) -> str:
    """Line and column of what stands once in a file."""
    [(number, line)] = [
        (number, line) for number, line in enumerate(path.read_text().splitlines(), 1) if sign in line
    ]
    return f"{number}:{line.index(sign) + 1}"


@pytest.mark.parametrize(
    "query",
    [
        "up down",
        "'up down'",
        '"up down"',
        """'up{a=''b''} down'""",
        r'''"up{a=\"b\"}\n  down"''',
        "&q up down",
        ">-\n          up\n          down",
        "|\n          up\n\n            down",
        "up\n          down",
        "'up\n\n          down'",
    ],
)
def test_the_column_is_that_of_the_file(tmp_path: Path, query: str) -> None:
    path = written(tmp_path, "      - name: errors\n", f"        query:         {query}\n")
    [line] = refused_lines(path)
    what = "metrics.0.query: an operator is missing before down"
    assert line == f"{place(path, 'down')}: {what}; write one, such as + or and, or remove it"


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "      - {name: errors, query: 'sum(up', control: 'up{pod!~\"$targets\"', presence: 'up{a=b}'}\n",
        entry="    abort: [{query: 'up >', above: 1}, {query: 'up', below: 1}]\n    windows: {fault: 1s}\n",
    )
    lines = refused_lines(path)
    assert [line.split(": ")[:2] for line in lines] == [
        [place(path, "(up',"), "metrics.0.query"],
        [place(path, "{pod!"), "metrics.0.control"],
        [place(path, "b}'}"), "metrics.0.presence"],
        [place(path, ">', above"), "abort.0.query"],
        ["21", "windows.fault"],
    ]


def test_what_a_variable_brings_has_a_line_and_its_character(tmp_path: Path) -> None:
    text = SOUND.replace("method:", "configuration: {query: 'up + + * down'}\nmethod:", 1)
    path = written(tmp_path, "      - {name: errors, query: '${query}'}\n", text=text)
    [line] = refused_lines(path)
    assert line.startswith("19: metrics.0.query, character 8: + and * follow each other; ")


def test_a_hypothesis_is_named_with_its_own_line(tmp_path: Path) -> None:
    shared = tmp_path / "own.yaml"
    shared.write_text("metrics:\n  - name: errors\n    query: sum(up\n")
    path = written(
        tmp_path, text=SOUND.replace("    metrics:\n", "    hypothesis: ./own.yaml\n    metrics:\n")
    )
    path.write_text(path.read_text().replace(METRIC, "").replace("    metrics:\n", ""))
    with pytest.raises(ExperimentError) as caught:
        load_experiments(path)
    what = f"metrics.0.query: ( is never closed (as {path} uses it); close it with )"
    assert caught.value.what == f"{shared}:3:15: {what}"


def test_a_query_that_the_experiment_changes_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("metrics:\n  - name: errors\n    query: sum(up\n")
    text = SOUND.replace("    metrics:\n", "    hypothesis: ./own.yaml\n    metrics:\n")
    assert load_experiments(written(tmp_path, text=text))
    path = written(tmp_path, "      - {name: errors, query: sum)}\n", text=text)
    [line] = refused_lines(path)
    assert line.startswith(f"{place(path, ')}')}: metrics.0.query: ) closes nothing")
