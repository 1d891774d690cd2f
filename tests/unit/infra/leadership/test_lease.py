"""Leader election: never two leaders, whatever the clocks, the network and the order of things do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import ReadTimeoutError

from faultcast.infra.errors import ClusterError
from faultcast.infra.leadership.election import Acquire, LeaseRecord, Renew, StandBy, decide, token_of
from faultcast.infra.leadership.leadership import Term
from faultcast.infra.leadership.lease import Lease

OTHER = LeaseRecord("other", 8.0, 3, datetime(2026, 11, 28, tzinfo=UTC))
BORN = datetime(2026, 11, 28, 20, tzinfo=UTC)


@dataclass
class World:
    """Real time, the API server's one Lease, and how the next request goes.

    Attributes:
        before: Seconds until the next request reaches the server.
        after: Seconds until its answer is back.
        lost: What of the next request is lost: nothing, the request, or its answer.
        check: Called whenever time has passed.
    """

    now: float = 0.0
    spec: dict[str, Any] | None = field(default_factory=dict)
    version: int = 1
    born: datetime = BORN
    before: float = 0.0
    after: float = 0.0
    lost: str = ""
    status: int = 0
    requests: list[str] = field(default_factory=list)
    check: Callable[[], None] = lambda: None

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.check()

    def remove(self) -> None:
        """Somebody deletes the Lease."""
        self.spec = None

    def read_namespaced_lease(self, name: str, namespace: str, **_: Any) -> Any:
        return self._request("read", self._shown)

    def create_namespaced_lease(self, namespace: str, body: Any, **_: Any) -> Any:
        def create() -> Any:
            if self.spec is not None:
                raise ApiException(status=409)
            self.spec = {}
            self.born = datetime.fromtimestamp(BORN.timestamp() + self.now + 1, UTC)
            return self._changed(body["spec"])

        return self._request("create", create)

    def patch_namespaced_lease(self, name: str, namespace: str, body: Any, **_: Any) -> Any:
        def patch() -> Any:
            self._shown()
            if body["metadata"]["resourceVersion"] != str(self.version):
                raise ApiException(status=409)
            return self._changed(body["spec"])

        return self._request("patch", patch)

    def _request(self, kind: str, act: Callable[[], Any]) -> Any:
        self.requests.append(kind)
        before, after, lost = self.before, self.after, self.lost
        self.before, self.after, self.lost = 0.0, 0.0, ""
        self.pass_time(before)
        if self.status:
            raise ApiException(status=self.status, reason="refused")
        answer = None if lost == "request" else act()
        self.pass_time(after)
        if lost:
            raise ReadTimeoutError(None, "", "")  # type: ignore[arg-type]
        return answer

    def _changed(self, spec: dict[str, Any]) -> Any:
        assert self.spec is not None
        self.spec.update(spec)
        self.version += 1
        return self._shown()

    def _shown(self) -> Any:
        if self.spec is None:
            raise ApiException(status=404)
        renewed = self.spec.get("renewTime")
        spec = SimpleNamespace(
            holder_identity=self.spec.get("holderIdentity"),
            lease_duration_seconds=self.spec.get("leaseDurationSeconds"),
            lease_transitions=self.spec.get("leaseTransitions"),
            renew_time=renewed and datetime.fromisoformat(renewed),
        )
        meta = SimpleNamespace(resource_version=str(self.version), creation_timestamp=self.born)
        return SimpleNamespace(metadata=meta, spec=spec if self.spec else None)


def candidate(world: World, name: str, *, rate: float = 1.0, offset: float = 0.0, **more: float) -> Lease:
    api: Any = world
    return Lease(api, "machine-learning", "forecaster", name, clock=lambda: offset + world.now * rate, **more)


def test_the_first_to_ask_leads_and_the_second_waits() -> None:
    world = World()
    one, other = candidate(world, "one"), candidate(world, "other")
    assert one.attempt() == 2.0
    assert other.attempt() == 1.0, "who waits looks more often"
    assert one.term() == Term(token_of(BORN, 1))
    assert other.term() is None
    assert other.leader == "one"
    assert world.spec is not None
    assert (world.spec["leaseDurationSeconds"], world.spec["leaseTransitions"]) == (8, 1)


def test_a_renewal_is_one_request_and_keeps_the_token() -> None:
    world = World()
    one = candidate(world, "one")
    one.attempt()
    term = one.term()
    world.requests.clear()
    for _ in range(10):
        world.pass_time(2.0)
        one.attempt()
        assert one.term() == term
    assert world.requests == ["patch"] * 10


def test_a_dead_leader_is_followed_within_its_duration_and_one_look() -> None:
    world = World()
    one, other = candidate(world, "one"), candidate(world, "other")
    one.attempt()
    first = one.term()
    died, pause = world.now, other.attempt()
    while other.term() is None:
        world.pass_time(pause)
        pause = other.attempt()
    assert 8.0 <= world.now - died <= 9.0
    second = other.term()
    assert first
    assert second
    assert first.token is not None
    assert second.token is not None
    assert second.token > first.token


def test_a_released_lease_is_taken_at_the_next_look() -> None:
    world = World()
    one, other = candidate(world, "one"), candidate(world, "other")
    one.attempt()
    pause = other.attempt()
    one.release()
    assert one.term() is None
    world.pass_time(pause)
    other.attempt()
    assert other.term() == Term(token_of(BORN, 2))
    one.release()
    assert world.spec is not None
    assert world.spec["holderIdentity"] == "other", "what another holds is not released"


def test_a_leader_that_cannot_renew_stops_before_another_may_begin() -> None:
    world = World()
    one = candidate(world, "one")
    one.attempt()
    world.status = 503
    world.pass_time(5.9)
    with pytest.raises(ClusterError, match="machine-learning/forecaster: 503"):
        one.attempt()
    assert one.term() is not None
    world.pass_time(0.2)
    assert one.term() is None


def test_a_frozen_leader_notices_without_asking_anybody() -> None:
    world = World()
    one, other = candidate(world, "one"), candidate(world, "other")
    one.attempt()
    other.attempt()
    world.pass_time(30.0)
    other.attempt()
    assert other.term() is not None
    world.requests.clear()
    assert one.term() is None
    assert world.requests == []
    one.attempt()
    assert one.term() is None
    assert one.leader == "other"


def test_leading_again_is_a_new_term_with_a_new_token() -> None:
    world = World()
    one = candidate(world, "one")
    one.attempt()
    world.pass_time(30.0)
    assert one.term() is None
    one.attempt()
    assert one.term() == Term(token_of(BORN, 2))


def test_one_who_resigned_frees_the_lease_and_waits() -> None:
    world = World()
    one, other = candidate(world, "one"), candidate(world, "other")
    one.attempt()
    term = one.term()
    assert term is not None
    one.resign(term, 5.0)
    assert one.term() is None
    one.attempt()
    assert one.leader == ""
    world.pass_time(4.0)
    one.attempt()
    assert one.term() is None
    other.attempt()
    assert other.term() is not None


def test_a_lease_made_anew_has_a_larger_token() -> None:
    world = World()
    one = candidate(world, "one")
    for _ in range(3):
        world.pass_time(30.0)
        one.attempt()
    before = one.term()
    world.remove()
    one.attempt()
    after = one.term()
    assert before
    assert after
    assert before.token is not None
    assert after.token is not None
    assert after.token > before.token
    assert world.spec is not None
    assert world.spec["leaseTransitions"] == 1


def test_a_lease_that_was_removed_is_not_taken_by_others_before_its_time() -> None:
    world = World()
    one, other = candidate(world, "one"), candidate(world, "other")
    one.attempt()
    other.attempt()
    world.remove()
    other.attempt()
    assert other.term() is None
    world.pass_time(8.0)
    other.attempt()
    assert other.term() is not None


def test_a_renewal_whose_answer_was_lost_is_no_end() -> None:
    world = World()
    one = candidate(world, "one")
    one.attempt()
    term = one.term()
    world.pass_time(2.0)
    world.lost = "answer"
    with pytest.raises(ClusterError, match="does not answer"):
        one.attempt()
    one.attempt()
    assert one.term() == term


def test_a_lease_that_one_failure_would_end_is_refused() -> None:
    with pytest.raises(ValueError, match="one failure"):
        candidate(World(), "one", duration=4.0, renew=2.0)


@given(age=st.floats(0, 20), duration=st.floats(1, 30), stated=st.floats(0, 30), at=st.floats(-1e6, 1e6))
def test_what_another_holds_is_taken_only_when_both_durations_are_over(
    age: float, duration: float, stated: float, at: float
) -> None:
    record = LeaseRecord("other", stated, 1, BORN)
    decision = decide(record, at, at + age, me="me", leading=False, duration=duration)
    over = at + age >= at + max(duration, stated)
    assert isinstance(decision, Acquire if over else StandBy)


@pytest.mark.parametrize(
    ("record", "leading", "expected"),
    [
        (LeaseRecord("me", 8.0, 1), True, Renew()),
        (LeaseRecord("me", 8.0, 1), False, Acquire()),
        (LeaseRecord("", 8.0, 1), False, Acquire()),
        (LeaseRecord(there=False), True, Acquire()),
        (LeaseRecord(there=False), False, StandBy(108.0)),
        (OTHER, True, StandBy(108.0)),
    ],
)
def test_the_rule(record: LeaseRecord, leading: bool, expected: object) -> None:
    assert decide(record, 100.0, 101.0, me="me", leading=leading, duration=8.0) == expected


@given(st.tuples(st.integers(0, 10**6 - 1), st.integers(0, 10**6 - 1)), st.integers(1, 10**8))
def test_tokens_rise_with_terms_and_with_leases(terms: tuple[int, int], later: int) -> None:
    first, second = sorted(terms)
    anew = datetime.fromtimestamp(BORN.timestamp() + later, UTC)
    assert token_of(BORN, first) <= token_of(BORN, second) < token_of(anew, 0) < 2**53


def look_all(leases: list[Lease]) -> None:
    for lease in leases:
        lease.attempt()


STEP = st.tuples(
    st.sampled_from("ABC"),
    st.one_of(st.floats(0, 3), st.floats(0, 12)),
    st.one_of(st.just(0.0), st.floats(0, 9)),
    st.one_of(st.just(0.0), st.floats(0, 9)),
    st.sampled_from(("", "", "", "request", "answer", "release", "resign", "remove")),
)


@given(
    st.tuples(st.floats(0.96, 1.05), st.floats(0.96, 1.05), st.floats(0.96, 1.05)),
    st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5), st.floats(-1e5, 1e5)),
    st.lists(STEP, max_size=40),
    st.booleans(),
)
def test_never_two_lead_and_tokens_rise(
    rates: tuple[float, ...],
    offsets: tuple[float, ...],
    steps: list[tuple[str, float, float, float, str]],
    there: bool,
) -> None:
    """Three candidates whose clocks run up to 10 % apart; requests are slow and get lost; some freeze."""
    world = World(spec={} if there else None)
    leases = {
        name: candidate(world, name, rate=rate, offset=offset)
        for name, rate, offset in zip("ABC", rates, offsets, strict=True)
    }
    tokens: dict[int, str] = {}

    def check() -> None:
        leading = {name: term for name, lease in leases.items() if (term := lease.term())}
        assert len(leading) <= 1
        for name, term in leading.items():
            assert term.token is not None
            assert tokens.setdefault(term.token, name) == name
            assert term.token == max(tokens)

    world.check = check
    for name, idle, before, after, event in steps:
        world.pass_time(idle)
        lease = leases[name]
        world.before, world.after, world.lost = before, after, event if event in ("request", "answer") else ""
        try:
            if event == "release":
                lease.release()
            elif event == "resign" and (term := lease.term()):
                lease.resign(term, 3.0)
            elif event == "remove":
                world.before = world.after = 0.0
                waiting = [each for each in leases.values() if not each.term()]
                look_all(waiting)  # whoever waits looks every two seconds
                world.remove()
                look_all(waiting)
            else:
                lease.attempt()
        except ClusterError:
            pass
        check()


@given(st.floats(0.95, 1.045), st.floats(0.95, 1.045), st.floats(0, 2))
def test_when_another_takes_over_the_silent_leader_has_stopped(one: float, other: float, slow: float) -> None:
    """The moment at which it matters: the other looks exactly when the lease is over by its clock."""
    world = World()
    silent, waiting = candidate(world, "silent", rate=one), candidate(world, "waiting", rate=other)
    world.after = slow
    silent.attempt()
    pause = waiting.attempt()
    while waiting.term() is None:
        world.pass_time(pause / other)
        pause = waiting.attempt()
        assert not (silent.term() and waiting.term())
    assert world.now < 12.0
