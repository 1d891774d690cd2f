"""The forecaster's Kubernetes objects, for any cluster, made from options; nothing is asked or changed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.images.catalog import USER
from faultcast.infra.stack.render import Manifest, load_manifests, templates

__all__ = ["NAME", "VARIANTS", "ForecasterOptions", "Variant", "environment_of", "render_forecaster"]

NAME = "forecaster"
"""Name of every one of its objects."""

Variant = Literal["deployment", "cronjob"]
VARIANTS: tuple[Variant, ...] = ("deployment", "cronjob")
"""A service that forecasts all the time, or a batch at fixed times."""

_PREFIX = "FAULTCAST_FORECAST_"
_PASSWORD_FILE = "/run/secrets/database/password"  # noqa: S105 (a place)


@dataclass(frozen=True, slots=True)
class ForecasterOptions:
    """What may differ from cluster to cluster.

    Attributes:
        image: Reference of the image, with a tag or digest.
        prometheus_url: Base URL of Prometheus, as pods reach it.
        database_host: Name or address of MySQL or MariaDB, as pods reach it.
        database_port: Its TCP port.
        database_schema: Name of the database.
        database_secret: Name of the Secret with the keys `user` and `password`, in the namespace.
        database_user: User name; only for a Secret that is rendered too.
        password: The user's password; the Secret is rendered when it is given, and has to exist otherwise.
        token_secret: Name of the Secret with the key `token` for Prometheus; empty when it asks for none.
        token: The token; that Secret is rendered when it is given, and has to exist otherwise.
        namespace: Namespace of all objects; it has to exist.
        models: Content of `models.yaml`; the one inside of the image is used when empty.
        settings: Further settings by name, without the prefix `FAULTCAST_FORECAST_`.
        variant: A service that forecasts all the time, or a batch at fixed times.
        schedule: When the batch runs, as cron writes it, in the cluster's time zone.
        replicas: How many pods of the service; one of them writes, the others stand by.
        node_selector: Labels that a node must have.
        workers_only: Keep off nodes with a control plane.
        node_port: Port of the service on every node; chosen by the cluster when not given.
        cpu: CPU it usually needs.
        memory: Memory it usually needs.
        cpu_limit: Most CPU it may take.
        memory_limit: Most memory it may take.
        serve: Arguments of the program for the service.
        batch: Arguments of the program for the batch.
    """

    image: str
    prometheus_url: str
    database_host: str
    database_port: int = 3306
    database_schema: str = "faultcast"
    database_secret: str = "forecaster-database"  # noqa: S105 (the name of a Secret)
    database_user: str = ""
    password: str = field(default="", repr=False)
    token_secret: str = ""
    token: str = field(default="", repr=False)
    namespace: str = "machine-learning"
    models: str = field(default="", repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    variant: Variant = "deployment"
    schedule: str = "15 3 * * *"
    replicas: int = 2
    node_selector: Mapping[str, str] = field(default_factory=dict)
    workers_only: bool = True
    node_port: int | None = None
    cpu: str = "100m"
    memory: str = "384Mi"
    cpu_limit: str = "1"
    memory_limit: str = "2Gi"
    serve: tuple[str, ...] = ("forecaster", "serve")
    batch: tuple[str, ...] = ("forecaster", "run")


def environment_of(options: ForecasterOptions) -> dict[str, str]:
    """The settings that the program reads from its environment; nothing secret is among them.

    Args:
        options: The cluster's options.
    """
    settings = {
        "PROMETHEUS_URL": options.prometheus_url,
        "DATABASE_HOST": options.database_host,
        "DATABASE_PORT": str(options.database_port),
        "DATABASE_SCHEMA": options.database_schema,
        "DATABASE_PASSWORD_FILE": _PASSWORD_FILE,
    }
    if options.variant == "deployment":
        settings |= {"LISTEN": "0.0.0.0:8080", "LEASE": NAME}
    settings |= {name.upper(): value for name, value in options.settings.items()}
    return {
        "FAULTCAST_STATE_DIR": "/var/lib/faultcast",
        **({"FAULTCAST_MODELS": "/etc/faultcast/models.yaml"} if options.models else {}),
        **{f"{_PREFIX}{name}": value for name, value in settings.items()},
    }


def render_forecaster(options: ForecasterOptions) -> list[Manifest]:
    """All objects of the forecaster but the namespace, so that deleting them takes no database along.

    Args:
        options: The cluster's options.

    Raises:
        ConfigurationError: The image has no tag or digest, or a secret value has no Secret to go to.
    """
    _check(options)
    environment = environment_of(options)
    facts = json.dumps([environment, options.models], sort_keys=True)
    context = {
        "name": NAME,
        "options": options,
        "user": USER.split(":")[0],
        "environment": environment,
        "config_key": hashlib.sha256(facts.encode()).hexdigest()[:12],
    }
    kinds = ("common", options.variant)
    rendering = templates()
    return [one for kind in kinds for one in load_manifests(rendering, f"forecaster/{kind}.yaml.j2", context)]


def _check(options: ForecasterOptions) -> None:
    tag = options.image.rsplit("/", 1)[-1]
    if ":" not in tag or tag.endswith(":latest"):
        message = f"image {options.image!r} names no version: nodes would run whatever they have"
        raise ConfigurationError(message, remedy="add a tag other than latest, or a digest")
    if options.password and not options.database_user:
        message = "a password of the database is given, but no user"
        raise ConfigurationError(message, remedy="name both, or neither and make the Secret yourself")
    if options.token and not options.token_secret:
        message = "a token for Prometheus is given, but no name of a Secret to keep it in"
        raise ConfigurationError(message, remedy="name the Secret")
