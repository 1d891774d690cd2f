"""Which services a trial struck, told from the names of what its faults were applied to."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime

from faultcast.experiments.history import TrialHistory, place_of
from faultcast.steady_state.repeats import Judged
from faultcast.steady_state.score.ageing import Ageing
from faultcast.steady_state.score.scores import ResilienceScore
from faultcast.steady_state.score.trial import score_trial
from faultcast.steady_state.score.whole import score_whole

__all__ = ["score_services", "services_of"]

_RANDOM = "[bcdfghjklmnpqrstvwxz2456789]"
"""What Kubernetes makes the ends of generated names of: no vowels, nor digits that look like them."""

_GENERATED = re.compile(rf"^(?P<name>.+?)(-{_RANDOM}{{6,10}}-{_RANDOM}{{5}}|-{_RANDOM}{{5}}|-\d+)$")


def services_of(history: TrialHistory) -> tuple[str, ...]:
    """What a trial's faults were applied to, such as `shop/gateway`, or `node worker`.

    Example:
        >>> services_of(history)  # of a trial that killed pod shop/gateway-db78d964-kf6nx  # doctest: +SKIP
        ('shop/gateway',)
    """
    return tuple(sorted({_service(target) for one in history.injections for target in one.targets}))


def score_services(
    trials: Iterable[Judged],
    *,
    now: datetime,
    ageing: Ageing | None = None,
    services: Callable[[TrialHistory], Iterable[str]] = services_of,
) -> tuple[ResilienceScore, ...]:
    """A score for each service, by the trials that struck it.

    Args:
        trials: Trials with their verdicts.
        now: The present.
        ageing: What older results count.
        services: Which services a trial belongs to, such as by the labels of its blast radius.

    Returns:
        In order of their names.
    """
    struck: dict[str, list[Judged]] = {}
    for one in trials:
        for service in services(one[0]):
            struck.setdefault(service, []).append(one)
    return tuple(
        score_whole(name, [score_trial(*one) for one in group], now=now, ageing=ageing or Ageing())
        for name, group in sorted(struck.items())
    )


def _service(target: str) -> str:
    kind, namespace, name = place_of(target)
    if kind != "pod":
        return f"{namespace}/{name}" if namespace else target
    generated = _GENERATED.match(name)
    return f"{namespace}/{generated['name'] if generated else name}"
