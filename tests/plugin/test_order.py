"""What is run, how often, in which order, under which conditions: repeats, a shuffled order, workflows."""

from pathlib import Path

import pytest

from tests.plugin.stubs import instant, record_of, trials_of

pytest_plugins = ("pytester",)
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "experiments" / "catalog"

FLOW = """\
title: t
steps:
  - experiment: chaos/no-fault.yaml
    stop_when: [deviated, unknown]
  - experiment: chaos/gateway-pod-delete.yaml
    repeat: 2
  - experiment: chaos/store-pod-delete.yaml
    when: {gateway-pod-delete: held}
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with its own experiments, a copy of the catalog, without expected endings."""
    folder = pytester.mkdir("chaos")
    for name in ("no-fault", "gateway-pod-delete", "store-pod-delete"):
        lines = (CATALOG / f"{name}.yaml").read_text().splitlines(keepends=True)
        (folder / f"{name}.yaml").write_text("".join(x for x in lines if "known_weakness" not in x))
    (pytester.path / "flow.yaml").write_text(FLOW)
    return pytester


def _ends(suite: pytest.Pytester, **endings: str) -> None:
    named = {name.replace("_", "-"): status for name, status in endings.items()}
    suite.makeconftest(instant(named))


def _run(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return suite.runpytest_subprocess("-s", "-rs", *arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--faultcast-experiments", "chaos", "--faultcast-repeat", "0"),
            "--faultcast-repeat must lie between 1 and 100, not 0",
        ),
        (
            ("--faultcast-experiments", "chaos", "--faultcast-workflow", "flow.yaml"),
            "--faultcast-experiments and --faultcast-workflow exclude",
        ),
        (
            ("--faultcast-workflow", "flow.yaml", "--faultcast-repeat", "2"),
            "--faultcast-repeat and --faultcast-workflow exclude each other",
        ),
        (
            ("--faultcast-workflow", "flow.yaml", "--faultcast-shuffle"),
            "--faultcast-shuffle and --faultcast-workflow exclude each other",
        ),
        (("--faultcast-workflow", "nowhere.yaml"), "--faultcast-workflow: there is nothing at nowhere.yaml"),
    ],
)
def test_orders_that_do_not_fit_are_refused(
    suite: pytest.Pytester, arguments: tuple[str, ...], message: str
) -> None:
    result = suite.runpytest_subprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


def test_a_repeated_experiment_has_a_name_and_a_seed_for_each_time(suite: pytest.Pytester) -> None:
    _ends(suite)
    result = _run(
        suite,
        "--faultcast-experiments",
        "chaos/no-fault.yaml",
        "--faultcast-repeat",
        "3",
        "--faultcast-seed",
        "7",
        "-v",
    )
    result.assert_outcomes(passed=3)
    assert trials_of(result) == [("no-fault", 7), ("no-fault", 8), ("no-fault", 9)]
    assert record_of(suite)["order"] == ["no-fault-r1", "no-fault-r2", "no-fault-r3"]
    result.stdout.fnmatch_lines(["faultcast: experiments chaos/no-fault.yaml, 3 times each, results below *"])


def test_the_seed_decides_a_shuffled_order_which_is_said_and_recorded(suite: pytest.Pytester) -> None:
    _ends(suite)
    orders: dict[str, list[str]] = {}
    for seed in ("1", "2", "1"):
        result = _run(
            suite,
            "--faultcast-experiments",
            "chaos",
            "--faultcast-repeat",
            "2",
            "--faultcast-shuffle",
            "--faultcast-seed",
            seed,
        )
        result.assert_outcomes(passed=6)
        order = record_of(suite)["order"]
        result.stdout.fnmatch_lines(["*, 2 times each, order shuffled by the seed, *"])
        result.stdout.fnmatch_lines([f"faultcast: order {', '.join(order)}"])
        assert [name for name, _ in trials_of(result)] == [name.rpartition("-r")[0] for name in order]
        assert orders.setdefault(seed, order) == order
    assert len({tuple(order) for order in orders.values()}) > 1
    assert len({tuple(sorted(order)) for order in orders.values()}) == 1


def test_a_run_without_a_seed_draws_one_and_uses_it_everywhere(suite: pytest.Pytester) -> None:
    _ends(suite)
    result = _run(suite, "--faultcast-experiments", "chaos/no-fault.yaml")
    [(_, seed)] = trials_of(result)
    assert seed == record_of(suite)["seed"]
    result.stdout.fnmatch_lines([f"faultcast: run *, seed {seed}, *"])


def test_a_workflow_runs_its_steps_in_order(suite: pytest.Pytester) -> None:
    _ends(suite)
    result = _run(suite, "--faultcast-workflow", "flow.yaml", "--faultcast-seed", "5")
    result.assert_outcomes(passed=4)
    assert trials_of(result) == [
        ("no-fault", 5),
        ("gateway-pod-delete", 5),
        ("gateway-pod-delete", 6),
        ("store-pod-delete", 5),
    ]
    assert record_of(suite)["order"] == [
        "1-no-fault",
        "2-gateway-pod-delete-r1",
        "2-gateway-pod-delete-r2",
        "3-store-pod-delete",
    ]
    result.stdout.fnmatch_lines(["faultcast: workflow flow.yaml, results below *"])


@pytest.mark.parametrize("status", ["DEVIATED", "UNKNOWN"])
def test_after_a_stopping_verdict_nothing_else_is_run(suite: pytest.Pytester, status: str) -> None:
    _ends(suite, no_fault=status)
    result = _run(suite, "--faultcast-workflow", "flow.yaml")
    result.assert_outcomes(failed=1, skipped=3)
    assert [name for name, _ in trials_of(result)] == ["no-fault"]
    assert f"stopped: no-fault {status}" in result.stdout.str()
    assert record_of(suite)["skipped"] == record_of(suite)["order"][1:]
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_trial_that_ended_without_a_verdict_counts_as_unknown(suite: pytest.Pytester) -> None:
    _ends(suite, no_fault="REFUSED")
    result = _run(suite, "--faultcast-workflow", "flow.yaml")
    result.assert_outcomes(failed=1, skipped=3)
    assert "stopped: no-fault UNKNOWN" in result.stdout.str()


def test_a_step_whose_condition_is_not_met_is_skipped_with_the_reason(suite: pytest.Pytester) -> None:
    _ends(suite, gateway_pod_delete="DEVIATED")
    result = _run(suite, "--faultcast-workflow", "flow.yaml")
    result.assert_outcomes(passed=1, failed=2, skipped=1)
    assert "not run: gateway-pod-delete DEVIATED, and HELD is asked" in result.stdout.str()


def test_a_bad_workflow_is_refused_with_its_place_before_anything_is_touched(suite: pytest.Pytester) -> None:
    (suite.path / "flow.yaml").write_text(FLOW.replace("repeat: 2", "repeat: often"))
    result = suite.runpytest_subprocess("--faultcast-workflow", "flow.yaml")
    assert result.ret != 0
    text = result.stdout.str() + result.stderr.str()
    assert "flow.yaml:6: steps.1.repeat: input should be a valid integer" in text
    assert "Traceback" not in text
