"""Settings of the forecaster as a service: environment variables `FAULTCAST_FORECAST_*`, then defaults."""

import os
import re
import secrets
import socket
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from faultcast.infra.cluster import DatabaseAccess
from faultcast.infra.durations import duration_seconds
from faultcast.infra.errors import ConfigurationError
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.prometheus.auth import PrometheusAuth, headers_of, separated
from faultcast.reports.spool import OUTLOOKS

__all__ = ["PREFIX", "ForecasterSettings", "load_forecaster_settings"]

PREFIX = "FAULTCAST_FORECAST_"

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_SPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_SHARED = (
    "models",
    "prometheus_ca_file",
    "prometheus_headers",
    "prometheus_insecure",
    "prometheus_password",
    "prometheus_token",
    "prometheus_user",
    "state_dir",
)
_SPARE = 20
"""Seconds of an interval at least; shorter ones would only ever catch up."""


def _several(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _step(value: object) -> float | None:
    return None if value in (None, "", "auto") else duration_seconds(value)


type Seconds = Annotated[float, BeforeValidator(duration_seconds)]
type Step = Annotated[float | None, BeforeValidator(_step)]
type Several = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_several)]


class ForecasterSettings(BaseSettings):
    """What a service of outlooks is told; each field is the variable `FAULTCAST_FORECAST_<FIELD>`.

    Lengths of time are written as in `5w`, `1d`, `90s`. A secret `X` may stand in a file that `X_FILE` names;
    the file is read each time it is needed, so that a changed one counts at once. What the rest of the suite
    is told too (models, state folder, access to Prometheus) counts also as `FAULTCAST_<FIELD>`.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    prometheus_url: str = Field(description="base URL of Prometheus")
    prometheus_token: SecretStr = Field(SecretStr(""), description="bearer token, if it asks for one")
    prometheus_token_file: Path | None = Field(None, description="file with the bearer token")
    prometheus_user: str = Field("", description="user, if it asks for one")
    prometheus_password: SecretStr = Field(SecretStr(""), description="that user's password")
    prometheus_password_file: Path | None = Field(None, description="file with that user's password")
    prometheus_headers: SecretStr = Field(SecretStr(""), description="headers it wants, one a line")
    prometheus_ca_file: Path | None = Field(None, description="authorities that signed its certificate")
    prometheus_insecure: bool = Field(False, description="believe any certificate of it")

    database_host: str = Field(description="name or address of MySQL or MariaDB")
    database_port: int = Field(3306, ge=1, le=65535, description="its TCP port")
    database_schema: str = Field("faultcast", min_length=1, description="name of the database")
    database_user: str = Field(min_length=1, description="user that may write")
    database_password: SecretStr = Field(SecretStr(""), description="that user's password")
    database_password_file: Path | None = Field(None, description="file with that user's password")

    interval: Seconds = Field(86400.0, ge=_SPARE, description="time between two forecasts")
    history: Seconds = Field(5 * 604800.0, gt=0, description="how far back is read")
    horizon: Seconds = Field(12 * 604800.0, gt=0, description="how far ahead is forecast")
    step: Step = Field(None, description="distance of samples; `auto` to have it chosen")
    forecast_step: Step = Field(None, description="distance of forecast values; `auto` to have it chosen")
    include: Several = Field((), description="patterns of metrics that are wanted; all when empty")
    exclude: Several = Field((), description="patterns of metrics that are not")
    online: bool = Field(False, description="read only new samples, and forecast anew when it is due")
    refresh: Seconds = Field(
        86400.0, gt=0, description="online: a new forecast without any drift after so long"
    )
    workers: int = Field(default_factory=lambda: len(os.sched_getaffinity(0)), ge=1, le=256)
    scheduler: str = Field("", description="address of a Dask scheduler instead of processes here")
    models: Path | None = Field(None, description="file of model versions; the packaged one when not given")
    revision: str = Field("", description="git revision of the code, which each forecast records")

    state_dir: Path = Field(Path("/var/lib/faultcast"), description="what outlives a restart")
    keep: Seconds = Field(52 * 604800.0, ge=0, description="age at which results are removed; 0s for never")
    catch_up: int = Field(3, ge=1, le=100, description="forecasts that are made late, the newest included")
    delay: Seconds = Field(15.0, ge=0, description="time after which the last samples are surely there")
    patience: Seconds = Field(
        600.0, ge=30, description="time without a sign of life after which it is unwell"
    )

    lease: str = Field("", description="NAME or NAMESPACE/NAME of the Lease; empty for a single process")
    namespace: str = Field("", description="namespace of the Lease; the pod's own when not given")
    kubeconfig: Path | None = Field(None, description="how the API server is reached from outside of a pod")
    context: str = Field("", description="context inside the kubeconfig; its current one when not given")
    identity: str = Field(default_factory=socket.gethostname, description="name of this replica; the pod's")
    listen: str = Field("0.0.0.0:8080", description="where it answers")

    @field_validator("prometheus_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^/\s]+(/\S*)?", value):
            message = "is no URL; write it as in http://prometheus.monitoring:9090"
            raise ValueError(message)
        return value.rstrip("/")

    @field_validator("lease")
    @classmethod
    def _is_lease(cls, value: str) -> str:
        parts = value.split("/")
        if value and (len(parts) > 2 or not all(_NAME.fullmatch(part) for part in parts)):
            message = f"{value!r} is neither NAME nor NAMESPACE/NAME"
            raise ValueError(message)
        return value

    @field_validator("listen")
    @classmethod
    def _is_address(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            message = f"{value!r} is no HOST:PORT"
            raise ValueError(message)
        return value

    @field_validator("interval")
    @classmethod
    def _whole(cls, value: float) -> float:
        if value != int(value):
            message = "has to be whole seconds"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        for name in ("prometheus_token", "prometheus_password", "database_password"):
            if getattr(self, name).get_secret_value() and getattr(self, f"{name}_file"):
                message = f"{PREFIX}{name.upper()} and {PREFIX}{name.upper()}_FILE are both set"
                raise ValueError(message)
        return self

    @property
    def database(self) -> DatabaseAccess:
        """The database, as the writing user.

        Raises:
            ConfigurationError: The password's file cannot be read.
        """
        return DatabaseAccess(
            self.database_host,
            self.database_port,
            self.database_schema,
            self.database_user,
            self._secret("database_password"),
        )

    @property
    def prometheus(self) -> PrometheusAccess:
        """The Prometheus, and what it asks for.

        Raises:
            ConfigurationError: See `infra.prometheus.auth`.
        """
        return PrometheusAccess(*separated(self.prometheus_url, self.prometheus_auth))

    @property
    def prometheus_auth(self) -> PrometheusAuth | None:
        """What Prometheus asks for; None for nothing.

        Raises:
            ConfigurationError: A file cannot be read, or both a token and a user are given.
        """
        token, password = self._secret("prometheus_token"), self._secret("prometheus_password")
        if token and self.prometheus_user:
            message = f"{PREFIX}PROMETHEUS_TOKEN and {PREFIX}PROMETHEUS_USER are both set"
            raise ConfigurationError(message, remedy="unset one of them")
        if self.prometheus_ca_file is not None and not self.prometheus_ca_file.is_file():
            message = f"{PREFIX}PROMETHEUS_CA_FILE: {self.prometheus_ca_file} is no file"
            raise ConfigurationError(message, remedy="name the PEM file of the authority")
        auth = PrometheusAuth(
            token,
            self.prometheus_user,
            password,
            self.prometheus_ca_file,
            self.prometheus_insecure,
            headers_of(self.prometheus_headers.get_secret_value()),
        )
        return None if auth == PrometheusAuth() else auth

    @property
    def address(self) -> tuple[str, int]:
        """Where it answers."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def spool(self) -> Path:
        """Where results wait while the database is away; the same as that of `forecast`."""
        return self.state_dir / OUTLOOKS

    @property
    def lease_place(self) -> tuple[str, str] | None:
        """Namespace and name of the Lease; None for none.

        Raises:
            ConfigurationError: Its namespace is not known.
        """
        if not self.lease:
            return None
        if "/" in self.lease:
            namespace, name = self.lease.split("/")
            return namespace, name
        if self.namespace:
            return self.namespace, self.lease
        try:
            return _SPACE.read_text(encoding="utf-8").strip(), self.lease
        except OSError as error:
            message = f"{PREFIX}LEASE: the namespace of the Lease {self.lease} is not known"
            raise ConfigurationError(message, remedy=f"write NAMESPACE/{self.lease}") from error

    def holder(self) -> str:
        """An identity that no other process ever has: this replica's name, and something drawn."""
        return f"{self.identity}-{secrets.token_hex(4)}"

    def _secret(self, name: str) -> str:
        file: Path | None = getattr(self, f"{name}_file")
        if file is None:
            given: SecretStr = getattr(self, name)
            return given.get_secret_value()
        try:
            return file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            message = f"{PREFIX}{name.upper()}_FILE: {file} cannot be read: {reason}"
            raise ConfigurationError(
                message, remedy="name a file that holds nothing but the secret"
            ) from error


def _shared() -> dict[str, str]:
    """What the rest of the suite is told under the same names, where the service is told nothing else."""
    found = {}
    for name in _SHARED:
        own = (f"{PREFIX}{name.upper()}", f"{PREFIX}{name.upper()}_FILE")
        value = os.environ.get(f"FAULTCAST_{name.upper()}")
        if value and not any(os.environ.get(one) for one in own):
            found[name] = value
    return found


def load_forecaster_settings(**overrides: Any) -> ForecasterSettings:
    """Read the settings.

    Args:
        overrides: Values that win over the environment.

    Raises:
        ConfigurationError: A value is wrong or missing; the text names the variable and the reason, and
            never shows a value that might be secret.
    """
    try:
        return ForecasterSettings(**(_shared() | overrides))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = "_".join(str(part) for part in first["loc"][:1]).upper()
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "missing":
            message = f"{PREFIX}{field} is not set"
            raise ConfigurationError(message, remedy="set it; docs/outlook.md has every setting") from error
        message = f"{PREFIX}{field}: {reason}" if field else reason
        raise ConfigurationError(message, remedy="correct or unset that variable") from error
