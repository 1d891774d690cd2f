"""Many series side by side: over the cores of this machine, or over those of a Dask cluster.

Each series is worked on alone and by one thread, so that the same samples give the same numbers wherever and
beside whatever they are computed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.infra.errors import ConfigurationError, FaultcastError

__all__ = ["BATCH", "Crew", "outlooks"]

type Work = Callable[[Subject], Outlook | Refusal]
"""Makes the outlook of one subject; has to be picklable."""

BATCH = 16
"""Subjects that are handed out, given back and written together."""
_ALONE = 4
"""Subjects that are not worth the start of other processes."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who does the work.

    Attributes:
        workers: Processes on this machine; 1 for this process alone.
        scheduler: Address of a Dask scheduler, as in `tcp://10.0.0.5:8786`; empty for this machine.
    """

    workers: int = 1
    scheduler: str = ""


def outlooks(
    subjects: Sequence[Subject], work: Work, crew: Crew, *, batch: int = BATCH
) -> Iterator[list[Outlook | Refusal]]:
    """Make the outlooks of many subjects.

    Args:
        subjects: Of what.
        work: Makes one.
        crew: Who does it.
        batch: Subjects that are handed out and given back together.

    Yields:
        The results of a batch, in the order of the subjects, as soon as it and those before it are done.

    Raises:
        ConfigurationError: The scheduler cannot be reached, or Dask is not installed.
        FaultcastError: What the work raised, such as a source that went away.
    """
    parts = [list(subjects[start : start + batch]) for start in range(0, len(subjects), batch)]
    if crew.scheduler:
        yield from _by_dask(parts, work, crew.scheduler)
    elif crew.workers <= 1 or len(subjects) <= _ALONE:
        for part in parts:
            yield _each(part, work)
    else:
        yield from _by_processes(parts, work, crew.workers)


def _each(subjects: Sequence[Subject], work: Work) -> list[Outlook | Refusal]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return [_one(subject, work) for subject in subjects]


def _one(subject: Subject, work: Work) -> Outlook | Refusal:
    try:
        return work(subject)
    except FaultcastError:
        raise
    except (ArithmeticError, ValueError) as error:  # numpy's LinAlgError is a ValueError
        # one series that no model can take does not keep the others from theirs
        return Refusal(subject.title, f"cannot be forecast: {type(error).__name__}: {error}")


def _by_processes(
    parts: Sequence[list[Subject]], work: Work, workers: int
) -> Iterator[list[Outlook | Refusal]]:
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend="loky", inner_max_num_threads=1):
        made = Parallel(n_jobs=workers, return_as="generator", pre_dispatch=2 * workers, batch_size=1)(
            delayed(_each)(part, work) for part in parts
        )
        yield from made


def _by_dask(parts: Sequence[list[Subject]], work: Work, scheduler: str) -> Iterator[list[Outlook | Refusal]]:
    client = _dask_client(scheduler)
    try:
        futures = [client.submit(_each, part, work, pure=False) for part in parts]
        for future in futures:
            yield future.result()
            future.release()
    finally:
        client.close()


def _dask_client(scheduler: str) -> Any:
    try:
        import distributed
        from distributed.comm.addressing import get_address_host_port
    except ImportError as error:
        message = "a Dask scheduler was named, but Dask is not installed"
        raise ConfigurationError(message, remedy="pip install 'faultcast[dask]'") from error
    try:
        get_address_host_port(scheduler)  # a client of no address prints a traceback at exit
        client: Any = distributed.Client
        return client(scheduler, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        message = f"no Dask scheduler answers at {scheduler}: {' '.join(str(error).split())[:200]}"
        raise ConfigurationError(message, remedy="start one: dask scheduler, dask worker") from error
