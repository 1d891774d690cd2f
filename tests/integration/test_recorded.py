"""What earlier versions left is still read, and judged as it was, to the bit."""

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from faultcast.experiments.fault import checked_arguments, fault_of, faults
from faultcast.experiments.history import load_trial
from faultcast.experiments.safety.ledger import entry_from, entry_text
from faultcast.infra.database import DatabaseAccess
from faultcast.reports.database import connect, migrate
from faultcast.reports.sinks.rows import write
from faultcast.reports.tables import TrialRow
from faultcast.steady_state.compare import differences
from faultcast.steady_state.store import load_verdict
from faultcast.steady_state.trial import judge_trial
from tests.integration.conftest import MariaDb

pytestmark = pytest.mark.integration

RECORDED = Path(__file__).parents[1] / "recorded"
LEDGER: dict[str, dict[str, Any]] = json.loads((RECORDED / "ledger.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("trial", sorted((RECORDED / "trials").iterdir()), ids=lambda path: path.name)
def test_a_recorded_trial_is_judged_as_it_was(trial: Path) -> None:
    history, series = load_trial(trial)
    stored = load_verdict(trial)
    fresh = judge_trial(history, series, alpha=stored.alpha)
    assert differences(stored, fresh) == ()
    assert _figures(fresh) == _figures(stored)


def _figures(found: Any) -> Any:
    """A verdict but for its sentences, whose words may get better."""
    if is_dataclass(found):
        told = (field.name for field in fields(found) if field.compare and field.name != "reasons")
        return {name: _figures(getattr(found, name)) for name in told}
    return tuple(map(_figures, found)) if isinstance(found, tuple) else found


def test_every_kind_that_acts_has_an_entry() -> None:
    assert {fault.kind for fault in faults() if not fault.harmless} == set(LEDGER)


@pytest.mark.parametrize("kind", LEDGER)
def test_an_entry_of_the_ledger_is_read_and_can_be_reverted(kind: str) -> None:
    entry = entry_from(json.dumps(LEDGER[kind]))
    assert entry is not None
    assert json.loads(entry_text(entry)) == LEDGER[kind]
    fault = fault_of(entry.module)
    assert fault.kind == kind
    assert checked_arguments(fault, entry.arguments).duration == 12.0
    assert entry.effect.targets


def test_rows_that_waited_reach_the_database_of_today(mariadb: MariaDb) -> None:
    access: DatabaseAccess = mariadb.writer
    migrate(access)
    with connect(access) as connection:
        for rows in json.loads((RECORDED / "rows.json").read_text(encoding="utf-8")):
            write(connection, rows)
    with connect(access) as connection:
        found = connection.execute(
            select(TrialRow.status, TrialRow.known_weakness, TrialRow.known_blindness)
        ).one()
    assert tuple(found) == ("DEVIATED", "the store has one replica on purpose", None)
