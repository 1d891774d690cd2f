from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from faultcast.cli import experiments as commands
from faultcast.experiments.safety.heal import Healed
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import ExperimentError
from tests.fakeapi import FakeApi
from tests.fakekube import IDENTITY

type WriteExperiment = Callable[..., Path]

CATALOG = Path(__file__).parents[3] / "experiments" / "catalog"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, api: FakeApi, cluster: Cluster) -> typer.Typer:
    monkeypatch.setattr(commands, "cluster_of", lambda *_: cluster)
    monkeypatch.setattr("faultcast.infra.kube.client.connect", lambda *_: api.kube())
    application = typer.Typer()
    commands.register(application)
    return application


def test_validate_names_every_sound_file(app: typer.Typer) -> None:
    done = CliRunner().invoke(app, ["validate", str(CATALOG)])
    assert done.exit_code == 0
    assert [path for path in CATALOG.glob("*.yaml") if f"{path}: fine" not in done.output] == []


def test_validate_reports_the_problems_of_all_files_together(app: typer.Typer, tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("title: [\n")
    done = CliRunner().invoke(app, ["validate", str(tmp_path)])
    assert isinstance(done.exception, ExperimentError)
    assert [line.split(":")[0] for line in done.exception.what.splitlines()] == [
        str(tmp_path / "a.yaml"),
        str(tmp_path / "b.yaml"),
    ]


def test_preview_shows_all_and_writes_nothing(app: typer.Typer, api: FakeApi) -> None:
    done = CliRunner().invoke(app, ["preview", str(CATALOG / "gateway-pod-delete.yaml"), "--seed", "3"])
    assert done.exit_code == 0, done.output
    for part in (
        f"{IDENTITY}, seed 3",
        "targets      pod shop/gateway-",
        "peers        pod shop/gateway-",
        "actions      delete pod",
        "once within 30 s",
        "pods: get, list, delete in shop",
    ):
        assert part in done.output
    assert "REFUSED" not in done.output
    assert api.writes == []


def test_preview_ends_with_1_when_anything_would_be_refused(
    app: typer.Typer, write_experiment: WriteExperiment
) -> None:
    done = CliRunner().invoke(app, ["preview", str(CATALOG), str(write_experiment(arguments={"count": 2}))])
    assert done.exit_code == 1
    assert done.output.count("REFUSED") >= 1
    assert "[blast_radius.most] 2 of 2 would be touched; allowed are 1 (50%)" in done.output
    assert "what to do: choose fewer targets, or raise most" in done.output


@pytest.mark.parametrize(
    ("report", "code", "text"),
    [
        ([], 0, "nothing to heal"),
        ([Healed("pod-delete of x", healed=True, text="reverted")], 0, "healed  pod-delete of x: reverted"),
        ([Healed("pod-delete of x", healed=False, text="no")], 1, "NOT HEALED  pod-delete of x: no"),
    ],
)
def test_heal_tells_what_became_of_each_entry(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch, report: list[Healed], code: int, text: str
) -> None:
    monkeypatch.setattr("faultcast.experiments.safety.heal.heal", lambda _settings, **_: report)
    monkeypatch.setattr(commands, "_local", lambda _settings: None)
    done = CliRunner().invoke(app, ["heal"])
    assert (done.exit_code, done.output.strip()) == (code, text)
