"""Measure the local cluster on this machine: `python bench/bringup.py`, as root; prints JSON.

It brings up a cluster of its own, beside any other, from programs and images that are in the cache already,
and takes it down again. With `--cold-build` it also builds programs and images once into a temporary cache.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faultcast.infra.images import build_images
from faultcast.infra.kube.client import connect
from faultcast.infra.machine import inspect
from faultcast.infra.providers.local.bootstrap import ready_nodes, wait_ready
from faultcast.infra.providers.local.images import clone, make_template
from faultcast.infra.providers.local.provider import LocalProvider
from faultcast.infra.providers.local.toolchain.programs import ensure_programs
from faultcast.infra.settings import Settings, load_settings
from faultcast.infra.waiting import Wait, wait_until

OWN = {
    "cluster": "fc-bench",
    "subnet": "192.168.248.0/24",
    "pod_cidr": "10.58.0.0/16",
    "service_cidr": "10.59.0.0/16",
}


def say(line: str) -> None:
    """Show progress on standard error; standard output is the JSON's."""
    print(line, file=sys.stderr, flush=True)


def seconds(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    start = time.monotonic()
    action()
    return round(time.monotonic() - start, 2)


@contextmanager
def scratch_below(folder: Path) -> Iterator[Path]:
    """A temporary folder on the disk of `folder`."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="bench-") as place:
        yield Path(place)


def power_cycle(provider: LocalProvider, node: str) -> float:
    """Seconds from power-on to Ready, after Kubernetes has noticed the power cut."""
    nodes, context = provider.nodes, provider.kube_context
    nodes.power_off(node)
    kube = connect(context)
    wait_until(f"{node} is NotReady", lambda: node not in ready_nodes(kube), Wait(60, 0.5))

    def on() -> None:
        nodes.power_on(node)
        wait_ready(context, nodes, say)

    return seconds(on)


def measure(settings: Settings, *, stack: bool) -> dict[str, float]:
    """Bring the cluster up and down once, timing each step in seconds."""
    provider = LocalProvider(settings, say)
    provider.stop()
    programs = ensure_programs(settings, say)
    templates = settings.cache_dir / "images" / "templates"
    template = make_template(build_images(settings, programs, say), templates, say)
    times: dict[str, float] = {}
    with scratch_below(settings.cache_dir) as place:
        times["image_clone_one_node"] = seconds(lambda: clone(template, place / "node"))
    try:
        times["both_nodes_ready"] = seconds(lambda: provider.start(stack=False))
        times["up_again"] = seconds(lambda: provider.start(stack=False))
        times["worker_power_on_to_ready_idle"] = power_cycle(provider, settings.worker)
        if stack:
            times["stack_ready"] = seconds(provider.start)
            times["worker_power_on_to_ready_with_stack"] = power_cycle(provider, settings.worker)
    finally:
        times["down"] = seconds(provider.stop)
    return times


def cold(settings: Settings) -> dict[str, float]:
    """Time what a fresh machine has to do first, in a temporary cache: programs, images, their import."""
    with scratch_below(settings.cache_dir) as place:
        fresh = load_settings(**OWN, cache_dir=place)
        times = {"build_programs": seconds(lambda: ensure_programs(fresh, say))}
        programs = ensure_programs(fresh, say)
        times["build_images"] = seconds(lambda: build_images(fresh, programs, say))
        archives = build_images(fresh, programs, say)
        times["import_images"] = seconds(lambda: make_template(archives, place / "templates", say))
        return times


def main() -> None:
    """Measure, and print the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cold-build", action="store_true", help="build programs and images once more")
    parser.add_argument("--no-stack", action="store_true", help="leave out monitoring and workload")
    options = parser.parse_args()
    settings = load_settings(**OWN)
    facts = inspect(settings.cache_dir)
    document = {
        "machine": {
            "cores": facts.cores,
            "memory_gib": round(facts.memory / 1024**3, 1),
            "kernel": platform.release(),
            "cgroups": facts.cgroups,
            "load_before": round(os.getloadavg()[0], 2),
        },
        "seconds": measure(settings, stack=not options.no_stack),
    }
    if options.cold_build:
        document["cold_seconds"] = cold(settings)
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
