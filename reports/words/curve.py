"""The resilience curve in words, for tables, Allure and the console."""

from faultcast.reports.words.verdict import recovery_words
from faultcast.steady_state.resilience import PodReturn, Resilience, Response
from faultcast.steady_state.wording import difference, quantity

__all__ = ["alert_words", "curve_words", "detection_words", "loss_words", "pods_words", "worst_words"]

_MULTIPLE, _NEXT_TO_NOTHING = 1000.0, 10_000.0
"""Percent from which on a share is told as a multiple, and not at all."""


def curve_words(curve: Resilience, unit: str, response: Response | None = None) -> str:
    """The curve in one sentence.

    As in `seen after 4 s, first alert after 31 s (ShopErrorsHigh); at worst 84 points above forecast; the
    same as 12.3 s at 100 %; back after 12 s`.

    Args:
        curve: The curve of a metric.
        unit: The metric's unit.
        response: How the monitoring answered; not told when None.
    """
    first = [detection_words(curve)]
    if response is not None:
        first.append(alert_words(response))
    parts = [", ".join(first)]
    if curve.detected is not None:
        parts += filter(None, [worst_words(curve, unit), loss_words(curve, unit)])
        if curve.recovery is not None:
            parts.append(recovery_words(curve.recovery))
    if curve.missing:
        parts.append(f"{curve.missing} of {curve.samples} samples missing")
    return "; ".join(parts)


def detection_words(curve: Resilience) -> str:
    """When the metric was seen to deviate: `seen after 4 s`."""
    if curve.detected is not None:
        return f"seen after {quantity(curve.detected, 's')}"
    if curve.looked is None:
        return "too little history to see anything"
    return f"not seen to deviate within {quantity(curve.looked, 's')}"


def alert_words(response: Response) -> str:
    """The first alert about the fault: `first alert after 31 s (ShopErrorsHigh)`, or that there was none."""
    if response.alert is not None:
        return f"first alert after {quantity(response.alert.seconds, 's')} ({response.alert.name})"
    return "no alert" if response.silent else "nobody looked for alerts"


def worst_words(curve: Resilience, unit: str) -> str:
    """How deep it fell: `at worst 0.84 ratio (84 points) above forecast`."""
    if curve.depth == 0:
        return "never off in the direction that hurts"
    size, side = abs(curve.depth), "above" if curve.depth > 0 else "below"
    share = "" if unit == "ratio" else _share(curve.depth_percent, "it")
    return f"at worst {difference(size, unit)} {side} forecast{f' ({share})' if share else ''}"


def loss_words(curve: Resilience, unit: str) -> str:
    """What was lost, or was too much, over time: `31.2 req lost, 41 % of normal`."""
    side, share = "too much" if curve.depth > 0 else "lost", _share(curve.area_percent, "normal")
    if unit == "ratio":  # shares summed over time are a length of time
        return f"the same as {quantity(curve.area, 's')} at 100 %"
    if not unit.endswith("/s"):  # nobody thinks in seconds times seconds, or in pods times seconds
        return f"{share} {side}" if share else ""
    words = f"{quantity(curve.area, unit.removesuffix('/s'))} {side}"
    return f"{words}, {share}" if share else words


def pods_words(pods: tuple[PodReturn, ...]) -> tuple[str, ...]:
    """A line for each pod that came back: `pod shop/gateway-abc: scheduled after 1 s, ready after 6 s`."""
    return tuple(f"{one.pod}: {', '.join(_steps(one))}" for one in pods)


def _steps(one: PodReturn) -> list[str]:
    steps = [] if one.scheduled is None else [f"scheduled after {quantity(one.scheduled, 's')}"]
    if one.ready is None:
        return [*steps, "not ready when the watch ended"]
    return [*steps, f"ready{'' if steps else ' again'} after {quantity(one.ready, 's')}"]


def _share(percent: float | None, of: str) -> str:
    """A share, such as `41 % of normal`; empty where nobody knows, or where normal is next to nothing."""
    if percent is None or percent >= _NEXT_TO_NOTHING:
        return ""
    if percent >= _MULTIPLE:
        return f"{quantity(percent / 100)} times {of}"
    return f"{quantity(percent, '%')} of {of}"
