from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from faultcast.experiments.disturbances import Disturbances
from faultcast.fixtures.settling import SETTLING, bring_up, note_bring_up

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def pods(*ready: datetime | None) -> SimpleNamespace:
    def pod(at: datetime | None) -> SimpleNamespace:
        condition = SimpleNamespace(
            type="Ready", status="True" if at else "False", last_transition_time=at or NOON
        )
        return SimpleNamespace(status=SimpleNamespace(conditions=[condition]))

    return SimpleNamespace(items=[pod(at) for at in ready])


def test_the_youngest_ready_pod_ends_the_bring_up() -> None:
    mask = bring_up(pods(NOON, NOON + timedelta(seconds=30), None))
    assert mask
    assert mask.span.end == NOON + timedelta(seconds=30) + SETTLING


def test_without_a_ready_pod_there_is_nothing_to_note() -> None:
    assert bring_up(pods(None)) is None


def test_only_the_first_run_notes_the_bring_up(tmp_path: Path) -> None:
    disturbances = Disturbances(tmp_path, "uid")
    note_bring_up(disturbances, pods(NOON))
    note_bring_up(disturbances, pods(NOON + timedelta(hours=1)))
    (mask,) = disturbances.since(NOON)
    assert mask.span.end == NOON + SETTLING
