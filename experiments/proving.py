"""Proof that a fault landed: a number that moved on every target, and stayed where it was on every peer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from faultcast.experiments.fault import Plan
from faultcast.experiments.history import Curve, Proof
from faultcast.experiments.targets import Target
from faultcast.infra.errors import WaitTimeoutError
from faultcast.infra.waiting import Clock, Wait, wait_until

__all__ = ["Evidence", "Prover"]

_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """What must move.

    Attributes:
        what: Its name in reports, such as `CPU use`.
        unit: Unit of its values.
        read: Its present value for a target or a peer; None when it cannot be read.
        landed: Whether the fault shows, from the value before the injection and the present one.
        expected: What `landed` asks for, in words.
    """

    what: str
    unit: str
    read: Callable[[Target], float | None]
    landed: Callable[[float | None, float | None], bool]
    expected: str


class Prover:
    """Reads the evidence of one injection, from before it until it is proved.

    Args:
        plan: The injection; its targets and peers are read.
        evidence: What must move.
        clock: Time.
    """

    def __init__(self, plan: Plan, evidence: Evidence, clock: Clock) -> None:
        self._plan, self._evidence, self._clock = plan, evidence, clock
        self._start = clock.monotonic()
        self._points: dict[str, list[tuple[float, float | None]]] = {}
        self._before = {target.uid: self._read(target) for target in (*plan.targets, *plan.peers)}

    def injected(self) -> None:
        """The fault is being applied now: times are counted from here."""
        now = self._clock.monotonic()
        shift = now - self._start
        self._points = {
            uid: [(at - shift, value) for at, value in points] for uid, points in self._points.items()
        }
        self._start = now

    def prove(self, wait: Wait) -> Proof:
        """Look until the effect shows on every target, or the time is over; then judge the peers."""
        plan, evidence = self._plan, self._evidence

        def landed() -> bool:
            shown = [self._landed(target) for target in plan.targets]  # all are read, for their curves
            for peer in plan.peers:
                self._read(peer)
            return all(shown)

        after: float | None
        try:
            wait_until(
                f"{evidence.what} moves on {len(plan.targets)} targets", landed, wait, clock=self._clock
            )
            after = self._clock.monotonic() - self._start
        except WaitTimeoutError:
            after = None
        expected = "" if after is not None else f"; expected: {evidence.expected}"
        touched = [peer for peer in plan.peers if self._last_landed(peer)]
        return Proof(
            proved=after is not None and not touched and bool(plan.targets) and bool(plan.peers),
            target=self._sentence(plan.targets) + expected,
            peer=self._sentence(touched or plan.peers),
            after=after,
            curves=self._curves(),
        )

    def _read(self, subject: Target) -> float | None:
        value = self._evidence.read(subject)
        self._points.setdefault(subject.uid, []).append((self._clock.monotonic() - self._start, value))
        return value

    def _landed(self, target: Target) -> bool:
        return self._evidence.landed(self._before[target.uid], self._read(target))

    def _last_landed(self, subject: Target) -> bool:
        return self._evidence.landed(self._before[subject.uid], self._points[subject.uid][-1][1])

    def _sentence(self, subjects: Iterable[Target]) -> str:
        said = []
        for subject in subjects:
            now = self._points[subject.uid][-1][1]
            said.append(f"{subject} {_shown(self._before[subject.uid])} -> {_shown(now)}")
        unit = f" ({self._evidence.unit})" if self._evidence.unit else ""
        return f"{self._evidence.what}{unit}: {', '.join(said)}"

    def _curves(self) -> tuple[Curve, ...]:
        roles = [(target, "target") for target in self._plan.targets]
        roles += [(peer, "peer") for peer in self._plan.peers]
        return tuple(
            Curve(
                subject=str(subject),
                role="target" if role == "target" else "peer",
                what=self._evidence.what,
                unit=self._evidence.unit,
                points=tuple((round(at, _DIGITS), value) for at, value in self._points[subject.uid]),
            )
            for subject, role in roles
        )


def _shown(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.4g}"
