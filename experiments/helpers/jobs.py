"""Helper pods of an effect, seen from the runner: started, heard, ended, and listened to until their end.

What a helper did is read from its log, one JSON object a line: `applied`, `failed`, `measured`, `undone`,
`left`. A pod's phase is not enough: a helper that could not do its work ends well.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from faultcast.experiments.effect import Effect
from faultcast.experiments.helpers.log import HelperLog
from faultcast.experiments.helpers.manifests import EFFECT, ROLE, PodOrder, job_of
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.permissions import NAMESPACE
from faultcast.infra.errors import ApiError, InjectionError, NotFoundError, WaitTimeoutError
from faultcast.infra.kube.calls import calling
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["Helpers", "delete_job"]

_START = Wait(40.0, 0.25)
_LAST_WORDS = (5.0, 15.0)
_CLEAN = Wait(20.0, 0.25)
_LINES = 40
_MANY = 32


class Helpers:
    """The helper pods of one effect.

    Args:
        access: The cluster; its account is the pods'.
        effect: The effect.
    """

    def __init__(self, access: Access, effect: Effect) -> None:
        self._access, self._effect = access, effect

    def start(self, orders: Sequence[PodOrder]) -> None:
        """Make the Jobs of orders; returns before their pods run.

        Raises:
            InjectionError: The API server refuses one.
        """
        for order in orders:
            body = job_of(
                order,
                self._effect,
                image=self._access.helper_image,
                account=self._access.account,
                now=time.time(),
            )
            with calling(f"start helper {order.name}", InjectionError):
                self._access.kube.batch.create_namespaced_job(NAMESPACE, body)

    def applied(self, orders: Sequence[PodOrder]) -> None:
        """Wait until every helper put its part of the effect in place.

        Raises:
            InjectionError: One could not, or did not run in time.
        """
        waiting = {order.name for order in orders}
        seen: dict[str, str] = {}

        def all_did() -> bool:
            for name in sorted(waiting):
                heard, seen[name] = self._look(name)
                if failed := heard.first("failed"):
                    message = f"helper {name} could not act: {failed.get('text', 'it does not say why')}"
                    raise InjectionError(message, remedy="see what the text says; nothing stays in place")
                if heard.first("applied"):
                    waiting.discard(name)
            return not waiting

        try:
            wait_until(
                f"{len(orders)} helpers act",
                all_did,
                _START,
                last_seen=lambda: "; ".join(f"{name}: {seen[name]}" for name in sorted(waiting)),
                clock=self._access.clock,
            )
        except WaitTimeoutError as error:
            raise InjectionError(error.what, remedy="see why these pods do not run") from error

    def measured(self, name: str) -> Mapping[str, float | None] | None:
        """The last measurement of the helper of an order; None before the first, or when it is gone."""
        return self._look(name)[0].values

    def heard(self, name: str) -> HelperLog:
        """All that the log of the helper of an order says of late."""
        return self._look(name)[0]

    def end(self, cleaners: Iterable[PodOrder] = ()) -> tuple[str, ...]:
        """End every helper but the keeper, and make sure that nothing of the effect is left.

        Args:
            cleaners: The orders whose effect outlives its processes. Where nobody saw the helper of one
                say that all is undone, another pod undoes it once more.

        Returns:
            What is left; empty when nothing is.

        Raises:
            ClusterError: The API server refuses, or does not answer.
        """
        last = self._stop_all()
        left = [f"helper {name}: {words}" for name, words in last.items() if words.startswith("left")]
        again = [order for order in cleaners if order.stateful and last.get(order.name) != "undone"]
        return (*left, *(self._clean(again) if again else ()))

    def jobs(self) -> list[Any]:
        """The Jobs of the effect but for its keeper."""
        return [job for job in _jobs(self._access, self._effect.id) if _role(job) != "keeper"]

    def _stop_all(self) -> dict[str, str]:
        """Delete all Jobs, and give the last words of each one's pod."""
        jobs = self.jobs()
        if not jobs:
            return {}
        names = [job.metadata.name.removesuffix(f"-{self._effect.id}") for job in jobs]
        with ThreadPoolExecutor(min(_MANY, len(jobs))) as pool:
            listeners = [pool.submit(self._last_words, name, self._deletion(name)) for name in names]
            return {name: one.result() for name, one in zip(names, listeners, strict=True)}

    def _deletion(self, name: str) -> Callable[[], None]:
        def delete() -> None:
            delete_job(self._access, f"{name}-{self._effect.id}")

        return delete

    def _last_words(self, name: str, delete: Callable[[], None]) -> str:
        """Follow the log of a helper while it is deleted."""
        core = self._access.kube.core
        try:
            pod = self._pod(name)
            if pod is None:
                delete()
                return ""
            with calling(f"read the log of helper {name}"):
                stream: Any = core.read_namespaced_pod_log(
                    pod.metadata.name,
                    NAMESPACE,
                    follow=True,
                    tail_lines=_LINES,
                    _preload_content=False,
                    _request_timeout=_LAST_WORDS,
                )
        except ApiError:
            delete()  # it never ran, or its node does not answer
            return ""
        delete()
        text = b""
        try:
            with calling(f"follow the log of helper {name}"):
                for block in stream.stream(4096):
                    text += block
                    if HelperLog.of(text.decode(errors="replace")).end:
                        break  # the end of the stream itself may come much later
        except ApiError:
            pass  # no end in sight: what it said so far counts
        finally:
            stream.close()
        return HelperLog.of(text.decode(errors="replace")).end

    def _clean(self, orders: Sequence[PodOrder]) -> list[str]:
        cleaners = [
            PodOrder(
                name=f"{order.name}-clean",
                task=order.task,
                node=order.node,
                parameters=order.parameters,
                role="cleaner",
                act=False,
                privileged=order.privileged,
                memory=order.memory,
                talks=order.talks,
            )
            for order in orders
        ]
        self.start(cleaners)
        said: dict[str, str] = {}

        def all_said() -> bool:
            said.update({one.name: self._look(one.name)[0].end for one in cleaners})
            return all(said.values())

        try:
            wait_until("the last look for what is left", all_said, _CLEAN, clock=self._access.clock)
        except WaitTimeoutError:
            pass  # reported below, one by one
        finally:
            for one in cleaners:
                self._deletion(one.name)()
        return [
            f"{name}: {words or 'nobody could look at its node'}"
            for name, words in said.items()
            if words != "undone"
        ]

    def _look(self, name: str) -> tuple[HelperLog, str]:
        """The log of a helper, and the state of its pod in words."""
        try:
            pod = self._pod(name)
            if pod is None:
                return HelperLog(), "no pod"
            if pod.status.phase == "Pending":
                return HelperLog(), _why_pending(pod)
            with calling(f"read the log of helper {name}"):
                answer: Any = self._access.kube.core.read_namespaced_pod_log(
                    pod.metadata.name,
                    NAMESPACE,
                    tail_lines=_LINES,
                    _preload_content=False,  # the client would take a log of one JSON line apart
                )
        except ApiError as error:  # between creation and start, or after the end
            return HelperLog(), error.what
        heard = HelperLog.of(answer.data.decode(errors="replace"))
        return heard, f"{pod.status.phase}, {heard.events[-1] if heard.events else 'says nothing'}"

    def _pod(self, name: str) -> Any | None:
        selector = f"job-name={name}-{self._effect.id}"
        with calling(f"list the pods of {NAMESPACE}"):
            listed: Any = self._access.kube.core.list_namespaced_pod(NAMESPACE, label_selector=selector)
        return max(listed.items, key=lambda pod: pod.metadata.creation_timestamp, default=None)


def delete_job(access: Access, name: str) -> None:
    """Delete a Job and, in the background, its pod and all it owns; harmless when it is gone.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    with suppress(NotFoundError), calling(f"delete job {name}"):
        access.kube.batch.delete_namespaced_job(name, NAMESPACE, propagation_policy="Background")


def _jobs(access: Access, effect: str) -> list[Any]:
    with calling(f"list the jobs of {NAMESPACE}"):
        listed: Any = access.kube.batch.list_namespaced_job(NAMESPACE, label_selector=f"{EFFECT}={effect}")
    return list(listed.items)


def _role(job: Any) -> str:
    return str((job.metadata.labels or {}).get(ROLE, ""))


def _why_pending(pod: Any) -> str:
    for status in pod.status.container_statuses or ():
        if status.state and status.state.waiting:
            return f"Pending, {status.state.waiting.reason}: {status.state.waiting.message or ''}"
    for condition in pod.status.conditions or ():
        if condition.status == "False" and condition.message:
            return f"Pending, {condition.message}"
    return "Pending"
