"""Jobs as targets: each pod of one that is ended uses up a retry, and without retries the Job has failed."""

from collections.abc import Sequence
from typing import Any

from faultcast.experiments.resources.objects import ask_for
from faultcast.infra.kube.client import KubeClient

__all__ = ["spent"]

_BACK_OFF_LIMIT = 6
_FAILURES = "batch.kubernetes.io/job-index-failure-count"


def spent(kube: KubeClient, namespace: str, name: str, pods: Sequence[Any], ends: int) -> tuple[str, ...]:
    """Why pods of a Job must not be ended: it would fail for good; nothing when it has retries enough.

    Args:
        kube: The client.
        namespace: Of the Job.
        name: Its name.
        pods: Those of its pods that would be ended, as the Kubernetes client gives them.
        ends: How often each would be.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    job = ask_for(f"read job {name} in {namespace}", kube.batch.read_namespaced_job, name, namespace)
    if job is None or job.spec is None:
        return ()
    each_may = job.spec.backoff_limit_per_index
    if each_may is not None:
        worst = max((_failures(pod) for pod in pods), default=0)
        return _said(name, "each of its indexes", int(each_may), worst, ends)
    limit = _BACK_OFF_LIMIT if job.spec.backoff_limit is None else int(job.spec.backoff_limit)
    failed = int((job.status and job.status.failed) or 0)
    return _said(name, "it", limit, failed, ends * len(pods))


def _said(name: str, what: str, limit: int, failed: int, more: int) -> tuple[str, ...]:
    if failed + more <= limit:
        return ()
    used = f"may fail {limit} times (backoffLimit), {failed} are used up, and this takes {more}"
    return (f"job {name} would fail for good: {what} {used}",)


def _failures(pod: Any) -> int:
    said = str((pod.metadata.annotations or {}).get(_FAILURES, "0"))
    return int(said) if said.isdigit() else 0
