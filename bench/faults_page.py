"""What docs/faults.md says of each fault, written from the code into the page: `python bench/faults_page.py`.

In the table of all kinds: rights, and what proves each. In the section of a kind: its module and functions,
how it acts, what is put back, what is whole again, its arguments. All else on the page is written by hand:
of a section, what stands before its module.
"""

import inspect
import re
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic.fields import FieldInfo

from faultcast.experiments.bases.helper import HelperFault
from faultcast.experiments.bases.machine import MachineFault
from faultcast.experiments.bases.patch import PatchFault
from faultcast.experiments.bases.pod import PodArguments
from faultcast.experiments.fault import Fault, FaultArguments, faults
from faultcast.experiments.resources.permissions import workload_rights
from faultcast.infra.durations import duration_seconds
from tests.contract.samples import NODE, POD, SAMPLES
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install

PAGE = Path(__file__).parents[1] / "docs" / "faults.md"
_MEANS = (
    (HelperFault, "helper pods on the nodes of the targets"),
    (PatchFault, "changes of objects by the Kubernetes API, that the keeper takes back if need be"),
    (MachineFault, "the node control of the provider, with a guard process beside the cluster"),
)
_TYPES = {int: "integer", float: "number", str: "text"}


def drawn(page: str) -> str:
    """The page with all that comes from the code renewed.

    Args:
        page: The whole page; every kind has a row and a section with its name as heading.

    Raises:
        ValueError: A kind has none: write a row and a sentence or two first.
    """
    page = _table(page, "### Which pods can be chosen", PodArguments, FaultArguments)
    page = _table(page, "A number may be a range", FaultArguments)
    for fault in faults():
        rights, proof = rights_of(fault), _said(fault, "evidence")
        row = rf"^(\| \[`{fault.kind}`\]\(#{fault.kind}\) \|[^|]*)\|[^|]*\|[^|]*\|"
        section = rf"^(### {fault.kind}\n(?:(?!#|    module:).*\n)*)(?:(?!#).*(?:\n|\Z))*"
        for pattern, text in ((row, f"| {rights} | {proof} |"), (section, f"{_facts(fault)}\n\n")):
            page, times = re.subn(pattern, rf"\g<1>{_literal(text)}", page, flags=re.MULTILINE)
            if times != 1:
                message = f"docs/faults.md has no row or no section of {fault.kind}"
                raise ValueError(message)
    return page.rstrip("\n") + "\n"


def _literal(text: str) -> str:
    """A text as `re.sub` takes it."""
    return text.replace("\\", r"\\")


def rights_of(fault: Fault[Any]) -> str:
    """What it needs beyond helper pods and a look at workloads, planned on the cluster of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        api = FakeApi()
        install(patch, {HOST: api})
        patch.setattr(socket, "create_connection", api.nodes.dial)
        api.install_stack()
        given = SAMPLES[fault.kind]
        arguments = fault.arguments.model_validate(given)
        plan = fault.plan(api.access(), arguments, Random(1), "")  # noqa: S311 - reproducible on purpose
    looks = {(one.group, one.resource) for one in workload_rights("")}
    needed = [
        str(right)
        for right in plan.permissions
        if (right.group, right.resource) not in looks or {*right.verbs} - {"get", "list"}
    ]
    text = "; ".join(needed) or ("helper pods only" if isinstance(fault, HelperFault) else "none")
    own = {
        f" in {POD['namespace']}": " in the namespace of the pods",
        " in the whole cluster": "",
        f"({NODE['node']})": "(the node)",
        f"({given.get('component')})": "(the component)",
    }
    for sample, meant in own.items():
        text = text.replace(sample, meant)
    return text


def _facts(fault: Fault[Any]) -> str:
    means = next(
        (words for means, words in _MEANS if isinstance(fault, means)), "calls of the Kubernetes API"
    )
    undone = _said(fault, "undo") if type(fault).undo is not Fault.undo else "Nothing can be, or has to be"
    back = f"          # rollback: {fault.rollback}" if fault.rollback else ""
    shared = FaultArguments, *((PodArguments,) if issubclass(fault.arguments, PodArguments) else ())
    facts = ("acts by", means), ("put back", undone), ("whole again", _said(fault, "whole"))
    lines = [f"    module: {fault.module}", f"    func: {fault.action}{back}", ""]
    if not fault.harmless:
        lines += ["| fact | |", "|---|---|", *(f"| {name} | {text} |" for name, text in facts), ""]
    return "\n".join((*lines, *_arguments(fault.arguments, *shared))).rstrip("\n")


def _said(fault: Fault[Any], method: str) -> str:
    """The first sentence that the method says of itself."""
    text = inspect.getdoc(getattr(fault, method)) or ""
    return " ".join(text.partition("\n\n")[0].split()).removesuffix(".")


def _table(page: str, before: str, model: type[FaultArguments], *but: type[FaultArguments]) -> str:
    """Renew the last table of arguments before some words."""
    head, _, rest = page.partition(before)
    start = head.rindex("| argument |")
    return (
        head[:start] + "\n".join(_arguments(model, *but)) + head[head.index("\n\n", start) :] + before + rest
    )


def _arguments(model: type[FaultArguments], *but: type[FaultArguments]) -> Iterator[str]:
    """A table of the arguments that are not of some other models."""
    known = {name for one in but for name in one.model_fields}
    fields = {name: one for name, one in model.model_fields.items() if name not in known}
    yield from ("| argument | what it says | value | default |", "|---|---|---|---|") if fields else ()
    for name, one in fields.items():
        yield f"| `{name}` | {one.description} | {_value(one)} | {_default(one)} |"


def _default(one: FieldInfo) -> str:
    if one.is_required():
        return ""
    if one.default in (None, ""):
        return "none"
    return f"`{one.default:g}`" if isinstance(one.default, int | float) else f"`{one.default}`"


def _value(one: FieldInfo) -> str:
    """Its type and its range, in words."""
    inner = [kind for kind in get_args(one.annotation) if kind is not type(None)]
    if get_origin(one.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in inner)
    if get_origin(one.annotation) is tuple:
        return f"list of texts{_range(one.metadata, 'min_length', 'max_length')}"
    items = [*one.metadata, *(item for kind in inner for item in getattr(kind, "__metadata__", ()))]
    if any(getattr(item, "func", None) is duration_seconds for item in items):
        return f"duration{_range(items, 'ge', 'le', ' s')}"
    return f"{_TYPES.get((inner or [one.annotation])[0], 'text')}{_range(items, 'ge', 'le')}"


def _range(items: Iterable[object], least: str, most: str, unit: str = "") -> str:
    words = {"gt": "above", least: "from", most: "to"}
    found = [
        f"{word} {getattr(item, name):.9g}"
        for name, word in words.items()
        for item in items
        if hasattr(item, name)
    ]
    return f", {' '.join(found)}{unit}" if found else ""


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
