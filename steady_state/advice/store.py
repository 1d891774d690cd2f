"""Advice on disk: `advice.json` in the trial's folder, and each patch as a file that kubectl takes."""

from pathlib import Path

from pydantic import TypeAdapter

from faultcast.infra.documents import load_document, save_document
from faultcast.infra.redaction import redacted
from faultcast.steady_state.advice.advice import Advice

__all__ = ["load_advice", "patch_file", "save_advice"]

_FILE = "advice.json"
_PATCHES = "advice"
_ADAPTER = TypeAdapter(tuple[Advice, ...])


def save_advice(folder: Path, found: tuple[Advice, ...]) -> None:
    """Write advice into a trial's folder; earlier advice is replaced.

    Args:
        folder: The trial's folder.
        found: The advice, the most important first.
    """
    for old in (folder / _PATCHES).glob("*.yaml"):
        old.unlink()
    for number, advice in enumerate(found, start=1):
        if advice.change.patch:
            path = folder / patch_file(number, advice)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(redacted(advice.change.patch))
    save_document(folder / _FILE, _ADAPTER, found)


def patch_file(number: int, advice: Advice) -> str:
    """Where the patch of a piece of advice lies below the trial's folder.

    Args:
        number: Its place in the order of importance, from 1.
        advice: The advice.
    """
    return f"{_PATCHES}/{number}-{advice.rule}.yaml"


def load_advice(folder: Path) -> tuple[Advice, ...]:
    """Read advice back; a trial that has none gives nothing.

    Raises:
        FaultcastError: The file is broken.
    """
    if not (folder / _FILE).exists():
        return ()
    remedy = f"derive it again: faultcast rejudge --save {folder}"
    return load_document(folder / _FILE, _ADAPTER, missing="there is none", remedy=remedy, mend=remedy)
