"""Five weeks of metrics of every sort, with what is true of them, for a private Prometheus."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pandas as pd

from bench.backfill import Family, Filled, Serving, backfilled
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.waiting import Wait, wait_until

START = datetime(2026, 3, 2, tzinfo=UTC)
END = START + timedelta(weeks=5)
STEP = 900.0
ODD = 'a"b\\c\n{ü$1}'
"""A label value with everything that has to be escaped somewhere."""
GAP = (START + timedelta(days=10), START + timedelta(days=10, hours=6))
RESET = START + timedelta(days=20, minutes=7)

_EXPOSED = """\
# TYPE falling_value counter
falling_value 1
# TYPE grown_total gauge
grown_total 1
# TYPE opened counter
opened_total 1
"""


def grid(step: float) -> pd.DatetimeIndex:
    return pd.date_range(START, END, freq=pd.Timedelta(seconds=step))


def wave(index: pd.DatetimeIndex) -> pd.Series:
    hours = (index - index[0]).total_seconds().to_numpy() / 3600
    return pd.Series(50 + 20 * np.sin(2 * np.pi * hours / 24), index=index)


def counted(index: pd.DatetimeIndex, rate: float) -> pd.Series:
    """A counter that rises evenly, and begins anew once."""
    seconds = (index - index[0]).total_seconds().to_numpy()
    since = (index - pd.Timestamp(RESET)).total_seconds().to_numpy()
    return pd.Series(np.where(since < 0, seconds, since) * rate, index=index)


def families() -> list[Family]:
    quarter, minute = grid(STEP), grid(60.0)
    shape = wave(quarter)
    rising = pd.Series(np.arange(len(quarter), dtype=float), index=quarter)
    sawtooth = pd.Series(np.arange(len(quarter)) % 3.0, index=quarter)
    gappy = shape[(shape.index < GAP[0]) | (shape.index >= GAP[1])]
    nans = shape.mask((shape.index >= GAP[0]) & (shape.index < GAP[1]))
    old = shape[: len(shape) // 2]
    return [
        Family("shop_load", [Filled({"node": "a"}, shape)]),
        Family("shop_requests_total", [Filled({"code": "200"}, counted(minute, 2.0))]),
        Family("orders_delta", [Filled({}, pd.Series(30.0, index=minute))]),
        *_histogram("latency_seconds", minute),
        Family("constant_value", [Filled({}, pd.Series(4.0, index=quarter))]),
        Family("nan_value", [Filled({}, nans)]),
        Family("gappy_value", [Filled({}, gappy)]),
        Family("tiny_value", [Filled({}, shape * 1e-15)]),
        Family("huge_bytes", [Filled({}, shape * 1e15)]),
        Family("odd_value", [Filled({"path": ODD}, shape), Filled({"path": "plain"}, 2 * shape)]),
        Family("sibling_value", [Filled({"a": "1"}, shape), Filled({"a": "1", "b": "2"}, 3 * shape)]),
        Family("pod_value", [Filled({"pod": "new"}, shape), Filled({"pod": "old"}, old)]),
        Family("spare_ratio", [Filled({}, shape / 100)]),
        Family("overcommitted_ratio", [Filled({}, shape / 20)]),
        Family("falling_value", [Filled({}, sawtooth)]),
        Family("grown_total", [Filled({}, rising)]),
        Family("opened_total", [Filled({}, rising)]),
        Family("lonely_total", [Filled({}, rising)]),
        Family("dense_bytes", [Filled({}, wave(grid(15.0)) * 1e9)]),
        Family(
            "container_memory_working_set_bytes", [_container("web", shape * 1e6), _container("free", shape)]
        ),
        Family(
            "container_spec_memory_limit_bytes",
            [_container("web", 0 * shape + 128e6), _container("free", 0 * shape)],
        ),
        Family("shop_info", [Filled({"version": "1"}, 0 * shape + 1)]),
    ]


def _container(name: str, values: pd.Series) -> Filled:
    return Filled({"namespace": "shop", "pod": f"{name}-1", "container": name}, values)


def _histogram(name: str, index: pd.DatetimeIndex) -> list[Family]:
    """Ten observations a second: half of them below 0.1 s, nine tenths below 0.5 s."""
    total = counted(index, 10.0)
    shares = {"0.1": 0.5, "0.5": 0.9, "1": 1.0, "+Inf": 1.0}
    buckets = [Filled({"path": ODD, "le": le}, share * total) for le, share in shares.items()]
    return [
        Family(f"{name}_bucket", buckets),
        Family(f"{name}_count", [Filled({"path": ODD}, total)]),
        Family(f"{name}_sum", [Filled({"path": ODD}, 0.2 * total)]),
    ]


@contextmanager
def five_weeks(folder: Path) -> Iterator[PrometheusClient]:
    """A Prometheus with all of that, and an exporter that says wrong things about some of it."""
    with exporter() as address, backfilled(folder, families(), Serving(scrape=(address,))) as url:
        client = PrometheusClient(url)
        wait_until(
            "Prometheus knows what the exporter says",
            lambda: "opened" in client.all_metadata(),
            Wait(20.0, 0.1),
        )
        yield client


@contextmanager
def exporter(exposed: str = _EXPOSED) -> Iterator[str]:
    """An exporter that exposes a text on loopback; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            openmetrics = "openmetrics" in self.headers.get("Accept", "")
            body = (exposed + "# EOF\n" if openmetrics else exposed).encode()
            kind = "application/openmetrics-text; version=1.0.0" if openmetrics else "text/plain"
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
