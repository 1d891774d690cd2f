"""What every way to say who leads owes; what it relies on in an API server is in `tests.contract.lease`."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pytest

from faultcast.infra.errors import ClusterError
from faultcast.infra.leadership.leadership import Leadership, Term

__all__ = ["check_failing_leadership", "check_leadership", "check_rivals"]


def check_leadership(one: Leadership, asked: Callable[[], int]) -> None:
    """What one owes that has no rival, or whose rivals do not stand.

    Args:
        one: It has not stood yet, and nobody leads.
        asked: How many requests it has sent.
    """
    assert one.holder
    first = _stand(one)
    begun = one.transitions
    assert begun >= 1, "its own term has begun"
    with pytest.raises(FrozenInstanceError):
        first.token = 0  # type: ignore[misc]
    for _ in range(3):
        assert _stand(one) == first, "a renewal is no new term"
    assert one.transitions == begun

    before = asked()
    assert (one.term(), one.leader, one.transitions) == (first, one.holder, begun)
    assert asked() == before, "these may be called from any thread, at any time: they ask nobody"

    for _ in range(2):
        one.release()
        assert one.term() is None
        assert one.leader == ""
        assert one.transitions == begun, "an end is no beginning"
    second = _stand(one)
    assert one.transitions == begun + 1
    _larger(second, first)
    one.release()


def check_rivals(one: Leadership, other: Leadership, pass_time: Callable[[float], None]) -> None:
    """What two owe that stand for the same.

    Args:
        one: It has not stood yet, and nobody leads.
        other: Nor has this.
        pass_time: Lets seconds pass, for both.
    """
    first = _stand(one)
    assert other.attempt() > 0
    assert (other.term(), other.leader, other.transitions) == (None, one.holder, one.transitions)
    other.release()
    one.attempt()
    assert one.term() == first, "nobody gives up what another holds"

    one.resign(first, 5.0)
    assert one.term() is None
    for _ in range(2):
        assert 0 < one.attempt() <= 5.0
        assert (one.term(), one.leader) == (None, ""), "who resigned does not stand, and leaves the seat free"
    second = _stand(other)
    _larger(second, first)
    pass_time(5.0)
    one.attempt()
    assert (one.term(), one.leader) == (None, other.holder)
    other.release()
    _larger(_stand(one), second)
    one.release()


def check_failing_leadership(one: Leadership, fail: Callable[[bool], None]) -> None:
    """What one owes whose requests fail.

    Args:
        one: It has not stood yet, and nobody leads.
        fail: Lets requests fail from now on, or succeed again.
    """
    fail(True)
    with pytest.raises(ClusterError) as refused:
        one.attempt()
    assert refused.value.remedy
    assert one.term() is None
    fail(False)
    term = _stand(one)
    fail(True)
    with pytest.raises(ClusterError):
        one.attempt()
    assert one.term() == term, "one renewal that fails is not the end of the term"
    with pytest.raises(ClusterError) as kept:
        one.release()
    assert kept.value.remedy
    assert one.term() is None, "whoever gave up does not lead, whether anybody heard of it or not"


def _stand(one: Leadership) -> Term:
    assert one.attempt() > 0, "seconds until the next attempt"
    term = one.term()
    assert term is not None
    assert one.leader == one.holder
    return term


def _larger(later: Term, earlier: Term) -> None:
    """Tokens grow from term to term; where there is nobody else there are none."""
    if earlier.token is None:
        assert later.token is None
    else:
        assert later.token is not None
        assert later.token > earlier.token
