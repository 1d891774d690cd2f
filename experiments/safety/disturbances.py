"""When a cluster was disturbed: what later baselines must not learn from.

One append-only file for each cluster, kept between runs, so that a second run on the same cluster knows
the faults of the first and can use the quiet time between them.
"""

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from faultcast.experiments.history import Mask, Span

__all__ = ["Disturbances", "merge"]


class Disturbances:
    """The disturbed stretches of one cluster.

    Args:
        state_dir: State folder of Faultcast.
        identity: Identity of the cluster (UID of kube-system).
    """

    def __init__(self, state_dir: Path, identity: str) -> None:
        self._path = state_dir / "disturbances" / f"{identity}.jsonl"

    def add(self, mask: Mask) -> None:
        """Note one stretch; on disk when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(
            {
                "start": mask.span.start.isoformat(),
                "end": mask.span.end.isoformat(),
                "reason": mask.reason,
            }
        )
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def since(self, start: datetime) -> tuple[Mask, ...]:
        """All stretches that reach beyond `start`, in order; a line cut off by a crash is passed over."""
        if not self._path.exists():
            return ()
        masks = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue
            span = Span(datetime.fromisoformat(entry["start"]), datetime.fromisoformat(entry["end"]))
            if span.end > start:
                masks.append(Mask(span, entry["reason"]))
        return tuple(sorted(masks, key=lambda mask: mask.span.start))


def merge(masks: Iterable[Mask]) -> tuple[Span, ...]:
    """The stretches covered by any of the masks, in order and without overlap."""
    merged: list[Span] = []
    for span in sorted((mask.span for mask in masks), key=lambda span: span.start):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)
