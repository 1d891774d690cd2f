"""Helper pods as the runner sees them: started, heard, ended, and looked after when nobody heard the end."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from faultcast.experiments.bases.helper import observed
from faultcast.experiments.effect import Effect, new_id
from faultcast.experiments.helpers.jobs import Helpers
from faultcast.experiments.helpers.log import HelperLog
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.pods import pods_matching, read_pod
from faultcast.experiments.resources.targets import Target
from faultcast.infra.errors import InjectionError
from tests.fakeapi import FakeApi

JOBS = "/apis/batch/v1/namespaces/faultcast/jobs"


@pytest.fixture
def access(api: FakeApi) -> Access:
    api.apply("namespaces", {"metadata": {"name": "faultcast"}})
    return api.access()


@pytest.fixture
def effect(api: FakeApi, access: Access) -> Effect:
    """The first gateway is the target, the other one its peer."""
    first, second = pods_matching(access.kube, "shop", "app=gateway")
    return Effect(new_id(), (first,), (second,), until=api.epoch() + 60.0)


def _cut(target: Target, *, stateful: bool = True) -> PodOrder:
    return PodOrder(
        "cut",
        "net",
        target.node,
        {"pod": target.uid, "rules": [["-A", "INPUT", "-j", "DROP"]]},
        stateful=stateful,
    )


def _started(access: Access, effect: Effect) -> tuple[Helpers, PodOrder]:
    helpers, order = Helpers(access, effect), _cut(effect.targets[0])
    helpers.start((order,))
    helpers.applied((order,))
    return helpers, order


def _silent_once() -> Callable[[str, str], int | None]:
    """Refuses the first request for a log, as the server does for a node that is busy."""
    asked: list[str] = []

    def refuse(_method: str, path: str) -> int | None:
        if path.endswith("/log") and not asked:
            asked.append(path)
            return 500
        return None

    return refuse


def test_a_helper_is_started_heard_and_ended(api: FakeApi, access: Access, effect: Effect) -> None:
    before = api.snapshot()
    helpers, order = _started(access, effect)
    assert api.world.value(effect.targets[0].uid, "dns") == 0.0
    assert api.world.value(effect.peers[0].uid, "dns") == 1.0
    assert [event["event"] for event in helpers.heard("cut").events] == ["applied"]
    assert helpers.end((order,)) == ()
    assert helpers.jobs() == []
    assert api.snapshot() == before
    assert not any("clean" in str(write.body) for write in api.server.writes)


def test_ending_twice_or_without_a_start_does_no_harm(api: FakeApi, access: Access, effect: Effect) -> None:
    before = api.snapshot()
    helpers, order = Helpers(access, effect), _cut(effect.targets[0], stateful=False)
    assert helpers.end((order,)) == ()
    helpers.start((order,))
    for _ in range(2):
        assert helpers.end((order,)) == ()
    assert api.snapshot() == before


def test_a_helper_that_cannot_act_says_why(api: FakeApi, access: Access, effect: Effect) -> None:
    api.world.failing["net"] = "there is no such pod"
    helpers, order = Helpers(access, effect), _cut(effect.targets[0])
    helpers.start((order,))
    with pytest.raises(InjectionError, match="helper cut could not act: there is no such pod"):
        helpers.applied((order,))
    assert helpers.end((order,)) == ()


def test_a_helper_that_does_not_run_is_named_with_its_state(
    api: FakeApi, access: Access, effect: Effect
) -> None:
    helpers, order = Helpers(access, effect), _cut(effect.targets[0])
    api.nodes.power_off("worker")
    order = replace(order, node="worker")
    helpers.start((order,))
    with pytest.raises(InjectionError, match="1 helpers act; last seen: cut: Pending"):
        helpers.applied((order,))


def test_what_a_helper_could_not_undo_is_left(api: FakeApi, access: Access, effect: Effect) -> None:
    helpers, order = _started(access, effect)
    api.world.leaving["net"] = "2 rules"
    left = helpers.end((order,))
    assert left == ("helper cut: left: 2 rules", "cut-clean: left: 2 rules")


def test_where_nobody_saw_the_end_another_pod_looks_once_more(
    api: FakeApi, access: Access, effect: Effect
) -> None:
    helpers, order = _started(access, effect)
    api.server.refuse = _silent_once()
    assert helpers.end((order,)) == ()
    cleaners = [write.body for write in api.server.writes if "cut-clean" in str(write.body)]
    assert [body["spec"]["template"]["spec"]["nodeName"] for body in cleaners] == [effect.targets[0].node]
    said = json.loads(cleaners[0]["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"])
    assert (said["task"], said["act"]) == ("net", False)
    assert helpers.jobs() == []


def test_a_node_that_is_gone_leaves_what_nobody_could_look_at(
    api: FakeApi, access: Access, effect: Effect
) -> None:
    helpers = Helpers(access, effect)
    order = replace(_cut(effect.targets[0]), node="worker")
    helpers.start((order,))
    helpers.applied((order,))
    api.nodes.power_off("worker")
    assert helpers.end((order,)) == ("cut-clean: nobody could look at its node",)


def test_a_refused_job_is_no_injection(api: FakeApi, access: Access, effect: Effect) -> None:
    api.server.refuse = lambda method, path: 403 if (method, path) == ("POST", JOBS) else None
    with pytest.raises(InjectionError, match="cannot start helper cut: the API server answered 403"):
        Helpers(access, effect).start((_cut(effect.targets[0]),))


def test_evidence_is_measured_by_pods_of_its_own(api: FakeApi, access: Access, effect: Effect) -> None:
    evidence = observed(
        access,
        effect,
        lambda _: {"kind": "dns", "where": "pod", "server": "10.2.0.10", "query": "x"},
        what="DNS answers",
        unit="share",
        landed=lambda before, now: before == 1.0 and now == 0.0,
        expected="none",
    )
    assert Helpers(access, effect).jobs() == []
    Helpers(access, effect).start(evidence.observers)
    assert not evidence.ready()
    api.pass_time(2.0)
    assert evidence.ready()
    target, peer = effect.targets[0], effect.peers[0]
    before = evidence.read(target)
    _started(access, effect)
    api.pass_time(2.0)
    after = evidence.read(target)
    assert before is not None
    assert after is not None
    assert evidence.landed(before, after)
    assert evidence.read(peer) == 1.0
    assert Helpers(access, effect).end() == ()
    assert evidence.read(target) is None
    assert read_pod(access.kube, target) is not None


def test_a_log_that_ends_in_a_crash_is_kept() -> None:
    heard = HelperLog.of(
        '{"event": "applied"}\nTraceback: boom\n{"event": "measured", "values": {"a": 1.0}}\n3\n'
    )
    assert heard.values == {"a": 1.0}
    assert heard.first("crash") == {"event": "crash", "text": "Traceback: boom"}
    assert heard.end == ""
    assert HelperLog.of('{"event": "left", "text": "a file"}\n').end == "left: a file"
