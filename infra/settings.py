"""Settings: environment variables `FAULTCAST_*`, then defaults; validated before anything is touched."""

import ipaddress
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.redaction import keep, keep_login
from faultcast.infra.urls import is_url

__all__ = ["Settings", "load_settings"]

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,18}[a-z0-9])?")


class Settings(BaseSettings):
    """What a person may change about where and how Faultcast works.

    Every field is the environment variable `FAULTCAST_<FIELD>`, upper case.
    """

    model_config = SettingsConfigDict(
        env_prefix="FAULTCAST_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    cluster: str = Field("faultcast", description="name of the local cluster; one state folder each")
    subnet: ipaddress.IPv4Network = Field(
        ipaddress.IPv4Network("192.168.253.0/24"), description="network of the nodes; the machine is .1"
    )
    master: str = Field("master", description="name of the node with the control plane")
    worker: str = Field("worker", description="name of the workers; with several, the second is NAME-2")
    workers: int = Field(1, ge=1, le=4, description="number of worker nodes")
    pod_cidr: ipaddress.IPv4Network = Field(ipaddress.IPv4Network("10.42.0.0/16"))
    service_cidr: ipaddress.IPv4Network = Field(ipaddress.IPv4Network("10.43.0.0/16"))
    node_cpus: float = Field(
        1.0, gt=0, description="cores of each node; an equal part of the machine's where it has fewer"
    )
    bin: Path | None = Field(None, description="folder with programs built earlier, used before the cache")
    cache_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_cache_dir("faultcast")))
    state_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_state_dir("faultcast")), validate_default=True
    )
    helper_image: str = Field("", description="image of helper pods on an existing cluster")
    prometheus_token: SecretStr = Field(
        SecretStr(""), description="bearer token of a Prometheus that asks for one"
    )
    prometheus_user: str = Field("", description="user of a Prometheus that asks for one")
    prometheus_password: SecretStr = Field(SecretStr(""), description="that user's password")
    prometheus_headers: SecretStr = Field(
        SecretStr(""), description="headers it wants, one a line, as in 'X-Scope-OrgID: team-a'"
    )
    prometheus_ca_file: Path | None = Field(None, description="authorities that signed its certificate")
    prometheus_insecure: bool = Field(False, description="believe any certificate of it")
    grafana_url: str = Field("", description="Grafana that shows faults in place as annotations")
    grafana_token_file: Path | None = Field(
        None, description="file with the token of a service account there that may write annotations"
    )
    consent: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="identities (UID of kube-system) that may be broken, separated by commas"
    )

    @field_validator("cluster", "master", "worker")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            message = f"{value!r} is not a plain name: lower-case letters, digits and '-', at most 20"
            raise ValueError(message)
        return value

    @field_validator("state_dir")
    @classmethod
    def _same_everywhere(cls, value: Path) -> Path:
        """Its ledger says what has to be healed, and is looked for from any folder."""
        path = value.expanduser()
        if not path.is_absolute():
            message = f"{value} is no absolute path, and would be another folder elsewhere"
            raise ValueError(message)
        there = next(one for one in (path, *path.parents) if os.path.lexists(one))
        if not os.path.isdir(there):  # noqa: PTH112 - says no, and does not raise, where it may not look
            message = f"{there} is no folder"
            raise ValueError(message)
        return path

    @field_validator("grafana_url")
    @classmethod
    def _askable(cls, value: str) -> str:
        if value and not is_url(value):
            message = "this is no URL, such as https://grafana.example.org"
            raise ValueError(message)
        return value

    @field_validator("consent", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @model_validator(mode="after")
    def _networks_fit(self) -> Self:
        if self.master in self.worker_names:
            message = "master and worker have the same name"
            raise ValueError(message)
        if self.subnet.prefixlen > 24:
            message = f"subnet {self.subnet} is too small: the nodes need a /24 or larger"
            raise ValueError(message)
        networks = (self.subnet, self.pod_cidr, self.service_cidr)
        for i, one in enumerate(networks):
            for other in networks[i + 1 :]:
                if one.overlaps(other):
                    message = f"{one} and {other} overlap"
                    raise ValueError(message)
        return self

    @cached_property
    def worker_names(self) -> tuple[str, ...]:
        """Names of the workers, in order."""
        rest = tuple(f"{self.worker}-{i}" for i in range(2, self.workers + 1))
        return (self.worker, *rest)

    @property
    def cluster_dir(self) -> Path:
        """State folder of the local cluster; apart from everything that outlives a cluster."""
        return self.state_dir / "clusters" / self.cluster


def load_settings(**overrides: object) -> Settings:
    """Read the settings.

    Args:
        overrides: Values that win over the environment, such as command-line options.

    Raises:
        ConfigurationError: A value is wrong; the text names the variable and the reason.
    """
    try:
        made = Settings(**{k: v for k, v in overrides.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        field = "_".join(str(part) for part in first["loc"][:1]).upper() or "*"
        reason = first["msg"].removeprefix("Value error, ")
        message = f"FAULTCAST_{field}: {reason}"
        raise ConfigurationError(message, remedy="correct or unset that variable") from error
    keep(*(value.get_secret_value() for _, value in made if isinstance(value, SecretStr)))
    keep_login(made.prometheus_user, made.prometheus_password.get_secret_value())
    return made
