"""A private Prometheus with a past of one's own: written as OpenMetrics, turned into blocks, served.

python -m bench.backfill --series 1000 --days 35 --step 900
"""

import argparse
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bench.private import free_port, programs, served
from faultcast.infra.processes import run

__all__ = ["PASSWORD", "USER", "Family", "Filled", "Serving", "backfilled", "write_openmetrics"]

USER, PASSWORD = "reader", "test"
"""What a server with `protected` asks for."""
_HASH = "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay"
"""bcrypt of the password; no program that makes one is needed then."""
_LONGEST_BLOCK = "39366h"
"""promtool reads its file once for each block: with the usual two hours, weeks of samples take minutes."""


@dataclass(frozen=True, slots=True)
class Filled:
    """The past of one series.

    Attributes:
        labels: Its labels.
        values: Samples on any UTC index in order; NaN is a sample that is none, a hole is a missing row.
    """

    labels: Mapping[str, str]
    values: pd.Series = field(repr=False)


@dataclass(frozen=True, slots=True)
class Family:
    """The past of one metric.

    Attributes:
        name: Its name.
        series: Its series.
    """

    name: str
    series: Iterable[Filled]


@dataclass(frozen=True, slots=True)
class Serving:
    """How the server is run.

    Attributes:
        protected: Whether it asks for `USER` and `PASSWORD`.
        scrape: Addresses that it scrapes every second, such as `127.0.0.1:9100`.
    """

    protected: bool = False
    scrape: tuple[str, ...] = ()


def write_openmetrics(path: Path, families: Iterable[Family]) -> int:
    """Write samples as OpenMetrics text, in which nothing is declared.

    Args:
        path: The file.
        families: The metrics.

    Returns:
        The number of samples.
    """
    count = 0
    with path.open("wb") as file:
        for family in families:
            for one in family.series:
                file.write(_lines(family.name, one))
                count += len(one.values)
        file.write(b"# EOF\n")
    return count


def _lines(name: str, one: Filled) -> bytes:
    if one.values.empty:
        return b""
    labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in sorted(one.labels.items()))
    millis = pd.DatetimeIndex(one.values.index).as_unit("ms").asi8
    whole = not (millis % 1000).any()
    times = pa.array(millis // 1000 if whole else millis / 1000).cast(pa.string())
    values = pa.array(one.values.to_numpy(dtype=np.float64)).cast(pa.string())
    rows = pc.binary_join_element_wise(f"{name}{{{labels}}}", values, times, " ")
    return "\n".join(rows.to_pylist()).encode() + b"\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@contextmanager
def backfilled(folder: Path, families: Iterable[Family], serving: Serving = Serving()) -> Iterator[str]:
    """A Prometheus with these samples on loopback, for as long as the block lasts.

    Args:
        folder: An empty folder for everything.
        families: Its metrics.
        serving: How it is run.

    Yields:
        Its base URL.

    Raises:
        CommandError: A program failed, or its package cannot be fetched.
        WaitTimeoutError: The server does not get ready.
    """
    path = folder / "samples.om"
    data = folder / "data"
    data.mkdir()
    if write_openmetrics(path, families):
        command: list[str | Path] = [_programs() / "promtool", "tsdb", "create-blocks-from"]
        run([*command, f"--max-block-duration={_LONGEST_BLOCK}", "openmetrics", path, data], timeout=600.0)
    path.unlink()
    with _served(folder, data, serving) as url:
        yield url


@contextmanager
def _served(folder: Path, data: Path, serving: Serving) -> Iterator[str]:
    config, web, log = folder / "prometheus.yml", folder / "web.yml", folder / "log"
    targets = "".join(f'\n      - targets: ["{target}"]' for target in serving.scrape)
    jobs = f"\n  - job_name: scraped\n    static_configs:{targets}" if targets else " []"
    config.write_text(f"global:\n  scrape_interval: 1s\nscrape_configs:{jobs}\n")
    web.write_text(f"basic_auth_users:\n  {USER}: {_HASH}\n" if serving.protected else "{}\n")
    address = f"127.0.0.1:{free_port()}"
    argv: list[str | Path] = [
        _programs() / "prometheus",
        f"--config.file={config}",
        f"--web.config.file={web}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={address}",
    ]
    auth = (USER, PASSWORD) if serving.protected else None
    with served("the private Prometheus", argv, address, log, auth=auth) as url:
        yield url


def _programs() -> Path:
    return programs("prometheus", "promtool", "prometheus")


def main() -> None:
    """Measure how long a past takes to make."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--days", type=float, default=35.0)
    parser.add_argument("--step", type=float, default=900.0, help="seconds between two samples")
    options = parser.parse_args()
    random = np.random.default_rng(1)
    count = int(options.days * 86400 / options.step)
    index = pd.date_range("2026-01-05", periods=count, freq=pd.Timedelta(seconds=options.step), tz="UTC")
    series = [
        Filled({"i": str(i)}, pd.Series(random.normal(100, 10, count), index=index))
        for i in range(options.series)
    ]
    begun = time.perf_counter()
    with TemporaryDirectory() as folder, backfilled(Path(folder), [Family("bench", series)]) as url:
        passed = time.perf_counter() - begun
        print(f"{options.series} series of {count} samples in {passed:.1f} s: {url}")


if __name__ == "__main__":
    main()
