"""A gate's answer in words."""

from faultcast.reports.gate.evaluate import GateResult, RuleOutcome

__all__ = ["gate_headline"]


def gate_headline(result: GateResult) -> str:
    """The answer in one sentence: `gate closed: 2 rules are broken`."""
    failed = sum(one.outcome is RuleOutcome.FAILED for one in result.findings)
    unsure = sum(one.outcome is RuleOutcome.UNKNOWN for one in result.findings)
    if failed:
        return f"gate closed: {failed} finding{'s' if failed > 1 else ''} against it"
    if unsure:
        return f"gate closed: nobody can tell ({unsure} finding{'s' if unsure > 1 else ''})"
    return "gate open"
