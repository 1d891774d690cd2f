"""What the service of outlooks is told, and how it is put together from that."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from faultcast.cli.outlook import serving
from faultcast.infra.errors import ConfigurationError, SinkError, SupersededError
from faultcast.infra.leadership.leadership import NoLease, Term
from faultcast.reports.outlook import running
from faultcast.service.composition import compose, lease_of
from faultcast.service.duties import Slot, SlotResult
from faultcast.service.outlook_duties import OutlookDuties
from faultcast.service.settings import PREFIX, load_forecaster_settings

SLOT = datetime(2026, 11, 28, tzinfo=UTC)


class NoDuties:
    """Nothing to do."""

    def complete_slots(self, since: datetime) -> set[datetime]:
        return set()

    def forecast(self, slot: Slot) -> SlotResult:
        return SlotResult(True, 0)

    def waiting(self) -> int:
        return 0

    def replay(self, token: int | None) -> int:
        return 0

    def tidy(self, token: int | None) -> str:
        return ""

    def check(self) -> Mapping[str, str]:
        return {}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"{PREFIX}{name}", value)

    put(
        PROMETHEUS_URL="http://prometheus:9090/",
        DATABASE_HOST="mariadb",
        DATABASE_USER="writer",
        STATE_DIR=str(tmp_path / "state"),
        LISTEN="127.0.0.1:0",
    )
    return put


def test_the_settings_come_from_the_environment(environment: Callable[..., None], tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("p w\n")
    environment(
        INTERVAL="60s", HISTORY="2h", STEP="auto", INCLUDE="node_*, up", DATABASE_PASSWORD_FILE=str(secret)
    )
    settings = load_forecaster_settings()
    assert (settings.interval, settings.history, settings.step) == (60.0, 7200.0, None)
    assert (settings.horizon, settings.include) == (12 * 604800.0, ("node_*", "up"))
    assert (settings.prometheus_url, settings.database.password) == ("http://prometheus:9090", "p w")
    secret.write_text("changed")
    assert settings.database.password == "changed"
    assert settings.prometheus_auth is None
    assert settings.holder() != settings.holder(), "no two processes have one identity"


def test_what_the_suite_is_told_counts_where_the_service_is_told_nothing(
    environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULTCAST_MODELS", "/etc/faultcast/models.yaml")
    monkeypatch.setenv("FAULTCAST_STATE_DIR", "/elsewhere")
    monkeypatch.setenv("FAULTCAST_PROMETHEUS_TOKEN", "t")
    settings = load_forecaster_settings()
    assert settings.models == Path("/etc/faultcast/models.yaml")
    assert settings.state_dir != Path("/elsewhere")
    assert settings.prometheus_auth is not None
    assert settings.prometheus_auth.token == "t"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("INTERVAL", "soon", "'soon' is not a duration"),
        ("INTERVAL", "1s", "greater than or equal to 20"),
        ("INTERVAL", "60.5s", "whole seconds"),
        ("HORIZON", "0s", "greater than 0"),
        ("STEP", "x", "is not a duration"),
        ("WORKERS", "0", "greater than or equal to 1"),
        ("DATABASE_PORT", "99999", "less than or equal to 65535"),
        ("LEASE", "a/b/c", "neither NAME nor NAMESPACE/NAME"),
        ("LISTEN", "8080", "no HOST:PORT"),
        ("PROMETHEUS_URL", "prometheus", "no URL"),
    ],
)
def test_a_wrong_setting_is_named_with_its_reason(
    environment: Callable[..., None], name: str, value: str, reason: str
) -> None:
    environment(**{name: value})
    with pytest.raises(ConfigurationError, match=f"{PREFIX}{name}: .*{reason}"):
        load_forecaster_settings()


def test_what_is_missing_or_given_twice_is_named(
    environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment(DATABASE_PASSWORD="hidden", DATABASE_PASSWORD_FILE=str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="DATABASE_PASSWORD_FILE are both set") as caught:
        load_forecaster_settings()
    assert "hidden" not in str(caught.value)
    monkeypatch.delenv(f"{PREFIX}DATABASE_PASSWORD")
    with pytest.raises(ConfigurationError, match=f"{PREFIX}DATABASE_PASSWORD_FILE: .*none cannot be read"):
        _ = load_forecaster_settings().database
    monkeypatch.delenv(f"{PREFIX}DATABASE_HOST")
    with pytest.raises(ConfigurationError, match=f"{PREFIX}DATABASE_HOST is not set"):
        load_forecaster_settings()


def test_without_a_lease_there_is_one_leader(environment: Callable[..., None]) -> None:
    lease = lease_of(load_forecaster_settings())
    assert isinstance(lease, NoLease)
    assert lease.term() == Term(None)
    lease.release()
    assert lease.term() is None


def test_a_lease_outside_of_a_cluster_is_a_clear_error(environment: Callable[..., None]) -> None:
    environment(LEASE="machine-learning/forecaster")
    with pytest.raises(ConfigurationError, match="API server cannot be reached from here"):
        lease_of(load_forecaster_settings())


def test_it_is_composed_from_settings(environment: Callable[..., None], tmp_path: Path) -> None:
    service = compose(load_forecaster_settings(), duties=NoDuties())
    assert service.port > 0
    service._server.stop()
    (tmp_path / "file").write_text("")
    environment(STATE_DIR=str(tmp_path / "file"))
    with pytest.raises(ConfigurationError, match=r"STATE_DIR: .* cannot be written to"):
        compose(load_forecaster_settings(), duties=NoDuties())


class PretendedRun:
    """In the place of `running`: three batches, and a store that knows what it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, duties: OutlookDuties) -> None:
        self.batches = 0
        self.done: frozenset[str] = frozenset()
        self.published: set[str] | Exception = {"known"}
        self.tokens: list[int | None] = []
        monkeypatch.setattr(running, "plan_run", self.plan)
        monkeypatch.setattr(running, "run_outlook", self.run)
        monkeypatch.setattr(duties, "_store", self.store)

    def plan(self, request: Any, moment: datetime) -> Any:
        return SimpleNamespace(run=SimpleNamespace(run="r"), span=SimpleNamespace(steps=10))

    def store(self, token: int | None) -> Any:
        self.tokens.append(token)

        def published(_run: str) -> set[str]:
            if isinstance(self.published, Exception):
                raise self.published
            return self.published

        return SimpleNamespace(published=published)

    def run(self, plan: Any, crew: Any, store: Any, *, keep: bool, done: frozenset[str], each: Any) -> Any:
        self.done = done
        for self.batches in range(1, 4):
            each(self.batches * 16, 48)
        return SimpleNamespace(forecast=48, refused=("one",), waiting="")


def test_a_slot_is_forecast_with_its_token_and_without_what_is_there(
    environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    duties = OutlookDuties(load_forecaster_settings())
    pretended = PretendedRun(monkeypatch, duties)
    result = duties.forecast(Slot(SLOT, 7, lambda: True))
    assert result == SlotResult(True, 49, refused=1, rows=480)
    assert (pretended.tokens, pretended.done) == ([7], frozenset({"known"}))


def test_the_work_ends_after_the_batch_in_which_the_lease_was_lost(
    environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    duties = OutlookDuties(load_forecaster_settings())
    pretended = PretendedRun(monkeypatch, duties)
    result = duties.forecast(Slot(SLOT, 7, lambda: pretended.batches < 2))
    assert result == SlotResult(False, 32)
    assert pretended.batches == 2


def test_a_database_that_is_away_is_no_reason_not_to_forecast(
    environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    duties = OutlookDuties(load_forecaster_settings())
    pretended = PretendedRun(monkeypatch, duties)
    pretended.published = SinkError("away")
    assert duties.forecast(Slot(SLOT, 7, lambda: True)).series == 48
    pretended.published = SupersededError("token 8 has written")
    with pytest.raises(SupersededError):
        duties.forecast(Slot(SLOT, 7, lambda: True))


def test_what_cannot_be_reached_is_told_without_the_password(environment: Callable[..., None]) -> None:
    environment(DATABASE_HOST="127.0.0.1", DATABASE_PORT="1", DATABASE_PASSWORD="hidden")
    environment(PROMETHEUS_URL="http://127.0.0.1:1")
    found = OutlookDuties(load_forecaster_settings()).check()
    assert "writer@127.0.0.1:1/faultcast" in found["database"]
    assert "http://127.0.0.1:1" in found["prometheus"]
    assert "hidden" not in str(found)


def test_the_command_ends_with_one_clear_error(environment: Callable[..., None]) -> None:
    environment(HORIZON="0s")
    app = typer.Typer()
    serving.register(app)
    app.command()(lambda: None)
    result = CliRunner().invoke(app, ["serve"])
    assert isinstance(result.exception, ConfigurationError)
    assert result.exception.what.startswith(f"{PREFIX}HORIZON: ")
