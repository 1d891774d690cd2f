"""Proof that a fault landed: a number that moved on every target, and stayed where it was on every peer.

A number that cannot be read, be it of a target or of a peer, before or after, proves nothing.
"""

import math
from collections.abc import Iterable, Sequence

from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence
from faultcast.experiments.history import Curve, Proof
from faultcast.experiments.resources.targets import Target
from faultcast.infra.errors import FaultcastError, NotProvedError, WaitTimeoutError
from faultcast.infra.waiting import Clock, Wait, wait_until

__all__ = ["Prover"]

_MEASURING = Wait(30.0, 0.2)
_READING = Wait(5.0, 0.5)
"""Until a number that is measured can be read; short, because the effect's own time has begun."""
_DIGITS = 3


class Prover:
    """Reads the evidence of one injection, from before it until it is proved.

    It is made before the injection, and only when all that has to be compared can be read.

    Args:
        effect: The injection; its targets and peers are read.
        evidence: What must move.
        clock: Time.

    Raises:
        WaitTimeoutError: What measures did not begin to.
        NotProvedError: A target or a peer cannot be read, so that nothing could be proved.
    """

    def __init__(self, effect: Effect, evidence: Evidence, clock: Clock) -> None:
        self._effect, self._evidence, self._clock = effect, evidence, clock
        wait_until(f"{evidence.what} is measured", evidence.ready, _MEASURING, clock=clock)
        self._start = clock.monotonic()
        self._points: dict[str, list[tuple[float, float | None]]] = {}
        self._before = {} if evidence.nothing else self._first()

    def _first(self) -> dict[str, float]:
        """What everything is before the injection."""
        values: dict[str, float | None] = {}

        def all_read() -> bool:
            values.update({one.uid: self._read(one) for one in self._everything})
            return None not in values.values()

        try:
            wait_until(f"{self._evidence.what} can be read", all_read, _READING, clock=self._clock)
        except WaitTimeoutError as error:
            unread = ", ".join(str(one) for one in self._everything if values[one.uid] is None)
            message = f"{self._evidence.what} of {unread} cannot be read, so nothing could be proved"
            remedy = "see why not, or choose other targets and peers; nothing was injected"
            raise NotProvedError(message, remedy=remedy) from error
        return {uid: value for uid, value in values.items() if value is not None}

    @property
    def _everything(self) -> Sequence[Target]:
        return (*self._effect.targets, *self._effect.peers)

    @property
    def effect(self) -> Effect:
        """The injection."""
        return self._effect

    def injected(self, now: float) -> None:
        """Say when the fault was applied, on the clock: times are counted from there."""
        shift = now - self._start
        self._points = {
            uid: [(at - shift, value) for at, value in points] for uid, points in self._points.items()
        }
        self._start = now

    def prove(self, wait: Wait) -> Proof:
        """Look until the effect shows on every target, or the time is over; then judge the peers."""
        effect, evidence = self._effect, self._evidence

        def landed() -> bool:
            values = {one.uid: self._read(one) for one in self._everything}  # all are read, for their curves
            compared = evidence.nothing or None not in values.values()
            return compared and all(self._shows(target) for target in effect.targets)

        after: float | None
        try:
            wait_until(
                f"{evidence.what} moves on {len(effect.targets)} targets", landed, wait, clock=self._clock
            )
            after = self._clock.monotonic() - self._start
        except WaitTimeoutError:
            after = None
        expected = "" if after is not None else f"; expected: {evidence.expected}"
        touched = [peer for peer in effect.peers if self._shows(peer)]
        return Proof(
            proved=after is not None and not touched and self._somebody_looked,
            target=self._sentence(effect.targets) + expected,
            peer=self._sentence(touched or effect.peers),
            after=after,
            curves=self._curves(),
        )

    def watch(self) -> tuple[Curve, ...]:
        """Read everything once more while the fault is kept up, and give all that was read.

        What cannot be read then, be it for the fault's own sake, is a gap in the curve.
        """
        for subject in self._everything:
            try:
                self._read(subject)
            except FaultcastError:
                self._note(subject, None)
        return self._curves()

    @property
    def _somebody_looked(self) -> bool:
        return self._evidence.nothing or bool(self._effect.targets and self._effect.peers)

    def _read(self, subject: Target) -> float | None:
        return self._note(subject, self._evidence.read(subject))

    def _note(self, subject: Target, value: float | None) -> float | None:
        known = value if value is not None and math.isfinite(value) else None
        self._points.setdefault(subject.uid, []).append((self._clock.monotonic() - self._start, known))
        return known

    def _shows(self, subject: Target) -> bool:
        """Whether the effect shows on it, by what was read last; never where nothing could be read."""
        before, now = self._before.get(subject.uid), self._points[subject.uid][-1][1]
        return before is not None and now is not None and self._evidence.landed(before, now)

    def _sentence(self, subjects: Iterable[Target]) -> str:
        if self._evidence.nothing:
            return self._evidence.what
        said = []
        for subject in subjects:
            now = self._points[subject.uid][-1][1]
            said.append(f"{subject} {self._shown(self._before.get(subject.uid))} -> {self._shown(now)}")
        unit = f" ({self._evidence.unit})" if self._evidence.unit else ""
        return f"{self._evidence.what}{unit}: {', '.join(said)}"

    def _curves(self) -> tuple[Curve, ...]:
        roles = [(target, "target") for target in self._effect.targets]
        roles += [(peer, "peer") for peer in self._effect.peers]
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

    def _shown(self, value: float | None) -> str:
        if value is None:
            return "(could not be read)"
        return self._evidence.words(value) if self._evidence.words is not None else f"{value:.4g}"
