"""The picture of a trial's proofs: what moved on the targets of each fault, and stayed on their peers."""

from typing import Any

from faultcast.experiments.history import Curve, Injection, Proof, TrialHistory
from faultcast.reports.pictures.canvas import figure_of, heading, legend, mark, scale

__all__ = ["proof_figure"]

_TARGET, _PEER, _INJECTED = "#D55E00", "#0072B2", "#6f6f6f"


def proof_figure(history: TrialHistory) -> Any | None:
    """One panel for each injection, seconds from the injection on the x axis; None when there is no curve."""
    shown = [each for each in history.injections if each.proof is not None and each.proof.curves]
    if not shown:
        return None
    figure, panels = figure_of(len(shown), height=1.2 + 2.2 * len(shown))
    for axes, injection in zip(panels, shown, strict=True):
        _panel(axes, injection)
    panels[-1].set_xlabel("seconds since the injection")
    heading(figure, f"{history.experiment}: proof of the faults")
    legend(figure, panels)
    return figure


def _panel(axes: Any, injection: Injection) -> None:
    proof = injection.proof
    assert proof is not None  # noqa: S101 - only such injections are drawn
    curves = proof.curves
    for role, colour, style in (("peer", _PEER, (0, (4, 2))), ("target", _TARGET, "solid")):
        for number, curve in enumerate(one for one in curves if one.role == role):
            x, y = _points(curve)
            axes.plot(
                x, y, color=colour, linestyle=style, linewidth=1.3, marker=".", markersize=3.5,
                label=role if number == 0 else None, zorder=4 if role == "target" else 3,
            )  # fmt: skip
    mark(axes, 0.0, "injected", _INJECTED, "solid", left=True)
    if proof.after is not None:
        mark(axes, proof.after, "proved", _TARGET, ":")
    scale(axes, curves[0].what, curves[0].unit)
    axes.set_title(f"{injection.fault}: {_said(proof)}", loc="left", fontsize=9.0)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(y=0.12)


def _said(proof: Proof) -> str:
    if proof.after is None:
        return "not seen in time"
    if not proof.proved:
        return f"seen after {proof.after:.1f} s, but on a peer too"
    return f"proved after {proof.after:.1f} s"


def _points(curve: Curve) -> tuple[list[float], list[float]]:
    """The points of a curve, with a break where nothing could be read."""
    x = [at for at, _ in curve.points]
    return x, [float("nan") if value is None else value for _, value in curve.points]
