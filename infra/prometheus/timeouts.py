"""How long Prometheus is given: to whoever can wait, and to whoever cannot."""

__all__ = ["HASTY", "PATIENT"]

PATIENT = (3.0, 15.0)
"""Seconds to connect, and seconds without an answer."""
HASTY = (1.0, 2.0)
"""The same for whoever asks while a fault is in place, which may have taken Prometheus away."""
