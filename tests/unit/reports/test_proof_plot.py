from dataclasses import replace
from pathlib import Path

import pytest

from faultcast.experiments.history import Curve, Proof, load_series
from faultcast.reports.pictures.trial import draw_trial
from faultcast.steady_state.verdict import Status
from tests.factories import make_history, make_record
from tests.unit.reports.test_plots import words

pytestmark = pytest.mark.slow

CURVES = (
    Curve("pod shop/a", "target", "CPU use", "cores", ((-1.0, 0.01), (2.0, 0.2), (4.0, None), (6.0, 0.24))),
    Curve("pod shop/b", "peer", "CPU use", "cores", ((-1.0, 0.01), (2.0, 0.01), (4.0, 0.01), (6.0, 0.01))),
)


def drawn(tmp_path: Path, proof: Proof) -> str:
    record = make_record(tmp_path, Status.HELD)
    injection = replace(record.history.injections[0], proof=proof)
    history = replace(record.history, injections=(injection,), metrics=record.history.metrics[:1])
    paths = draw_trial(tmp_path, history, record.verdict, load_series(tmp_path))
    assert [path.name for path in paths[2:4]] == ["proof.png", "proof.svg"]
    return words(paths[3])


def test_targets_and_peers_of_a_proof_are_drawn_with_when_it_was_seen(tmp_path: Path) -> None:
    text = drawn(tmp_path, Proof(True, "up", "flat", 3.2, CURVES))
    for word in ("pod-delete: proved after 3.2 s", "CPU use [cores]", "target", "peer", "seconds since"):
        assert word in text, word


def test_a_proof_that_failed_says_why(tmp_path: Path) -> None:
    assert "pod-delete: not seen in time" in drawn(tmp_path / "a", Proof(False, "", "", None, CURVES))
    assert "seen after 3.2 s, but on a peer too" in drawn(tmp_path / "b", Proof(False, "", "", 3.2, CURVES))


def test_a_proof_without_curves_has_no_picture(tmp_path: Path) -> None:
    record = make_record(tmp_path, Status.HELD)
    history = replace(make_history(Status.HELD), metrics=record.history.metrics[:1])
    paths = draw_trial(tmp_path, history, record.verdict, load_series(tmp_path))
    assert not [path for path in paths if path.stem == "proof"]
