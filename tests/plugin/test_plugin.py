"""The plugin as a user meets it: options, collection, and how a verdict becomes an outcome."""

import importlib
from pathlib import Path

import pytest

from faultcast.experiments.fault import FaultArguments
from faultcast.experiments.faults import none
from faultcast.experiments.loading.loader import load_experiments

pytest_plugins = ("pytester",)

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "experiments" / "catalog"
EXPERIMENTS = ("gateway-pod-delete", "no-fault", "store-pod-delete")

STUB = """
import sys
sys.path.insert(0, {root!r})
import pytest
from pathlib import Path
from faultcast.fixtures.trials import Outcome
from faultcast.steady_state.verdict import Status
from tests.factories import make_record

@pytest.fixture
def faultcast_run_trial(tmp_path):
    def run(experiment):
        {body}
    return run
"""

ENDING = 'return Outcome(make_record(tmp_path / "trial", Status[{endings!r}[experiment.name]]))'


class SlowArguments(FaultArguments):
    intensity: float = 1


@pytest.fixture(scope="module", autouse=True)
def imported_once() -> None:
    """`pytester` forgets what a run has imported, and the next would import it all again."""
    importlib.import_module("faultcast.fixtures.run")
    importlib.import_module("tests.factories")
    for name in EXPERIMENTS:
        load_experiments(CATALOG / f"{name}.yaml")


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with its own experiments, copies of some of the catalog."""
    folder = pytester.mkdir("chaos")
    for name in EXPERIMENTS:
        path = CATALOG / f"{name}.yaml"
        (folder / path.name).write_text(path.read_text())
    return pytester


def _stub(pytester: pytest.Pytester, body: str) -> None:
    pytester.makeconftest(STUB.format(root=str(ROOT), body=body))


def _ends(pytester: pytest.Pytester, **endings: str) -> None:
    named = {name.replace("_", "-"): status for name, status in endings.items()}
    _stub(pytester, ENDING.format(endings=named))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--faultcast-cluster", "existing"), "--faultcast-cluster existing requires --faultcast-kubeconfig"),
        (
            ("--faultcast-cluster", "existing", "--faultcast-kubeconfig", "k"),
            "requires --faultcast-prometheus-url",
        ),
        (("--faultcast-kubeconfig", "k"), "belong to --faultcast-cluster existing"),
        (("--faultcast-kube-context", "k"), "belong to --faultcast-cluster existing"),
        (
            (
                "--faultcast-cluster",
                "existing",
                "--faultcast-kubeconfig",
                "k",
                "--faultcast-prometheus-url",
                "http://p",
            ),
            "--faultcast-kubeconfig: there is no kubeconfig at *",
        ),
        (("--faultcast-alpha", "0.7"), "--faultcast-alpha must lie between"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    suite: pytest.Pytester, arguments: tuple[str, ...], message: str
) -> None:
    result = suite.runpytest_inprocess("--faultcast-experiments", "chaos", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("FAULTCAST_STATE_DIR", "state", "FAULTCAST_STATE_DIR: state is no absolute path"),
        ("FAULTCAST_PROMETHEUS_PASSWORD", "geheim", "a password is given for Prometheus, but no user"),
    ],
)
def test_a_variable_that_is_wrong_is_no_verdict(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    (suite.path / "kubeconfig").write_text(
        "{current-context: c, contexts: [{name: c, context: {cluster: c}}], "
        "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}]}"
    )
    result = suite.runpytest_subprocess(
        "--faultcast-experiments", "chaos",
        "--faultcast-cluster", "existing", "--faultcast-kubeconfig", "kubeconfig",
        "--faultcast-prometheus-url", "http://127.0.0.1:9",
    )  # fmt: skip
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])
    assert not (suite.path / "runs").exists()


def test_what_keeps_the_cluster_away_is_not_hidden_by_logs_that_cannot_be_had(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        """
        import pytest
        from faultcast.infra.errors import ClusterError

        class Provider:
            def is_up(self):
                return True
            def start(self):
                raise ClusterError("the login has expired", remedy="log in again")
            def collect_logs(self, folder):
                raise ValueError("401 Unauthorized")

        @pytest.fixture(scope="session")
        def faultcast_cluster_provider():
            return Provider()
        """
    )
    result = suite.runpytest_subprocess("--faultcast-experiments", "chaos/no-fault.yaml")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ClusterError: the login has expired*"])
    result.stdout.fnmatch_lines(["*logs were not collected: ValueError: 401 Unauthorized*"])
    assert "ValueError" not in result.stdout.str().rpartition("short test summary")[2]


def test_a_folder_that_is_not_there_is_named(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--faultcast-experiments", "nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*there is nothing at nowhere*"])


def test_experiments_of_another_folder_are_found_without_a_test_file(suite: pytest.Pytester) -> None:
    result = suite.runpytest_inprocess("--faultcast-experiments", "chaos", "--collect-only", "-q")
    result.stdout.fnmatch_lines(
        [f"*test_experiment[[]{name}]" for name in ("gateway-pod-delete", "no-fault", "store-pod-delete")]
    )
    assert not (suite.path / "runs").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("direction: sideways", "metrics.0.direction: "),
        ("presence: sum(up", ":39:22: metrics.1.presence: ( is never closed"),
    ],
)
def test_a_bad_file_is_refused_with_its_place_before_anything_is_touched(
    suite: pytest.Pytester, wrong: str, said: str
) -> None:
    file = suite.path / "chaos" / "no-fault.yaml"
    file.write_text(file.read_text().replace("lookback: 20s", wrong))
    result = suite.runpytest_inprocess("--faultcast-experiments", "chaos")
    assert result.ret != 0
    text = result.stdout.str() + result.stderr.str()
    assert "no-fault.yaml:" in text
    assert said in text
    assert "Traceback" not in text


def test_held_passes_deviated_fails_unknown_fails_and_a_known_weakness_is_expected(
    suite: pytest.Pytester,
) -> None:
    _ends(suite, no_fault="UNKNOWN", gateway_pod_delete="HELD", store_pod_delete="DEVIATED")
    result = suite.runpytest_inprocess("--faultcast-experiments", "chaos")
    result.assert_outcomes(passed=1, failed=1, xfailed=1)
    assert "InconclusiveError" in result.stdout.str()
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_known_weakness_that_held_fails(suite: pytest.Pytester) -> None:
    _ends(suite, no_fault="HELD", gateway_pod_delete="HELD", store_pod_delete="HELD")
    result = suite.runpytest_inprocess("--faultcast-experiments", "chaos")
    result.assert_outcomes(passed=2, failed=1)
    assert "XPASS(strict)" in result.stdout.str()


def test_a_known_weakness_that_nobody_can_judge_fails(suite: pytest.Pytester) -> None:
    _ends(suite, no_fault="HELD", gateway_pod_delete="DEVIATED", store_pod_delete="UNKNOWN")
    result = suite.runpytest_inprocess("--faultcast-experiments", "chaos")
    result.assert_outcomes(passed=1, failed=2)


def _blind(suite: pytest.Pytester) -> None:
    file = suite.path / "chaos" / "no-fault.yaml"
    text = file.read_text()
    reason = "    known_blindness: the monitoring is taken away\n"
    file.write_text(text.replace("    blast_radius:", f"{reason}    blast_radius:"))


def test_a_known_blindness_is_expected_to_be_unknown(suite: pytest.Pytester) -> None:
    _blind(suite)
    _ends(suite, no_fault="UNKNOWN", gateway_pod_delete="HELD", store_pod_delete="DEVIATED")
    result = suite.runpytest_inprocess("--faultcast-experiments", "chaos", "-rx")
    result.assert_outcomes(passed=1, xfailed=2)
    assert "known blindness: " in result.stdout.str()


@pytest.mark.parametrize("status", ["HELD", "DEVIATED"])
def test_a_known_blindness_that_was_judged_fails(suite: pytest.Pytester, status: str) -> None:
    _blind(suite)
    _ends(suite, no_fault=status, gateway_pod_delete="HELD", store_pod_delete="DEVIATED")
    suite.runpytest_inprocess("--faultcast-experiments", "chaos").assert_outcomes(
        passed=1, xfailed=1, failed=1
    )


def test_a_sweep_is_one_test_for_each_value(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(none.NoFault, "arguments", SlowArguments)
    monkeypatch.setattr(none, "do_nothing", lambda duration=1, intensity=1: {})
    file = suite.path / "chaos" / "no-fault.yaml"
    file.write_text(file.read_text().replace("duration: 30s", "duration: 30s\n        intensity: [25, 50]"))
    result = suite.runpytest_inprocess(
        "--faultcast-experiments", "chaos/no-fault.yaml", "--collect-only", "-q"
    )
    result.stdout.fnmatch_lines(["*[[]no-fault-at-25]", "*[[]no-fault-at-50]", "2 tests collected*"])


def test_all_held_gives_exit_code_0_and_results_where_allure_and_junit_look(suite: pytest.Pytester) -> None:
    _ends(suite, no_fault="HELD", gateway_pod_delete="HELD", store_pod_delete="DEVIATED")
    result = suite.runpytest_subprocess("--faultcast-experiments", "chaos")
    assert result.ret == pytest.ExitCode.OK
    (run,) = (path for path in (suite.path / "runs").iterdir() if not path.is_symlink())
    assert (run / "junit.xml").is_file()
    assert list((run / "allure-results").glob("*-result.json"))


def test_places_given_by_the_user_win(suite: pytest.Pytester) -> None:
    _ends(suite, no_fault="HELD", gateway_pod_delete="HELD", store_pod_delete="DEVIATED")
    suite.runpytest_inprocess(
        "--faultcast-experiments", "chaos", "--alluredir", "mine", "--junitxml", "mine.xml"
    )
    assert (suite.path / "mine.xml").is_file()
    assert list((suite.path / "mine").glob("*-result.json"))


def test_ordinary_tests_of_a_project_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
    assert "faultcast: run" not in result.stdout.str()
    assert not (pytester.path / "runs").exists()


@pytest.mark.parametrize("option", ["experiments", "workflow", "kubeconfig", "runs-dir"])
def test_an_empty_path_is_not_the_current_folder(suite: pytest.Pytester, option: str) -> None:
    result = suite.runpytest_inprocess("--faultcast-experiments", "chaos", f"--faultcast-{option}=")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "its value is empty: is a variable not set?" in result.stderr.str() + result.stdout.str()


@pytest.mark.parametrize("more", [[], ["--collect-only"]])
def test_wrong_options_are_one_line_before_anything_is_collected(
    suite: pytest.Pytester, more: list[str]
) -> None:
    result = suite.runpytest_inprocess("--faultcast-experiments", "chaos", "--faultcast-alpha", "nan", *more)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in result.stderr.str() + result.stdout.str()
    assert len([line for line in result.stderr.lines if line.strip()]) <= 2


def test_files_that_are_wrong_are_told_without_a_traceback(suite: pytest.Pytester) -> None:
    file = suite.path / "chaos" / "no-fault.yaml"
    file.write_text("title: [")
    result = suite.runpytest_inprocess("--faultcast-experiments", "chaos", "--collect-only")
    text = result.stdout.str() + result.stderr.str()
    assert "no-fault.yaml:1: not valid YAML" in text
    assert "fixtures/" not in text
    assert len(text.splitlines()) < 25
