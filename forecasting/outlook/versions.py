"""Versions of the model configuration: `models.yaml` holds all of them, and says which one is in use."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from faultcast.forecasting.outlook.candidates import MODELS
from faultcast.forecasting.outlook.gaps import Cleaning
from faultcast.forecasting.outlook.outlook import Version
from faultcast.infra.durations import duration_seconds
from faultcast.infra.errors import ConfigurationError
from faultcast.infra.yamltext import NotYamlError, load_yaml

__all__ = ["PACKAGED", "Configuration", "ModelFile", "load_models", "use_version"]

PACKAGED = Path(__file__).parents[1] / "models.yaml"
"""The file that comes with the package."""

type _Seconds = Annotated[float, BeforeValidator(duration_seconds)]


class Configuration(BaseModel):
    """How outlooks are made.

    Attributes:
        about: For people.
        models: Which models are compared.
        folds: Past origins of the backtest.
        nominal: Share of future values that a band should hold.
        seasons: Seasons that are looked for, in seconds.
        season_level: Chance of calling noise a season.
        interpolate: Longest gap, in samples, that a straight line fills.
        most_missing: Largest share of missing samples that is accepted.
        least_samples: Fewest measured samples.
        logarithm_from: Ratio of the largest to the smallest value from which models see log10 of positive
            values.
        despike: Whether single outliers are kept from the models.
        level_shifts: Whether lasting shifts of level are taken off.
        furthest: Longest horizon, in lengths of the history.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str
    models: tuple[str, ...] = Field(min_length=1)
    folds: int = Field(ge=1, le=50)
    nominal: float = Field(gt=0.5, lt=1)
    seasons: tuple[_Seconds, ...]
    season_level: float = Field(gt=0, lt=0.5)
    interpolate: int = Field(ge=0)
    most_missing: float = Field(ge=0, le=0.9)
    least_samples: int = Field(ge=8)
    logarithm_from: float = Field(gt=1)
    despike: bool
    level_shifts: bool
    furthest: float = Field(gt=0)

    @field_validator("models")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in value if name not in MODELS]
        if unknown:
            message = f"no model is called {', '.join(unknown)}; there are {', '.join(MODELS)}"
            raise ValueError(message)
        return value

    @property
    def cleaning(self) -> Cleaning:
        """What is demanded of a history."""
        return Cleaning(self.interpolate, self.most_missing, self.least_samples)

    @property
    def hash(self) -> str:
        """First twelve hexadecimal digits of the SHA-256 of everything but the text for people."""
        facts = self.model_dump(mode="json", exclude={"about"})
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of versions.

    Attributes:
        path: Where it is.
        current: Name of the version in use.
        versions: All versions by name, in the file's order.
    """

    path: Path
    current: str
    versions: Mapping[str, Configuration] = field(repr=False)

    @property
    def configuration(self) -> Configuration:
        """The version in use."""
        return self.versions[self.current]

    def named(self, name: str) -> Configuration:
        """One version.

        Raises:
            ConfigurationError: There is none of that name.
        """
        if name not in self.versions:
            message = f"{self.path} has no version {name!r}"
            raise ConfigurationError(message, remedy=f"choose one of {', '.join(self.versions)}")
        return self.versions[name]

    def stamp(self, git_revision: str = "") -> Version:
        """What a forecast made with the version in use records."""
        return Version(self.current, self.configuration.hash, git_revision, _darts_version())


def load_models(path: Path = PACKAGED) -> ModelFile:
    """Read a file of versions.

    Raises:
        ConfigurationError: It cannot be read, or something in it is wrong; the text names it.
    """
    document = _read(path)
    versions: dict[str, Configuration] = {}
    for name, content in (document.get("versions") or {}).items():
        try:
            versions[str(name)] = Configuration.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in ("versions", name, *first["loc"]))
            message = f"{path}: {place}: {first['msg'].removeprefix('Value error, ')}"
            raise ConfigurationError(message, remedy="correct it; docs/outlook.md has every key") from error
    current = str(document.get("current", ""))
    if current not in versions:
        message = f"{path}: current is {current!r}, which is none of its versions ({', '.join(versions)})"
        raise ConfigurationError(message, remedy="name one of them: faultcast models use VERSION")
    return ModelFile(path, current, versions)


def use_version(path: Path, name: str) -> ModelFile:
    """Put another version to use: the one line `current` of the file changes, comments stay.

    Args:
        path: The file.
        name: The version.

    Raises:
        ConfigurationError: There is none of that name, or the file cannot be written.
    """
    load_models(path).named(name)
    text = path.read_text(encoding="utf-8")
    lines = [f'current: "{name}"' if line.startswith("current:") else line for line in text.splitlines()]
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        remedy = "copy it to a place of your own and name that: --models FILE"
        raise ConfigurationError(message, remedy=remedy) from error
    return load_models(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = load_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise ConfigurationError(message, remedy="name a file of model versions: --models FILE") from error
    except NotYamlError as error:
        message = f"{path} is no YAML: {error}"
        raise ConfigurationError(message, remedy="correct it") from error
    if not isinstance(document, dict):
        message = f"{path} holds no versions"
        raise ConfigurationError(message, remedy="start from the file that comes with Faultcast")
    return document


@cache
def _darts_version() -> str:
    return installed("darts")
