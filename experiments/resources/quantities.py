"""Quantities as Kubernetes writes them."""

from decimal import Decimal
from typing import Any

__all__ = ["amount"]


def amount(quantity: str) -> float:
    """A quantity as Kubernetes writes it, such as `200m` or `96Mi`; 0 for an empty text, or none of these."""
    from kubernetes.utils.quantity import parse_quantity

    try:
        value: Decimal | Any = parse_quantity(quantity) if quantity else 0
    except (ValueError, ArithmeticError):
        return 0.0
    return float(value)
