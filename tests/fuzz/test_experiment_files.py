"""Whatever a file holds: it is an experiment, or it is refused with its line; nothing else comes out."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from faultcast.experiments.loading.checks import forbidden
from faultcast.experiments.loading.loader import Experiment, load_experiments
from faultcast.infra.errors import ExperimentError
from tests.fuzz.budget import fuzz
from tests.soundfile import SOUND

BEFORE = """\
configuration:
  ns: {type: env, key: POD_NAMESPACE, default: shop}
secrets: {k: {t: abc}}
controls:
  - {name: f, provider: {type: python, module: faultcast.experiments.control}}
steady-state-hypothesis:
  title: h
  probes:
    - type: probe
      name: up
      tolerance: true
      provider: {type: python, module: chaosk8s.pod.probes, func: count_pods, arguments: {ns: shop}}
method:
  - ref: up
  - {type: probe, name: h, provider: {type: http, url: 'http://shop/', method: GET}}
  - type: action
    name: load
    background: true
    provider: {type: process, path: echo, arguments: [a, 1]}
"""
AFTER = """\
    programs: [echo]
    abort: [{query: 'x{ns="${ns}"}', below: 1}, {url: 'http://shop/', status: 200}]
    windows: {baseline: 60s, fault: 30s}
    evidence: {within: 15s, peer: app=store}
"""
RICH = SOUND.replace("method:\n", BEFORE) + AFTER
SEEDS = (SOUND, RICH, RICH.replace("name: errors,", "name: errors, during: any,"))

WORDS = st.sampled_from(
    [
        *("yes", "off", "012", "0o7", "1e3", "1:30", "~", "null", ".nan", ".inf", "-.inf", "2026-11-30"),
        *("2026-13-45", "!!python/object/apply:os.system [x]", "!!binary aGk=", "!x y", "&a [*a]", "*a"),
        *("<<: {a: b}", "${ns}", "$x", "${", "$$", "{}", "[]", "''", "- a", "a: b", "? [a]\n: b", "|\n  a"),
        *("---", "...", "%YAML 1.1", "\t", "#", "'", '"', "\u202e", "\x00", "\ufeff", "9" * 400, "[" * 60),
        *("ref: up", "ref: kill", "type: probe", "type: process", "method: DELETE", "func: terminate_pods"),
        *("module: os", "secrets: [k]", "dry: actions", "controls: [{name: x, provider: {type: python}}]"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=8) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | WORDS, inner, max_size=3)
    ),
    max_leaves=6,
)
CUT = st.integers(0, 10_000)


@st.composite
def texts(draw: Callable[..., Any]) -> str:
    """A sound file with some changes, each at any place."""
    text: str = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        lines = text.splitlines() or [""]
        at = draw(CUT) % len(lines)
        head, colon, _ = lines[at].partition(":")
        word = draw(WORDS)
        how = draw(st.integers(0, 6))
        if how == 0:
            lines[at] = f"{head}{colon} {json.dumps(draw(VALUES))}"
        elif how == 1:
            lines[at] = f"{head}{colon} {word}"
        elif how == 2:
            lines.insert(at, f"{' ' * draw(st.integers(0, 8))}{word}")
        elif how == 3:
            del lines[at]
        elif how == 4:
            lines.insert(at, lines[draw(CUT) % len(lines)])
        elif how == 5:
            position = draw(CUT) % (len(lines[at]) + 1)
            lines[at] = f"{lines[at][:position]}{word}{lines[at][position:]}"
        else:
            other = draw(CUT) % len(lines)
            lines[at], lines[other] = lines[other], lines[at]
        text = "\n".join(lines)
    return text


def _outcome(path: Path) -> tuple[list[str], tuple[Experiment, ...]]:
    """Why a file is refused, line by line, or what it holds."""
    try:
        return [], load_experiments(path)
    except ExperimentError as error:
        return error.what.split("\n"), ()


@pytest.fixture
def check(tmp_path: Path) -> Callable[[tuple[str | bytes, str]], None]:
    logging.getLogger("chaostoolkit").setLevel(logging.CRITICAL)

    def check(given: tuple[str | bytes, str]) -> None:
        content, ending = given
        path = tmp_path / f"any{ending}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(errors="replace"))
        lines, loaded = _outcome(path)
        assert all(line.startswith(f"{path}:") for line in lines)
        for experiment in loaded:
            assert experiment.actions
            assert forbidden(experiment.document) == []

    return check


def test_any_change_of_a_sound_file(check: Callable[[tuple[str | bytes, str]], None]) -> None:
    fuzz(st.tuples(texts(), st.sampled_from([".yaml", ".yml"])), check)


def test_any_text_or_bytes(check: Callable[[tuple[str | bytes, str]], None]) -> None:
    endings = st.sampled_from([".yaml", ".json", ".txt", ""])
    fuzz(st.tuples(st.text(max_size=80) | st.binary(max_size=80) | WORDS, endings), check)


def test_any_document(check: Callable[[tuple[str | bytes, str]], None], tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(SOUND)
    [seed] = load_experiments(path)

    @st.composite
    def documents(draw: Callable[..., Any]) -> str:
        """The experiment with a part replaced by any value, as JSON."""
        document: Any = seed.document
        node = document
        for _ in range(draw(st.integers(1, 6))):
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = keys[draw(CUT) % len(keys)]
            if not isinstance(node[key], dict | list) or draw(st.integers(0, 3)) == 0:
                node[key] = draw(VALUES)
                break
            node = node[key]
        return json.dumps(document)

    fuzz(st.tuples(documents(), st.just(".json")), check)
