"""Facts that make a run repeatable: versions, revision, machine, command line."""

import platform
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import CommandError
from faultcast.infra.processes import run as run_program
from faultcast.infra.redaction import keep_arguments
from faultcast.reports.record import RunRecord

__all__ = ["describe_run", "git_revision", "host_facts", "versions"]


def describe_run(
    run: str,
    cluster: Cluster,
    *,
    seed: int,
    argv: Sequence[str],
    started: datetime,
    experiments: Path,
    order: Sequence[str] = (),
) -> RunRecord:
    """Make the record of a run that begins.

    Args:
        run: Its identity (`new_run_id`).
        cluster: What it works on.
        seed: Seed of every random choice.
        argv: The command line; credentials in it are not kept.
        started: When it began, in UTC.
        experiments: Folder or file of the experiments, whose git revision is recorded.
        order: Names of its trials in the order in which they are to be run.
    """
    return RunRecord(
        run=run,
        started=started,
        ended=None,
        cluster_name=cluster.name,
        cluster_provider=cluster.provider,
        cluster_identity=cluster.identity,
        seed=seed,
        git_revision=git_revision(experiments),
        argv=tuple(keep_arguments(argv)),
        versions=versions(),
        host=host_facts(),
        order=tuple(order),
    )


def versions() -> dict[str, str]:
    """Versions of what a verdict depends on."""
    found = {name: version(name) for name in ("faultcast", "darts", "chaostoolkit-lib")}
    return {**found, "python": platform.python_version()}


def host_facts() -> dict[str, str]:
    """What a person would ask about the machine that ran it."""
    return {
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "kernel": platform.release(),
        "cpus": str(psutil.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
    }


def git_revision(path: Path) -> str | None:
    """Short commit of the repository of `path`, `-dirty` when files changed; None outside of one."""
    folder = path if path.is_dir() else path.parent
    try:
        done = run_program(
            ["git", "describe", "--always", "--dirty", "--abbrev=10"], cwd=folder, timeout=20.0
        )
    except CommandError:
        return None
    return done.stdout.strip() or None
