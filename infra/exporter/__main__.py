"""Serve the metrics: `python3 -m exporter [PORT]`."""

import signal
import sys

from prometheus_client import CollectorRegistry, start_http_server

from .api import in_cluster
from .collector import KubeStateCollector

_PORT = 8080


def main() -> None:
    """Serve until SIGTERM."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # inherited by the server's threads
    registry = CollectorRegistry()
    registry.register(KubeStateCollector(in_cluster().items))
    server, _ = start_http_server(int(sys.argv[1]) if len(sys.argv) > 1 else _PORT, registry=registry)
    signal.sigwait(signals)
    server.shutdown()


main()
