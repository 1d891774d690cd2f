"""What a second collector costs the log store: disk, memory and processor time, lines once and twice.

    python -m bench.logstore [LINES]

Starts the cached VictoriaLogs on a free port of this machine, with the flags of the local cluster, feeds it
lines as the collectors deliver them, and prints a sentence for one collector and one for both.
"""

import json
import random
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import requests

from faultcast.infra.providers.local.toolchain.programs import ensure_programs
from faultcast.infra.settings import load_settings
from faultcast.infra.waiting import Wait, wait_until

_STREAM = "collector,kubernetes.container_name,kubernetes.pod_name,kubernetes.pod_namespace"
_PODS = (
    "gateway-db78d964-jmc5t",
    "gateway-db78d964-nxzkq",
    "store-f586b9c95-p9cfv",
    "sensors-58685dfdf-5wkxv",
)
_BATCH = 1000

type Line = dict[str, str]


def lines(count: int) -> Iterator[tuple[Line, Line]]:
    """Lines of JSON that four pods wrote during the last hour, as vlagent and as rsyslog deliver them."""
    rng = random.Random(1)  # noqa: S311 - nothing is secret
    start = datetime.now(UTC) - timedelta(hours=1)
    offsets = dict.fromkeys(_PODS, 0)
    for number in range(count):
        pod = rng.choice(_PODS)
        at = start + timedelta(seconds=3500 * number / count, microseconds=rng.randrange(1000))
        stamp = f"{at:%Y-%m-%dT%H:%M:%S.%f}{rng.randrange(1000):03}Z"
        said = {
            "level": "INFO",
            "path": f"/orders/{rng.randrange(5000)}",
            "ms": f"{rng.expovariate(0.1):.2f}",
        }
        whole = json.dumps({"time": stamp, "message": "served", **said})
        labels = {
            "_time": stamp,
            "kubernetes.pod_namespace": "shop",
            "kubernetes.pod_name": pod,
            "kubernetes.container_name": pod.split("-", 1)[0],
            "kubernetes.pod_node_name": "worker",
            "kubernetes.pod_labels.app": pod.split("-", 1)[0],
        }
        parsed = {"time": stamp, "_msg": "served", "kubernetes.container_id": pod.ljust(64, "0"), **said}
        raw = {"_msg": whole, "stream": "stdout", "offset": str(offsets[pod]), "kubernetes.pod_id": pod}
        offsets[pod] += len(whole)
        yield {**labels, "collector": "vlagent", **parsed}, {**labels, "collector": "rsyslog", **raw}


def measure(program: Path, count: int, collectors: int) -> str:
    """Feed a store of its own and say what it came to."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        flags = (
            f"-storageDataPath={folder}",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-memory.allowedBytes=96MiB",
        )
        with psutil.Popen([program, *flags, "-loggerLevel=ERROR"]) as store:
            try:
                return _fed(store, f"http://127.0.0.1:{port}", Path(folder), count, collectors)
            finally:
                store.terminate()


def _fed(store: psutil.Process, url: str, folder: Path, count: int, collectors: int) -> str:
    def healthy() -> bool:
        return requests.get(f"{url}/health", timeout=1.0).ok

    wait_until("the log store", healthy, Wait(20.0, 0.1), transient=(requests.RequestException,))
    batch: list[str] = []
    for number, pair in enumerate(lines(count), 1):
        batch += [json.dumps(line) for line in pair[:collectors]]
        if number % _BATCH == 0 or number == count:
            body = "\n".join(batch).encode()
            where = f"{url}/insert/jsonline?_stream_fields={_STREAM}"
            requests.post(where, data=body, timeout=30.0).raise_for_status()
            batch.clear()
    requests.get(f"{url}/internal/force_flush", timeout=30.0).raise_for_status()
    sizes = [0]

    def settled() -> bool:
        sizes.append(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))
        return len(sizes) > 5 and len(set(sizes[-5:])) == 1

    wait_until("parts are merged", settled, Wait(60.0, 1.0), transient=(FileNotFoundError,))
    times, memory = store.cpu_times(), store.memory_info().rss / 2**20
    disk, seconds = sizes[-1] / count, times.user + times.system
    used = f"{memory:.0f} MiB of memory, {seconds:.1f} s of a core"
    return f"{collectors} of 2 collectors: {disk:.1f} bytes a line on disk, {used}"


def main() -> None:
    """Measure one collector, then both."""
    began, count = time.monotonic(), int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    program = ensure_programs(load_settings(), print) / "victoria-logs"
    for collectors in (1, 2):
        print(measure(program, count, collectors))
    print(f"{count} lines, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
