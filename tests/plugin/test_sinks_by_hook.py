"""Other plugins bring sinks: they get every trial, and a broken one costs nobody anything."""

import re
from pathlib import Path

import pytest

pytest_plugins = ("pytester",)

GUIDE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
[SHOWN] = re.findall(r"```python\n(class Letters.*?)```", GUIDE, re.DOTALL)
ODD = """
def pytest_faultcast_sinks():
    return ["no sink at all", Nameless()]


class Nameless:
    def __repr__(self):
        return "Nameless()"

    def open_run(self, run): ...

    def publish(self, record): ...

    def close_run(self, run): ...
"""
BROKEN = """
def pytest_faultcast_sinks(config, cluster):
    raise KeyError("nobody home")
"""
TEST = """
from pathlib import Path

from faultcast.fixtures.publishing import sinks_of
from faultcast.infra.cluster import Cluster, Endpoints, NoNodeControl
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.reports.record import close_all, open_all, publish_all
from faultcast.reports.runs import RunFolder
from faultcast.steady_state.verdict import Status
from tests.factories import make_record, make_run


def test_it(pytestconfig, tmp_path):
    context = KubeContext(Path("/nowhere"), "it")
    cluster = Cluster("c", "existing", context, "uid", (), Endpoints(), NoNodeControl())
    sinks, complaints = sinks_of(pytestconfig, cluster, RunFolder(tmp_path))
    assert [sink.name for sink in sinks] == ["repeats", "allure", "summary", "letters"]
    assert sorted(complaint.partition(" of ")[2].partition(" ")[2] for complaint in complaints) == [
        "failed: KeyError: 'nobody home'", "gave 'no sink at all', which is no sink",
        "gave Nameless(), which is no sink",
    ]
    letters = sinks[-1:]
    open_all(letters, make_run())
    publish_all(letters, make_record(tmp_path / "trial", Status.HELD))
    close_all(letters, make_run())
    assert (tmp_path / "letters.txt").read_text().splitlines() == [
        f"run {make_run().run}", "gateway-pod-delete: HELD", "over",
    ]
"""


def test_sinks_of_others_stand_beside_faultcasts_own(pytester: pytest.Pytester) -> None:
    pytester.syspathinsert()
    pytester.makeconftest(SHOWN)
    pytester.makepyfile(broken=BROKEN, odd=ODD, test_it=TEST)
    pytester.runpytest("-p", "broken", "-p", "odd", "--alluredir", "results", "-q").assert_outcomes(passed=1)


def test_the_hook_is_declared_with_its_description(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_faultcast_sink(folder): ...\n")  # a letter is missing
    done = pytester.runpytest("-q")
    assert done.ret != 0
    assert "pytest_faultcast_sink" in done.stderr.str() + done.stdout.str()
