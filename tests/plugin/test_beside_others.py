"""Beside other plugins: they load, trials come to the same, and what cannot be is refused by name."""

import json
from pathlib import Path

import pytest

from tests.fakeprometheus import FakePrometheus
from tests.plugin import test_existing_cluster
from tests.plugin.stubs import fixtures_of, instant, options_of, record_of, trials_of

pytest_plugins = ("pytester",)

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "experiments" / "catalog"
NAMES = ("gateway-pod-delete", "no-fault", "store-pod-delete")
TWICE = [(name, seed) for seed in (7, 8) for name in NAMES]
prometheus = test_existing_cluster.prometheus

NEIGHBOUR = """
import pytest

def pytest_addoption(parser):
    for name in OPTIONS:
        parser.addoption(f"--{name}", default="mine")

def pytest_configure(config):
    config.addinivalue_line("markers", "resilience: mine")

@pytest.fixture(params=["mine"])
def experiment(request):
    return request.param
"""
MINE = """
@pytest.fixture
def NAME():
    return "mine"
"""
TEST = """
import pytest

@pytest.mark.resilience
def test_it(request, experiment, NAMES):
    assert {experiment, NAMES} == {"mine"}
    assert {request.config.getoption(f"--{name}") for name in OPTIONS} == {"mine"}
"""
AGAIN = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    runtestprotocol(item, nextitem=nextitem)
    item._initrequest()
    runtestprotocol(item, nextitem=nextitem)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""
OWN = """
import pytest
MARK
def test_mine(faultcast_experiment, faultcast_run_trial):
    faultcast_run_trial(faultcast_experiment).require_held()
"""


def _short(name: str) -> str:
    return name.removeprefix("--").removeprefix("faultcast").strip("-_")


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Three experiments that end at once, and every plugin that is installed."""
    monkeypatch.delenv("PYTEST_ADDOPTS")
    folder = pytester.mkdir("chaos")
    for name in NAMES:
        lines = (CATALOG / f"{name}.yaml").read_text().splitlines(keepends=True)
        (folder / f"{name}.yaml").write_text("".join(x for x in lines if "known_weakness" not in x))
    pytester.makeconftest(instant({"store-pod-delete": "DEVIATED"}))
    return pytester


def _run(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    given = ("--faultcast-experiments", "chaos", "--faultcast-seed", "7")
    return suite.runpytest_subprocess("-s", *given, *arguments)


def test_every_option_of_ours_begins_with_our_name(pytestconfig: pytest.Config) -> None:
    names = options_of(pytestconfig)
    assert len(names) >= 13
    assert [name for name in names if not name.startswith("--faultcast-")] == []
    assert [name for name in names if not hasattr(pytestconfig.option, name[2:].replace("-", "_"))] == []


def test_what_our_options_are_when_not_given_can_be_sent_to_workers(pytester: pytest.Pytester) -> None:
    given = vars(pytester.parseconfig().option)
    ours = {name: value for name, value in given.items() if name.startswith("faultcast_")}
    assert len(ours) >= 13
    assert {
        name: value for name, value in ours.items() if not isinstance(value, str | float | int | None)
    } == {}


def test_every_fixture_of_ours_begins_with_our_name(pytester: pytest.Pytester) -> None:
    names = fixtures_of(pytester)
    assert names >= {
        "faultcast_cluster",
        "faultcast_cluster_provider",
        "faultcast_kube",
        "faultcast_run_trial",
    }
    assert [name for name in names if not name.startswith("faultcast_")] == []


def test_every_marker_of_ours_begins_with_our_name(pytester: pytest.Pytester) -> None:
    lines = pytester.runpytest_inprocess("--markers").outlines
    assert [line.split("(")[0] for line in lines if "experiment" in line] == ["@pytest.mark.faultcast"]


def test_a_plugin_with_everyday_names_keeps_them(
    pytester: pytest.Pytester, pytestconfig: pytest.Config
) -> None:
    names = [_short(name) for name in fixtures_of(pytester)]
    given = [_short(name) for name in options_of(pytestconfig)]
    assert {"cluster", "kube"} <= set(names)
    assert {"kubeconfig", "seed"} <= set(given)
    body = NEIGHBOUR.replace("OPTIONS", repr(given)) + "".join(MINE.replace("NAME", name) for name in names)
    pytester.makepyfile(neighbour=body)
    pytester.makepyfile(TEST.replace("NAMES", ", ".join(names)).replace("OPTIONS", repr(given)))
    pytester.syspathinsert()
    pytester.runpytest_subprocess("-p", "neighbour", "--strict-markers").assert_outcomes(passed=1)


def test_an_option_without_the_prefix_is_a_usage_error(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--keep-cluster")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unrecognized arguments: --keep-cluster"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        pytest.param(("--randomly-seed", "1"), id="pytest-randomly"),
        pytest.param(("--count", "1"), id="pytest-repeat"),
        pytest.param(("-n", "0"), id="pytest-xdist"),
        pytest.param(("--reruns", "0"), id="pytest-rerunfailures"),
        pytest.param(("--html", "page.html", "--self-contained-html"), id="pytest-html"),
        pytest.param(("--cov", "faultcast", "--cov-report", "term"), id="pytest-cov"),
        pytest.param(("--timeout", "600"), id="pytest-timeout"),
    ],
)
def test_trials_come_to_the_same(suite: pytest.Pytester, more: tuple[str, ...]) -> None:
    result = _run(suite, "--faultcast-repeat", "2", *more)
    result.assert_outcomes(passed=4, failed=2)
    assert trials_of(result) == TWICE
    assert record_of(suite)["order"] == [f"{name}-r{turn}" for turn in (1, 2) for name in NAMES]
    if "--html" in more:
        assert "store-pod-delete-r2" in (suite.path / "page.html").read_text()
    if "--cov" in more:
        result.stdout.fnmatch_lines(["*fixtures/plugin.py *"])


@pytest.mark.slow
def test_ordinary_tests_of_the_same_run_are_shuffled_and_trials_are_not(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        "import pytest\n@pytest.mark.parametrize('n', range(20))\ndef test_it(n): print('n is', n)"
    )
    result = _run(suite, "test_ordinary_tests_of_the_same_run_are_shuffled_and_trials_are_not.py")
    result.assert_outcomes(passed=22, failed=1)
    assert [name for name, _ in trials_of(result)] == list(NAMES)
    assert sum("n is" in line for line in result.outlines) == 20
    shown = [int(line.split()[-1].rstrip(".")) for line in result.outlines if "n is" in line]
    assert shown != sorted(shown)


@pytest.mark.slow
def test_a_real_trial_beside_all_of_them(
    pytester: pytest.Pytester, prometheus: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS")
    others = ("--html", "page.html", "--cov", "faultcast", "--randomly-seed", "3", "--timeout", "5")
    result = test_existing_cluster.run(pytester, prometheus, "30m", "--faultcast-step", "5s", *others)
    result.assert_outcomes(passed=1)
    (verdict,) = pytester.path.glob("runs/latest/trials/*/verdict.json")
    assert json.loads(verdict.read_text())["status"] == "HELD"
    assert (pytester.path / "runs" / "latest" / "junit.xml").is_file()
    assert (
        "Quiet" in (pytester.path / "page.html").read_text()
        or "quiet" in (pytester.path / "page.html").read_text()
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("-n", "2"), "faults of parallel workers would overlap on the cluster: run experiments with -n 0"),
        (("--dist", "load", "--tx", "popen"), "faults of parallel workers would overlap on the cluster*"),
        (("--looponfail",), "a resilience test is never retried, *: run experiments without --looponfail"),
        (("--reruns", "2"), "a resilience test is never retried, *: run experiments with --reruns 0, *"),
        (("-o", "reruns=2"), "a resilience test is never retried, *: run experiments with --reruns 0, *"),
        (("--force-reruns", "1"), "a resilience test is never retried, *, and without --force-reruns"),
        (("--count", "3"), "trials of --count would *: use --faultcast-repeat 3, with --count 1"),
    ],
)
def test_what_repeats_or_overlaps_trials_is_refused(
    suite: pytest.Pytester, more: tuple[str, ...], message: str
) -> None:
    result = suite.runpytest_inprocess("--faultcast-experiments", "chaos", *more)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}"])
    assert not (suite.path / "runs").exists()


def test_settings_of_the_project_are_overruled_by_options(suite: pytest.Pytester) -> None:
    result = _run(suite, "-o", "reruns=2", "--reruns", "0", "--collect-only", "-q")
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("flaky(reruns=2)", "*test_mine[[]*[]] is marked flaky, and a resilience test is never retried, *"),
        ("repeat(2)", "*test_mine[[]*[]] is marked repeat: take the mark off, and use --faultcast-repeat N"),
    ],
)
def test_a_trial_that_is_marked_to_run_again_is_refused(
    suite: pytest.Pytester, mark: str, message: str
) -> None:
    suite.makepyfile(test_mine=OWN.replace("MARK", f"@pytest.mark.{mark}"))
    result = _run(suite, "test_mine.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


@pytest.mark.slow
def test_whoever_runs_a_trial_again_is_told_that_it_is_not_done(suite: pytest.Pytester) -> None:
    (suite.path / "again.py").write_text(AGAIN)
    suite.syspathinsert()
    result = _run(suite, "-p", "again", "-k", "no-fault")
    assert trials_of(result) == [("no-fault", 7)]
    result.stdout.fnmatch_lines(["*another plugin runs test_experiment[[]no-fault] a second time*"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.slow
def test_tests_of_ones_own_stand_in_for_the_suite(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_mine=OWN.replace("MARK", ""), test_else="def test_it(): pass")
    result = _run(suite, "test_mine.py", "test_else.py")
    result.assert_outcomes(passed=3, failed=1, deselected=3)
    assert [name for name, _ in trials_of(result)] == list(NAMES)
    assert record_of(suite)["order"] == list(NAMES)
    _run(suite, "test_else.py").assert_outcomes(passed=3, failed=1)


def test_in_an_ordinary_session_they_are_skipped_and_no_cluster_is_brought_up(
    pytester: pytest.Pytester,
) -> None:
    alone = "def test_alone(faultcast_run_trial): pass"
    stub = "@pytest.fixture(scope='session')\ndef faultcast_cluster(): raise ValueError('brought up')"
    pytester.makeconftest(f"import pytest\n{stub}")
    pytester.makepyfile(test_mine=OWN.replace("MARK", ""), test_alone=alone)
    result = pytester.runpytest_inprocess("-rs")
    result.assert_outcomes(skipped=1, errors=1)
    result.stdout.fnmatch_lines(["*no experiments are named: --faultcast-experiments PATH"])
    result.stdout.fnmatch_lines(["*this pytest invocation is no run of experiments*"])
    result.stdout.no_fnmatch_line("*brought up*")
