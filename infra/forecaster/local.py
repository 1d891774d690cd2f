"""What the forecaster's options are on the local cluster."""

from typing import Any

from faultcast.infra.forecaster.objects import ForecasterOptions
from faultcast.infra.stack.secrets import WRITER

__all__ = ["NAMESPACE", "NODE_PORT", "local_options"]

NAMESPACE = "machine-learning"
NODE_PORT = 31808
"""Where it answers on every node, besides port 80 of the first worker."""


def local_options(image: str, **more: Any) -> ForecasterOptions:
    """Options that fit the stack of the local cluster: its Prometheus, its database, its account.

    Args:
        image: Reference of the image on the workers.
        more: Further options, by their names.
    """
    return ForecasterOptions(
        image=image,
        prometheus_url="http://prometheus.monitoring:9090",
        database_host=f"mariadb.{NAMESPACE}",
        database_schema=WRITER.schema,
        database_secret=WRITER.secret,
        namespace=NAMESPACE,
        node_port=NODE_PORT,
        **more,
    )
