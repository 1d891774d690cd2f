from typing import Any

import pytest

from faultcast.experiments.fault import fault_of
from faultcast.experiments.loading.actions import Action, ActionSpan, actions_of, longest, schedule

NONE = "faultcast.experiments.faults.none"


def _step(duration: object, **how: Any) -> Action:
    return Action("s", fault_of(NONE), {"duration": duration}, **how)


@pytest.mark.parametrize(
    ("steps", "offsets"),
    [
        ((_step(10), _step(5)), [(0, 10), (10, 15)]),
        ((_step(10, pause_after=3), _step(5, pause_before=2)), [(0, 10), (15, 20)]),
        ((_step(10, background=True), _step(5)), [(0, 10), (0, 5)]),
        ((_step(10, background=True), _step(10, background=True, pause_before=4)), [(0, 10), (4, 14)]),
        (
            (_step(5), _step(20, background=True, pause_after=50), _step(5), _step(5)),
            [(0, 5), (5, 25), (5, 10), (10, 15)],
        ),
        ((_step("5s-10s"), _step(1)), [(0, 10), (10, 11)]),
        ((), []),
    ],
)
def test_a_schedule_is_chaos_toolkits_order(
    steps: tuple[Action, ...], offsets: list[tuple[float, float]]
) -> None:
    assert schedule(steps) == tuple(ActionSpan(*pair) for pair in offsets)


def test_the_length_counts_from_the_first_injection_to_the_end_of_the_last_fault() -> None:
    assert longest((_step(10, pause_before=5, background=True), _step(5, pause_before=20))) == 20
    assert longest(()) == 0


def test_steps_are_the_actions_of_a_method_with_their_pauses() -> None:
    provider = {"type": "python", "module": NONE, "func": "do_nothing", "arguments": {"duration": "5s"}}
    method: list[dict[str, Any]] = [
        {"type": "action", "name": "a", "provider": provider, "background": True},
        {"type": "probe", "name": "p", "provider": {}, "pauses": {"after": 2}},
        {"type": "action", "name": "b", "provider": {**provider, "arguments": None}, "pauses": {"before": 3}},
    ]
    first, second = actions_of(method)
    assert (first.name, first.fault.kind, first.background, first.raw) == (
        "a",
        "none",
        True,
        {"duration": "5s"},
    )
    assert (second.name, second.background, second.pause_before, second.raw) == ("b", False, 5.0, {})
