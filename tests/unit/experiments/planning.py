"""A fault planned on a fake cluster, as a preview does it."""

from collections.abc import Mapping
from random import Random
from typing import Any

from faultcast.experiments.fault import Fault, Plan
from faultcast.experiments.resources.access import Access

__all__ = ["planned"]


def planned(access: Access, fault: Fault[Any], arguments: Mapping[str, Any], *, peer: str = "") -> Plan:
    return fault.plan(access, fault.arguments.model_validate(dict(arguments)), Random(7), peer)  # noqa: S311
