"""An Event of Kubernetes on each target: `kubectl describe` and `kubectl get events` tell who did this."""

from collections.abc import Sequence
from datetime import datetime

from faultcast.experiments.marks.mark import Mark
from faultcast.experiments.resources.objects import ask
from faultcast.experiments.resources.targets import Target
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.redaction import hidden

__all__ = ["KubernetesMarker"]

_API = {"pod": ("v1", "Pod"), "node": ("v1", "Node"), "deployment": ("apps/v1", "Deployment")}
_MOST_TEXT = 1000  # bytes that the API server takes of a message: 1024


class KubernetesMarker:
    """Writes Events with `reportingController: faultcast` into the namespaces of the targets.

    Those of a node are in the namespace `default`, where the cluster itself puts them.

    Args:
        kube: A client; it needs the right to create Events there, and without it there are none.
    """

    name = "Kubernetes events"

    def __init__(self, kube: KubeClient) -> None:
        self._kube = kube

    def begin(self, mark: Mark) -> None:
        """Write `FaultInjected` on each target.

        Raises:
            ClusterError: The API server is away, or refuses.
        """
        until = f"until {mark.until.isoformat()} at the latest"
        text = f"fault {mark.fault} of experiment {mark.experiment} is in place, {until}"
        self._write(mark, mark.began, "FaultInjected", "Warning", text)

    def end(self, mark: Mark, at: datetime, left: Sequence[str]) -> None:
        """Write `FaultReverted` on each target, or `FaultNotReverted` with what is left.

        Raises:
            ClusterError: The API server is away, or refuses.
        """
        text = f"fault {mark.fault} of experiment {mark.experiment} is over"
        if left:
            self._write(mark, at, "FaultNotReverted", "Warning", f"{text}; left: {'; '.join(left)}")
        else:
            self._write(mark, at, "FaultReverted", "Normal", text)

    def _write(self, mark: Mark, at: datetime, reason: str, kind: str, text: str) -> None:
        for target in mark.targets:
            namespace = target.namespace or "default"
            body = {
                "metadata": {"generateName": "faultcast-", "namespace": namespace},
                "involvedObject": _reference(target),
                "reason": reason,
                "type": kind,
                "message": hidden(text)[:_MOST_TEXT],
                "action": mark.fault,
                "count": 1,
                "firstTimestamp": at.isoformat(),
                "lastTimestamp": at.isoformat(),
                "eventTime": at.isoformat(),
                "source": {"component": "faultcast"},
                "reportingComponent": "faultcast",
                "reportingInstance": mark.trial[:128],
            }
            doing = f"write the event {reason} of {target}"
            ask(doing, self._kube.core.create_namespaced_event, namespace, body)


def _reference(target: Target) -> dict[str, str]:
    version, kind = _API.get(target.kind, ("v1", target.kind.capitalize()))
    wanted = {
        "apiVersion": version,
        "kind": kind,
        "namespace": target.namespace,
        "name": target.name,
        "uid": target.uid,
    }
    return {key: value for key, value in wanted.items() if value}
