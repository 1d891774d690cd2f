import pytest

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.settings import load_settings


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTCAST_CLUSTER", "other")
    monkeypatch.setenv("FAULTCAST_WORKERS", "2")
    settings = load_settings()
    assert settings.cluster_dir.name == "other"
    assert settings.worker_names == ("worker", "worker-2")


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTCAST_CLUSTER", "other")
    assert load_settings(cluster="mine").cluster == "mine"


def test_consent_is_a_list_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTCAST_CONSENT", "uid-1, uid-2")
    assert load_settings().consent == ("uid-1", "uid-2")


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("CLUSTER", "Not A Name", "not a plain name"),
        ("SUBNET", "192.168.1.0/30", "too small"),
        ("SUBNET", "10.42.0.0/16", "overlap"),
        ("SUBNET", "nonsense", "SUBNET"),
        ("WORKERS", "9", "less than or equal to 4"),
        ("WORKER", "master", "same name"),
        ("NODE_CPUS", "0", "greater than 0"),
        ("STATE_DIR", "state", "no absolute path"),
        ("STATE_DIR", "/dev/null", "/dev/null is no folder"),
        ("STATE_DIR", "/dev/null/state", "/dev/null is no folder"),
    ],
)
def test_a_wrong_value_is_refused_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(f"FAULTCAST_{variable}", value)
    with pytest.raises(ConfigurationError, match=reason) as caught:
        load_settings()
    assert caught.value.remedy


def test_a_variable_that_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = load_settings().state_dir
    monkeypatch.setenv("FAULTCAST_STATE_DIR", "")
    assert load_settings().state_dir == usual
    monkeypatch.setenv("FAULTCAST_STATE_DIR", "~/state")
    assert load_settings().state_dir.is_absolute()
