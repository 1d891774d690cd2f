"""Leader election by a Lease of Kubernetes (coordination.k8s.io/v1), with a fencing token for each term."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from kubernetes.client import CoordinationV1Api
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from faultcast.infra.errors import ClusterError
from faultcast.infra.leadership.election import DEADLINE, Acquire, LeaseRecord, StandBy, decide, token_of
from faultcast.infra.leadership.leadership import Term, uptime

__all__ = ["Lease"]

_TIMEOUT = (2.0, 2.0)
"""Seconds to connect, and without an answer: a renewal that takes longer is worth nothing."""
_ROUNDS = 2
_SOON = 0.05


class Lease:
    """A candidate for one Lease.

    Every write names the version of the record it replaces, so that of two that are equally fast the API
    server refuses one. Whether this process leads is told from its own clock alone: a process that was
    frozen finds its term over as soon as it asks, before any thread of it has spoken to anybody.

    Args:
        api: The API server, on a connection that does not repeat requests by itself.
        namespace: Namespace of the Lease.
        name: Name of the Lease; it is made when it is not there and that is allowed.
        holder: Identity of this process; no other may ever have the same.
        duration: Seconds after its last renewal for which nobody else may take it.
        renew: Seconds between two renewals; those who wait look twice as often.
        clock: Seconds on a clock that never goes back.
    """

    def __init__(
        self,
        api: CoordinationV1Api,
        namespace: str,
        name: str,
        holder: str,
        *,
        duration: float = 8.0,
        renew: float = 2.0,
        clock: Callable[[], float] = uptime,
    ) -> None:
        if not 0 < 2 * renew <= DEADLINE * duration:
            message = (
                f"a lease of {duration:g} s cannot be renewed every {renew:g} s: one failure would end it"
            )
            raise ValueError(message)
        self.holder = holder
        self._api, self._namespace, self._name = api, namespace, name
        self._duration, self._renew, self._clock = duration, renew, clock
        self._record = LeaseRecord(there=False)
        self._observed: float | None = None
        self._version = ""
        self._created = datetime.fromtimestamp(0, UTC)
        self._fresh = False
        self._standing: tuple[Term, float] | None = None
        self._resigned: Term | None = None
        self._again = 0.0

    def __repr__(self) -> str:
        """Namespace and name of the Lease, and who is the candidate."""
        return f"Lease({self._namespace}/{self._name}, {self.holder})"

    @property
    def leader(self) -> str:
        """See `Leadership.leader`."""
        return self._record.holder

    @property
    def transitions(self) -> int:
        """See `Leadership.transitions`."""
        return self._record.transitions

    def term(self) -> Term | None:
        """See `Leadership.term`."""
        standing = self._standing
        if standing is None or standing[0] == self._resigned or self._clock() >= standing[1]:
            return None
        return standing[0]

    def resign(self, term: Term, pause: float) -> None:
        """See `Leadership.resign`."""
        self._again = self._clock() + pause
        self._resigned = term

    def attempt(self) -> float:
        """See `Leadership.attempt`."""
        if self._standing and self._standing[0] == self._resigned:
            self.release()
        if (pause := self._again - self._clock()) > 0:
            return min(pause, self._renew)
        for _ in range(_ROUNDS):
            if not self._fresh or self.term() is None:
                self._read()
            now = self._clock()
            decision = decide(
                self._record,
                now if self._observed is None else self._observed,
                now,
                me=self.holder,
                leading=self.term() is not None,
                duration=self._duration,
            )
            if isinstance(decision, StandBy):
                self._standing = None
                return min(self._renew / 2, max(decision.until - now, _SOON))
            if self._write(now, fresh=isinstance(decision, Acquire)):
                return self._renew
        return _SOON  # somebody was faster, twice

    def release(self) -> None:
        """See `Leadership.release`."""
        self._standing = None
        for _ in range(_ROUNDS):
            if self._record.holder != self.holder:
                return
            free = replace(self._record, holder="", renewed=datetime.now(UTC))
            if self._put(free):
                return
            self._read()

    def _write(self, now: float, *, fresh: bool) -> bool:
        """Acquire or renew; whether it was granted. The time counts from before the request."""
        begun = self._record.transitions + fresh
        wanted = LeaseRecord(self.holder, self._duration, begun, datetime.now(UTC))
        if fresh:
            self._standing = None
        if not self._put(wanted, taken=fresh):
            return False
        self._standing = (Term(token_of(self._created, begun)), now + DEADLINE * self._duration)
        return True

    def _put(self, wanted: LeaseRecord, *, taken: bool = False) -> bool:
        spec: dict[str, Any] = {
            "holderIdentity": wanted.holder or None,
            "leaseDurationSeconds": max(1, round(wanted.duration)),
            "leaseTransitions": wanted.transitions,
            "renewTime": _text(wanted.renewed),
        }
        if taken:
            spec["acquireTime"] = spec["renewTime"]
        self._fresh = False
        try:
            if self._record.there:
                body = {"metadata": {"resourceVersion": self._version}, "spec": spec}
                answer: Any = self._call(self._api.patch_namespaced_lease, self._name, self._namespace, body)
            else:
                body = {"metadata": {"name": self._name}, "spec": spec}
                answer = self._call(self._api.create_namespaced_lease, self._namespace, body)
        except _OutrunError:
            return False
        if answer is None:
            self._gone()
            return False
        self._see(answer)
        return True

    def _read(self) -> None:
        found = self._call(self._api.read_namespaced_lease, self._name, self._namespace)
        if found is None:
            self._gone()
        else:
            self._see(found)

    def _see(self, lease: Any) -> None:
        spec = lease.spec
        record = LeaseRecord(
            (spec and spec.holder_identity) or "",
            float((spec and spec.lease_duration_seconds) or 0),
            (spec and spec.lease_transitions) or 0,
            spec.renew_time if spec else None,
        )
        self._observe(record)
        self._version = lease.metadata.resource_version
        self._created = lease.metadata.creation_timestamp
        self._fresh = True

    def _gone(self) -> None:
        self._observe(LeaseRecord(there=False))

    def _observe(self, record: LeaseRecord) -> None:
        if record != self._record or self._observed is None:
            self._record, self._observed = record, self._clock()

    def _call(self, request: Callable[..., Any], *arguments: Any) -> Any:
        """An answer, or None where there is no such object."""
        where = f"the lease {self._namespace}/{self._name}"
        try:
            return request(*arguments, _request_timeout=_TIMEOUT)
        except ApiException as error:
            if error.status == HTTPStatus.CONFLICT:
                raise _OutrunError from error
            if error.status == HTTPStatus.NOT_FOUND and request != self._api.create_namespaced_lease:
                return None
            message = f"the API server refuses {where}: {error.status} {error.reason}"
            remedy = "apply the manifests: they make the Lease, and the Role that allows to get and patch it"
            raise ClusterError(message, remedy=remedy) from error
        except (HTTPError, ConfigException, OSError) as error:
            message = f"the API server does not answer for {where}: {type(error).__name__}"
            raise ClusterError(message, remedy="check that the control plane runs and is reached") from error


class _OutrunError(Exception):
    """Somebody else was faster."""


def _text(moment: datetime | None) -> str | None:
    """With six digits always: the server refuses a MicroTime without them, which isoformat may write."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None
