from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML
from typer.testing import CliRunner

from faultcast.cli import experiments as commands
from faultcast.fixtures.turns import Turn
from faultcast.fixtures.verdicts import Verdicts, Word
from faultcast.fixtures.workflow import Workflow, load_workflow
from faultcast.infra.errors import ExperimentError

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "experiments" / "catalog"
EXAMPLE = ROOT / "experiments" / "workflows" / "release-gate.yaml"

FILE = """\
title: t
steps:
  - experiment: no-fault.yaml
    stop_when: [deviated, unknown]
  - experiment: gateway-pod-delete.yaml
    repeat: 2
  - experiment: store-pod-delete.yaml
    when:
      gateway-pod-delete: held
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in CATALOG.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    return tmp_path


def _load(folder: Path, text: str = FILE) -> Workflow:
    path = folder / "flow.yaml"
    path.write_text(text)
    return load_workflow(path)


def _refused(folder: Path, text: str) -> list[str]:
    with pytest.raises(ExperimentError) as caught:
        _load(folder, text)
    assert "docs/scheduling.md" in caught.value.remedy
    return [line.removeprefix(f"{folder}/") for line in caught.value.what.splitlines()]


def _found(workflow: Workflow, *noted: tuple[int, Word], **more: Any) -> Verdicts:
    """Verdicts of one trial each, by number of the step."""
    verdicts = Verdicts()
    for index, (number, word) in enumerate(noted):
        experiment = workflow.steps[number - 1].experiments[0]
        verdicts.note(Turn(experiment, f"{number}-{index}", step=number, **more), word)
    return verdicts


def test_a_workflow_is_loaded_with_its_experiments_in_order(folder: Path) -> None:
    workflow = _load(folder)
    assert [step.experiments[0].name for step in workflow.steps] == [
        "no-fault",
        "gateway-pod-delete",
        "store-pod-delete",
    ]
    assert [step.repeat for step in workflow.steps] == [1, 2, 1]
    assert workflow.steps[0].stop_when == ("deviated", "unknown")
    assert workflow.steps[2].when == {"gateway-pod-delete": "held"}


def test_the_example_is_sound() -> None:
    assert len(load_workflow(EXAMPLE).steps) == 6


@pytest.mark.parametrize(
    ("found", "step", "objection"),
    [
        ([], 1, None),
        ([(1, "held")], 2, None),
        ([(1, "deviated")], 2, "stopped: no-fault DEVIATED"),
        ([(1, "unknown")], 3, "stopped: no-fault UNKNOWN"),
        ([(1, "held"), (2, "held"), (2, "held")], 3, None),
        (
            [(1, "held"), (2, "held"), (2, "deviated")],
            3,
            "not run: gateway-pod-delete DEVIATED, and HELD is asked",
        ),
        ([(1, "held"), (2, "unknown")], 3, "not run: gateway-pod-delete UNKNOWN, and HELD is asked"),
        ([(1, "held")], 3, "not run: gateway-pod-delete has no verdict, and HELD is asked"),
    ],
)
def test_earlier_verdicts_decide_whether_a_step_is_run(
    folder: Path, found: list[tuple[int, Word]], step: int, objection: str | None
) -> None:
    workflow = _load(folder)
    assert workflow.objection(step, _found(workflow, *found)) == objection


def test_a_condition_looks_at_the_latest_earlier_step_of_that_name(folder: Path) -> None:
    workflow = _load(
        folder,
        "title: t\nsteps:\n  - experiment: no-fault.yaml\n  - experiment: no-fault.yaml\n"
        "  - experiment: store-pod-delete.yaml\n    when: {no-fault: deviated}\n",
    )
    assert workflow.objection(3, _found(workflow, (1, "held"), (2, "deviated"))) is None
    assert workflow.objection(3, _found(workflow, (1, "deviated"), (2, "held"))) == (
        "not run: no-fault HELD, and DEVIATED is asked"
    )


def test_a_trial_without_a_verdict_is_unknown_and_never_overwrites_one(folder: Path) -> None:
    workflow = _load(folder)
    verdicts = _found(workflow, (2, "held"))
    turn = Turn(workflow.steps[0].experiments[0], "1-no-fault", step=1)
    verdicts.note_missing(turn)
    assert verdicts.worst(1, "no-fault") == "unknown"
    verdicts.note(turn, "held")
    verdicts.note_missing(turn)
    assert verdicts.worst(1, "no-fault") == "held"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (FILE, "- a\n", "flow.yaml:1: is not a workflow; write a mapping with title and steps"),
        (FILE, "title: [\n", "flow.yaml:2: not valid YAML"),
        ("title: t\n", "", "flow.yaml:1: title is missing; add title"),
        ("repeat: 2", "repeat: 0", "flow.yaml:6: steps.1.repeat: input should be greater than or equal to 1"),
        ("repeat: 2", "repeats: 2", "flow.yaml:6: steps.1.repeats is not known; did you mean repeat?"),
        ("delete: held", "delete: fine", "flow.yaml:9: steps.2.when.gateway-pod-delete: input should be"),
        (
            "[deviated, unknown]",
            "[held]",
            "flow.yaml:4: steps.0.stop_when.0: input should be 'deviated' or 'unknown'",
        ),
        (
            "      gateway-pod-delete: held",
            "      gateway-pod-delte: held",
            "flow.yaml:9: no earlier step runs gateway-pod-delte; did you mean gateway-pod-delete?",
        ),
        (
            "    repeat: 2",
            "    when: {store-pod-delete: held}",
            "flow.yaml:6: no earlier step runs store-pod-delete; name one of no-fault",
        ),
        (
            "    stop_when: [deviated, unknown]",
            "    when: {x: held}",
            "flow.yaml:4: no earlier step runs x; the first step has no condition: remove it",
        ),
        ("no-fault.yaml", "nothing.yaml", "flow.yaml:3: there is no file nothing.yaml; give its path from"),
    ],
)
def test_a_bad_workflow_is_refused_with_line_reason_and_remedy(
    folder: Path, old: str, new: str, problem: str
) -> None:
    found = _refused(folder, FILE.replace(old, new, 1))
    assert any(line.startswith(problem) for line in found), found


def test_problems_of_all_its_experiments_are_reported_together(folder: Path) -> None:
    for name in ("no-fault", "store-pod-delete"):
        file = folder / f"{name}.yaml"
        file.write_text(file.read_text().replace("direction: up", "direction: sideways", 1))
    found = _refused(folder, FILE.replace("gateway-pod-delete.yaml", "nothing.yaml"))
    assert {line.partition(":")[0] for line in found} == {
        "no-fault.yaml",
        "store-pod-delete.yaml",
        "flow.yaml",
    }


def test_the_command_names_sound_files_and_refuses_the_others(folder: Path) -> None:
    app = typer.Typer()
    commands.register(app)
    done = CliRunner().invoke(app, ["workflow", "validate", str(EXAMPLE)])
    assert (done.exit_code, done.output) == (0, f"{EXAMPLE}: fine, 6 steps, 6 trials at most\n")
    bad = folder / "bad.yaml"
    bad.write_text("title: t\n")
    done = CliRunner().invoke(app, ["workflow", "validate", str(bad), str(EXAMPLE)])
    assert isinstance(done.exception, ExperimentError)
    assert done.exception.what == f"{bad}:1: steps is missing; add steps"


def test_the_cron_job_uses_options_that_exist() -> None:
    documents = list(YAML(typ="safe").load_all((EXAMPLE.parent / "cronjob.yaml").read_text()))
    job = next(one for one in documents if one["kind"] == "CronJob")["spec"]
    pod = job["jobTemplate"]["spec"]["template"]["spec"]
    given = [word.partition("=")[0] for word in pod["containers"][0]["args"][1:]]
    known = (ROOT / "fixtures" / "options.py").read_text()
    assert given
    assert all(f'"{option}"' in known for option in given)
    assert job["concurrencyPolicy"] == "Forbid"
    assert job["jobTemplate"]["spec"]["backoffLimit"] == 0
