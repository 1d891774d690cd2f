"""Clusters that healing opens: each context once, whatever comes of it."""

from collections.abc import Callable

from faultcast.experiments.resources.access import Access
from faultcast.infra.errors import ClusterError, FaultcastError
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.settings import Settings
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["Clusters", "Opener"]

_PATIENCE = Wait(60.0, 0.5)

type Opener = Callable[[Settings, KubeContext], tuple[Access, str]]
"""Gives access to the cluster of a context, and the cluster's identity."""


class Clusters:
    """Opens each context once in a sweep, whatever comes of it; waits for API servers on their way back."""

    def __init__(self, settings: Settings, opener: Opener, back: frozenset[KubeContext]) -> None:
        self._settings, self._opener, self._back = settings, opener, back
        self._known: dict[KubeContext, tuple[Access, str] | FaultcastError] = {}

    def open(self, context: KubeContext) -> tuple[Access, str]:
        """Access and identity.

        Raises:
            FaultcastError: As the opener.
        """
        if context not in self._known:
            try:
                self._known[context] = self._open(context)
            except FaultcastError as error:
                self._known[context] = error
        found = self._known[context]
        if isinstance(found, FaultcastError):
            raise found
        return found

    def _open(self, context: KubeContext) -> tuple[Access, str]:
        if context not in self._back:
            return self._opener(self._settings, context)
        return wait_until(
            "the API server answers again",
            lambda: self._opener(self._settings, context),
            _PATIENCE,
            transient=(ClusterError,),
        )
