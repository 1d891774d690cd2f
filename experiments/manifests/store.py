"""The facts around a trial on disk: `facts.json` in the trial's folder."""

from pathlib import Path

from pydantic import TypeAdapter

from faultcast.experiments.manifests.facts import TrialFacts
from faultcast.infra.documents import load_document, save_document

__all__ = ["load_facts", "save_facts"]

_FILE = "facts.json"
_ADAPTER = TypeAdapter(TrialFacts)


def save_facts(folder: Path, facts: TrialFacts) -> None:
    """Write the facts into a trial's folder, atomically.

    Args:
        folder: The trial's folder; made when missing.
        facts: What was read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_document(folder / _FILE, _ADAPTER, facts)


def load_facts(folder: Path) -> TrialFacts:
    """Read the facts back; a trial without any, as earlier versions left it, gives empty ones.

    Raises:
        FaultcastError: The file is broken.
    """
    if not (folder / _FILE).exists():
        return TrialFacts()
    return load_document(folder / _FILE, _ADAPTER, missing="there are no facts", remedy="run the trial again")
