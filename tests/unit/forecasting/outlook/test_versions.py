"""Versions of the model configuration: read, refused with the place, and changed in one step."""

import shutil
from pathlib import Path

import pytest

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.versions import PACKAGED, load_models, use_version
from faultcast.infra.errors import ConfigurationError
from tests.unit.forecasting.outlook.making import made, outlook_of


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return Path(shutil.copy(PACKAGED, tmp_path / "models.yaml"))


def test_the_packaged_file_is_whole() -> None:
    models = load_models()
    assert models.current in models.versions
    assert len({configuration.hash for configuration in models.versions.values()}) == len(models.versions)


def test_a_hash_says_what_is_done_and_not_how_it_is_described() -> None:
    one = load_models().configuration
    assert one.model_copy(update={"about": "other words"}).hash == one.hash
    assert one.model_copy(update={"folds": 3}).hash != one.hash
    assert len(one.hash) == 12


@pytest.mark.slow
def test_going_back_gives_the_old_numbers_to_the_bit(own: Path) -> None:
    values = made("daily", 1)[0].history.to_numpy()

    def bits() -> tuple[str, bytes]:
        outlook = outlook_of(values, configuration=load_models(own).configuration)
        assert isinstance(outlook, Outlook)
        made_by = outlook.forecast
        return outlook.model, made_by.mean.tobytes() + made_by.lower.tobytes() + made_by.upper.tobytes()

    use_version(own, "1")
    old = bits()
    use_version(own, "2")
    new = bits()
    use_version(own, "1")
    assert bits() == old
    assert old != new


def test_only_the_one_line_changes(own: Path) -> None:
    before = own.read_text().splitlines()
    use_version(own, "1")
    after = own.read_text().splitlines()
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ('current: "2"', 'current: "1"')
    ]


def test_a_version_that_is_not_there_is_refused_and_nothing_changes(own: Path) -> None:
    before = own.read_text()
    with pytest.raises(ConfigurationError, match="has no version '9'"):
        use_version(own, "9")
    assert own.read_text() == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("folds: 8", "folds: 0", r"versions\.2\.folds: Input should be greater than or equal to 1"),
        ("naive_mean]", "prophet]", r"versions\.2\.models: no model is called prophet"),
        ("despike: true", "despyke: true", r"versions\.1\.despike: Field required"),
        ('current: "2"', 'current: "7"', "current is '7', which is none of its versions"),
        ("versions:", "versions: [", "is no YAML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(own: Path, old: str, new: str, said: str) -> None:
    own.write_text(own.read_text().replace(old, new))
    with pytest.raises(ConfigurationError, match=said):
        load_models(own)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml cannot be read"):
        load_models(tmp_path / "nowhere.yaml")
