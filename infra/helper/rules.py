"""Packet filter rules of one order, marked by a comment, so that they are found again by its id."""

import shlex
from collections.abc import Sequence

from .spaces import execute

__all__ = ["add", "deletions", "mark", "marked", "remove"]

_WAIT = "5"


def mark(order: str) -> str:
    """The comment of an order's rules."""
    return f"faultcast:{order}"


def add(order: str, rule: Sequence[str]) -> None:
    """Add one rule, given as arguments of `iptables`; raises TaskError."""
    execute(["iptables", "-w", _WAIT, *rule, "-m", "comment", "--comment", mark(order)])


def marked(order: str) -> int:
    """Number of the order's rules that are in place; raises TaskError."""
    return len(deletions(execute(["iptables-save"]), order))


def remove(order: str) -> None:
    """Delete all rules of the order; raises TaskError."""
    for command in deletions(execute(["iptables-save"]), order):
        execute(["iptables", "-w", _WAIT, *command])


def deletions(saved: str, order: str) -> list[list[str]]:
    """Arguments of `iptables` that delete the order's rules.

    Args:
        saved: What `iptables-save` printed.
        order: Id of the order.
    """
    commands: list[list[str]] = []
    table = "filter"
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith("-A "):
            words = shlex.split(line)
            if "--comment" in words and words[words.index("--comment") + 1] == mark(order):
                commands.append(["-t", table, "-D", *words[1:]])
    return commands
