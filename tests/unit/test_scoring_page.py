"""The page of the score works its examples out as the code does."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from faultcast.reports.words.score import trial_lines
from faultcast.steady_state.score.metric import POINTS
from faultcast.steady_state.score.trial import score_trial
from tests.scored import trial

PAGE = (Path(__file__).parents[2] / "docs" / "scoring.md").read_text(encoding="utf-8")
EXAMPLES: list[dict[str, Any]] = [
    YAML(typ="safe").load(text) for text in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: str(one["score"]))
def test_an_example_scores_what_the_page_says(example: dict[str, Any]) -> None:
    scored = score_trial(*trial(example["metrics"]))
    assert scored.score == (None if example["score"] is None else pytest.approx(example["score"], abs=0.01))
    assert scored.coverage == pytest.approx(example.get("coverage", 1))
    assert scored.at_least == pytest.approx(example.get("at_least", example["score"]), abs=0.01)
    assert scored.capped_by == example.get("capped_by")
    if "says" in example:
        assert trial_lines(scored) == (example["says"],)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 9


def test_the_page_says_what_each_aspect_can_cost() -> None:
    table = dict(re.findall(r"^\| (absorption|depth|area|recovery) \| (\d+) \|", PAGE, re.MULTILINE))
    assert {aspect: float(points) for aspect, points in table.items()} == dict(POINTS)
