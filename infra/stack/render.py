"""Manifests of the stack and of the workload: templates of `manifests/`, filled in."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from faultcast.infra.cloud.volumes import PROVISIONER
from faultcast.infra.images import ImageArchive
from faultcast.infra.images.catalog import USER
from faultcast.infra.settings import Settings
from faultcast.infra.stack.secrets import Account, Certificate
from faultcast.infra.yamltext import load_yaml_documents

__all__ = ["PORTS", "Manifest", "NodePorts", "load_manifests", "render_stack", "render_workload", "templates"]

Manifest = dict[str, Any]

_TEMPLATES = Path(__file__).parent / "manifests"
_STACK = (
    "namespaces",
    "coredns",
    "cloud",
    "prometheus",
    "alertmanager",
    "pushgateway",
    "exporters",
    "logs",
    "mariadb",
    "metrics-server",
)


@dataclass(frozen=True, slots=True)
class NodePorts:
    """Ports at which the stack answers on every node."""

    prometheus: int = 31539
    alertmanager: int = 31840
    pushgateway: int = 31991
    logs: int = 31428
    database: int = 31306


PORTS = NodePorts()
"""The ports of the local cluster."""


def render_stack(
    settings: Settings,
    images: Sequence[ImageArchive],
    accounts: Sequence[Account],
    metrics_tls: Certificate,
) -> list[Manifest]:
    """All objects of monitoring, logs, database, cluster DNS and metrics-server.

    Args:
        settings: Names of the nodes, and networks.
        images: The images that the nodes have.
        accounts: Users of the database.
        metrics_tls: What metrics-server proves its identity with.
    """
    environment = templates()
    context = _context(settings, images)
    config = environment.get_template("stack/prometheus.yml.j2").render(context)
    rules = environment.get_template("stack/rules.yml.j2").render(context)
    collector = environment.get_template("stack/rsyslog.conf.j2").render(context)
    context |= {
        "accounts": accounts,
        "metrics_tls": metrics_tls,
        "prometheus_config": config,
        "prometheus_rules": rules,
        "prometheus_config_key": _key(config + rules),
        "rsyslog_config": collector,
        "rsyslog_config_key": _key(collector),
    }
    return [
        manifest
        for name in _STACK
        for manifest in load_manifests(environment, f"stack/{name}.yaml.j2", context)
    ]


def render_workload(settings: Settings, images: Sequence[ImageArchive], account: Account) -> list[Manifest]:
    """All objects of the shop.

    Args:
        settings: Names of the nodes.
        images: The images that the nodes have.
        account: The shop's user of the database.
    """
    context = {**_context(settings, images), "account": account}
    return load_manifests(templates(), "shop/shop.yaml.j2", context)


@cache
def templates() -> jinja2.Environment:
    """The templates of `manifests/`; what they name and is not given is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 (YAML, not HTML)
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}  # YAML does not join surrogates
    environment.filters["b64encode"] = lambda text: base64.b64encode(text.encode()).decode()
    return environment


def load_manifests(environment: jinja2.Environment, name: str, context: Mapping[str, Any]) -> list[Manifest]:
    """Fill in one template.

    Args:
        environment: The templates.
        name: Which one, below `manifests/`.
        context: What it names.
    """
    text = environment.get_template(name).render(context)
    return [manifest for manifest in load_yaml_documents(text) if manifest]


def _key(config: str) -> str:
    """What changes with a configuration: a pod that carries it starts anew."""
    return hashlib.sha256(config.encode()).hexdigest()[:12]


def _context(settings: Settings, images: Sequence[ImageArchive]) -> dict[str, Any]:
    services = settings.service_cidr
    return {
        "cluster": settings.cluster,
        "master": settings.master,
        "worker": settings.worker_names[0],
        "images": {image.name: image.ref for image in images},
        "user": USER.split(":")[0],
        "ports": PORTS,
        "provisioner": PROVISIONER,
        "api_address": services[1],
        "dns_address": services[10],
        "exporter_address": services[31],
        "alertmanager_address": services[32],
        "pushgateway_address": services[33],
        "logs_address": services[34],
    }
