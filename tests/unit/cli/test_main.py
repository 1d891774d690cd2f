"""The last handler of the command: a crash is never taken for a verdict."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from faultcast.cli import experiments, main
from faultcast.cli.guarded import refuse_empty
from faultcast.experiments.safety import heal
from faultcast.infra.errors import ClusterError, ConfigurationError, RefusedError

type Ends = Callable[[BaseException], tuple[int, str]]


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ends:
    """What `faultcast heal` ends with and says when something is raised in it."""

    def end(raised: BaseException) -> tuple[int, str]:
        def crash(*_: object, **__: object) -> None:
            raise raised

        monkeypatch.setattr(heal, "heal", crash)
        monkeypatch.setattr(experiments, "_local", lambda _settings: None)
        monkeypatch.setattr(main, "guard_pipes", lambda: None)
        monkeypatch.setattr(sys, "argv", ["faultcast", "heal"])
        monkeypatch.setenv("FAULTCAST_STATE_DIR", str(tmp_path))
        with pytest.raises(SystemExit) as ended:
            main.main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return end


@pytest.mark.parametrize(
    "raised",
    [
        AssertionError("it deviated"),
        EOFError(),
        BrokenPipeError(32, "Broken pipe"),
        RecursionError(),
        KeyError("x"),
        OSError("no space"),
    ],
    ids=lambda raised: type(raised).__name__,
)
def test_a_crash_ends_with_70_and_says_where_the_details_lie(
    ends: Ends, raised: Exception, tmp_path: Path
) -> None:
    code, said = ends(raised)
    assert code == 70
    [log] = (tmp_path / "crashes").iterdir()
    assert said.startswith(f"error: faultcast heal crashed: {type(raised).__name__}")
    assert str(log) in said
    assert "Traceback" not in said
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_the_details_of_a_crash_hold_no_login(ends: Ends, tmp_path: Path) -> None:
    _, said = ends(ValueError("cannot reach https://me:s3cret@host/"))
    [log] = (tmp_path / "crashes").iterdir()
    assert "s3cret" not in said + log.read_text()


def test_a_crash_is_told_even_where_nothing_can_be_written(
    ends: Ends, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crashes").write_text("in the way")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, said = ends(ValueError("x"))
    assert code == 70
    [log] = tmp_path.glob("faultcast-*crash*.log")
    assert str(log) in said


@pytest.mark.parametrize(
    ("raised", "code"),
    [(ClusterError("away"), 2), (RefusedError("no"), 1), (KeyboardInterrupt(), 130)],
    ids=["error", "refusal", "interruption"],
)
def test_what_is_expected_keeps_its_exit_code(ends: Ends, raised: BaseException, code: int) -> None:
    assert ends(raised)[0] == code


@pytest.mark.parametrize(
    "words",
    [
        ["heal", "--kubeconfig", "two.yaml", "--context", ""],
        ["heal", "--forget="],
        ["forecast", "--db", "", "--query", "up"],
        ["observe", "--prometheus-url", ""],
    ],
)
def test_an_option_that_a_variable_left_empty_is_refused(words: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="is given, and its value is empty"):
        refuse_empty(words)


@pytest.mark.parametrize(
    "words",
    [
        ["node", "run", "worker", "--", "echo", "--a", ""],
        ["observe", "--watch"],
        ["heal", "--context", "a=b"],
    ],
)
def test_what_is_no_empty_option_is_left_alone(words: list[str]) -> None:
    refuse_empty(words)
