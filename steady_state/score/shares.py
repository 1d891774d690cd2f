"""How much of a metric was lost, as a share from 0 to 1, whatever its unit and level.

A loss is set against what it was a loss of: a rate that fell to half, and a latency that doubled, both have a
share of one half. A ratio, such as that of errors, already is a share. Where next to nothing was expected,
any number would be many times that; so the level is at least the smallest effect that matters.
"""

__all__ = ["late_share", "lost_share"]


def lost_share(size: float, level: float, *, above: bool, ratio: bool) -> float:
    """The share that a deviation is.

    Args:
        size: How far it was off, in the metric's unit; at least 0.
        level: What was expected, or the smallest effect that matters where that is more; at least 0.
        above: Whether it was above what was expected: then the excess is divided by what was measured.
        ratio: Whether the metric is a ratio, and its size a share already.

    Returns:
        0 to 1; it never falls when `size` grows.

    Example:
        >>> lost_share(5.0, 20.0, above=False, ratio=False)
        0.25
        >>> lost_share(0.2, 0.2, above=True, ratio=False)
        0.5
    """
    if size <= 0:
        return 0.0
    if ratio:
        return min(1.0, size)
    if level <= 0:
        return 1.0
    return size / (size + level) if above else min(1.0, size / level)


def late_share(seconds: float, allowed: float) -> float:
    """The share that a time of recovery costs: half at the time allowed, everything at twice that.

    Args:
        seconds: How long it took.
        allowed: How long it was allowed to take.

    Example:
        >>> late_share(15.0, 60.0)
        0.125
    """
    if seconds <= 0:
        return 0.0
    return min(1.0, seconds / (2 * allowed)) if allowed > 0 else 1.0
