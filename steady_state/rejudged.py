"""What differs between two verdicts on the same trial."""

from collections.abc import Iterator

from faultcast.steady_state.verdict import MetricVerdict, Recovery, TrialVerdict

__all__ = ["differences"]


def differences(stored: TrialVerdict, fresh: TrialVerdict) -> tuple[str, ...]:
    """What a second judgement says differently: statuses, p-values, effects and recovery times.

    The same version of the judge with the same alpha differs in nothing, to the bit.

    Args:
        stored: The earlier verdict.
        fresh: The later one.

    Returns:
        One line for each difference, `what: before -> after`; empty when there is none.
    """
    return tuple(_differences(stored, fresh))


def _differences(stored: TrialVerdict, fresh: TrialVerdict) -> Iterator[str]:
    if stored.status != fresh.status:
        yield f"trial: {stored.status} -> {fresh.status}"
    before, after = _by_part(stored), _by_part(fresh)
    for metric, phase in dict.fromkeys((*before, *after)):
        old, new = before.get((metric, phase)), after.get((metric, phase))
        for name, was, now in zip(
            ("status", "p", "effect", "recovery"), _facts(old), _facts(new), strict=True
        ):
            if was != now:
                yield f"{metric} {phase} {name}: {was} -> {now}"


def _by_part(verdict: TrialVerdict) -> dict[tuple[str, str], MetricVerdict]:
    return {(part.metric, part.phase): part for part in verdict.metrics}


def _facts(part: MetricVerdict | None) -> tuple[str, str, str, str]:
    if part is None:
        return ("-", "-", "-", "-")
    verdict = part.verdict
    return (str(verdict.status), _exact(verdict.p_value), _exact(verdict.effect), _time(part.recovery))


def _exact(value: float | None) -> str:
    return "-" if value is None else repr(float(value))


def _time(recovery: Recovery | None) -> str:
    if recovery is None:
        return "-"
    return f"{'more than ' if recovery.censored else ''}{recovery.seconds:g} s"
