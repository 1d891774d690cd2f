"""A pod whose container waits in its back-off is deleted, so that its owner makes a new one."""

import http.client
from collections.abc import Mapping
from typing import Any

from ..log import say
from ..targets import TargetContainer
from .restore import ApiServer

__all__ = ["relaunch"]

_BACK_OFF = "CrashLoopBackOff"


def relaunch(
    parameters: Mapping[str, Any], target: TargetContainer, ended: str = "", server: ApiServer | None = None
) -> list[str]:
    """Take a pod out of its back-off; harmless when it is in none.

    Args:
        parameters: `namespace`, `pod_name` and `name` (of the container).
        target: The pod.
        ended: Id of the container that was ended last, which the API server may still call running.
        server: The API server; the pod's own cluster's when None.

    Returns:
        Why the container does not run, and will not before long; empty when it does.
    """
    server = server or ApiServer()
    path = f"/api/v1/namespaces/{parameters['namespace']}/pods/{parameters['pod_name']}"
    what = f"pod {parameters['pod_name']}"
    try:
        status, pod = server.request("GET", path)
        if status == http.client.NOT_FOUND:
            return []
        if status != http.client.OK:
            return [f"{what}: cannot be read: {status}"]
        if pod["metadata"]["uid"] != target.pod or "deletionTimestamp" in pod["metadata"]:
            return []
        if pod["spec"].get("restartPolicy") == "Never":
            return []
        found = [
            each
            for kind in ("containerStatuses", "initContainerStatuses")
            for each in pod.get("status", {}).get(kind) or []
            if each["name"] == parameters["name"]
        ]
        state = found[0]["state"] if found else {}
        if "running" in state:
            if not ended or not str(found[0].get("containerID", "")).endswith(ended) or target.find():
                return []
            return [f"{what}: its container was ended a moment ago"]
        if state.get("waiting", {}).get("reason") != _BACK_OFF:
            return [f"{what}: container {parameters['name']} does not run"]
        body = {"preconditions": {"uid": target.pod}}
        status, answer = server.request("DELETE", path, body)
    except OSError as error:
        return [f"{what}: the API server does not answer: {error}"]
    gone = (http.client.OK, http.client.ACCEPTED, http.client.NOT_FOUND, http.client.CONFLICT)
    if status not in gone:
        return [f"{what}: not deleted: {status} {answer}"]
    say({"event": "relaunched", "pod": target.pod})
    return []
