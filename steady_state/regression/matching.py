"""Which trials of an experiment can be compared: those that asked the same, and were judged the same way."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from faultcast.steady_state.repeats import Judged, usable

__all__ = ["Matched", "matched"]

type _Terms = tuple[str, str, str, str, str]

_SAID = (
    "the experiment file",
    "the metrics",
    "the step between samples",
    "the judge",
    "the judge's alpha",
)
"""What has to be the same, in the order of `_terms`."""

_REJUDGE = "judge both again: faultcast rejudge runs/<run> --save"
_REPEAT = "repeat the earlier trials with the later file"


@dataclass(frozen=True, slots=True)
class Matched:
    """The trials that are compared.

    Attributes:
        before: The earlier ones.
        after: The later ones.
        left_out: Why others are not, a sentence each.
        notes: What differs without forbidding it, a sentence each.
    """

    before: tuple[Judged, ...]
    after: tuple[Judged, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def matched(before: Sequence[Judged], after: Sequence[Judged]) -> Matched:
    """Choose the trials of one experiment that can be compared.

    Their faults have to be proved. Of several versions of the experiment, those that both sides have most
    trials of are taken.

    Args:
        before: The earlier trials.
        after: The later ones.
    """
    left_out = []
    fit: list[list[Judged]] = []
    for words, side in (("earlier", before), ("later", after)):
        fit.append([one for one in side if usable(*one)])
        if lost := len(side) - len(fit[-1]):
            why = "not completed, without a proved fault, or without a steady state before it"
            left_out.append(f"{lost} of {len(side)} {words} trials: {why}")
    earlier, later = fit
    terms = _common(earlier, later)
    if terms is None:
        if earlier and later:
            left_out.append(_changed(_terms(earlier[-1]), _terms(later[-1])))
        return Matched((), (), tuple(left_out), ())
    same = [[one for one in side if _terms(one) == terms] for side in (earlier, later)]
    for words, side, kept in zip(("earlier", "later"), (earlier, later), same, strict=True):
        if len(kept) < len(side):
            other = next(_terms(one) for one in reversed(side) if _terms(one) != terms)
            count = f"{len(side) - len(kept)} of {len(side)} {words} trials"
            left_out.append(f"{count}: {_changed(other, terms)}")
    return Matched(tuple(same[0]), tuple(same[1]), tuple(left_out), _notes(*same))


def _terms(trial: Judged) -> _Terms:
    history, verdict = trial
    metrics = "\n".join(spec.model_dump_json() for spec in history.metrics)
    return history.digest, metrics, f"{history.step:g} s", verdict.judge, f"{verdict.alpha:g}"


def _common(before: Sequence[Judged], after: Sequence[Judged]) -> _Terms | None:
    """What most trials on both sides have in common."""
    earlier, later = (Counter(map(_terms, side)) for side in (before, after))
    both = [(min(earlier[terms], later[terms]), terms) for terms in earlier if terms in later]
    return max(both)[1] if both else None


def _changed(first: _Terms, second: _Terms) -> str:
    """What is not the same, and what to do about it."""
    changed = [words for words, one, other in zip(_SAID, first, second, strict=True) if one != other]
    what = ", ".join(_differing(words, first, second) for words in changed)
    remedy = _REJUDGE if set(changed) <= {_SAID[3], _SAID[4]} else _REPEAT
    return f"{what}; {remedy}"


def _differing(words: str, first: _Terms, second: _Terms) -> str:
    place = _SAID.index(words)
    if place == 0:
        return f"{words} has changed ({first[0][:8]}, {second[0][:8]})"
    if place == 1:
        return f"{words} have changed"
    return f"{words} differs ({first[place]}, {second[place]})"


def _notes(before: Sequence[Judged], after: Sequence[Judged]) -> tuple[str, ...]:
    clusters = [{history.cluster for history, _ in side} for side in (before, after)]
    if clusters[0] == clusters[1]:
        return ()
    return ("not the same cluster on both sides: what differs may be the cluster, or its machine",)
