"""Volumes for the claims of one node: a folder on its disk for each, removed with its claim.

One such process runs on every node and cares for what was scheduled there, so none needs to reach another.
"""

import shutil
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from .api import Api, attempt, say, warning

__all__ = ["PROVISIONER", "Volumes", "refusal", "volume_of"]

Object = Mapping[str, Any]

PROVISIONER = "faultcast.dev/local-path"
"""What a storage class names to have its volumes from here."""

_BY = "volume-provisioner"
_CLAIMS = "/api/v1/persistentvolumeclaims"
_VOLUMES = "/api/v1/persistentvolumes"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_WANTS = "volume.kubernetes.io/storage-provisioner"
_NODE = "volume.kubernetes.io/selected-node"
_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
_HOSTNAME = "kubernetes.io/hostname"
_OF_ONE_NODE = {"ReadWriteOnce", "ReadWriteOncePod"}


class Volumes:
    """Gives claims of one node their volumes, and removes what nobody claims any more.

    Attributes:
        watched: API paths whose changes matter.

    Args:
        api: The API server.
        node: Name of the node.
        folder: Where this process sees the folders of the volumes.
        host_folder: The same place as the kubelet sees it.
    """

    watched = (_CLAIMS, _VOLUMES)

    def __init__(self, api: Api, node: str, folder: Path, host_folder: Path) -> None:
        self._api = api
        self._node = node
        self._folder = folder
        self._host_folder = host_folder
        self._refused: set[str] = set()

    def reconcile(self) -> None:
        """Bring volumes to what the claims say; raises OSError when the API server or the disk refuses."""
        volumes = {volume["metadata"]["name"]: volume for volume in self._api.items(_VOLUMES)}
        for claim in self._api.items(_CLAIMS):
            if self._is_mine(claim) and _name(claim) not in volumes:
                whole = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim}
                attempt(partial(self._provide, whole))
        for name, volume in volumes.items():
            if self._is_over(volume):
                attempt(partial(self._remove, name))

    def _is_mine(self, claim: Object) -> bool:
        meta = claim["metadata"]
        notes = meta.get("annotations") or {}
        wanted = (notes.get(_WANTS), notes.get(_NODE)) == (PROVISIONER, self._node)
        return wanted and not claim["spec"].get("volumeName") and "deletionTimestamp" not in meta

    def _is_over(self, volume: Object) -> bool:
        notes, spec = volume["metadata"].get("annotations") or {}, volume["spec"]
        return (
            notes.get(_PROVISIONED_BY) == PROVISIONER
            and self._node in _nodes_of(spec)
            and spec.get("persistentVolumeReclaimPolicy") == "Delete"
            and volume["status"].get("phase") in ("Released", "Failed")
        )

    def _provide(self, claim: Object) -> None:
        meta, name = claim["metadata"], _name(claim)
        if why := refusal(claim):
            if meta["uid"] not in self._refused:
                self._refused.add(meta["uid"])
                event = warning(claim, "ProvisioningFailed", why, _BY)
                self._api.create(f"/api/v1/namespaces/{meta['namespace']}/events", event)
            return
        kind = self._api.get(f"{_CLASSES}/{_class_of(claim)}")
        place = self._folder / name
        place.mkdir(exist_ok=True)
        place.chmod(0o777)  # whichever user the pod runs as
        self._api.create(_VOLUMES, volume_of(claim, kind, self._node, self._host_folder))
        say(f"volume {name} for {meta['namespace']}/{meta['name']}")

    def _remove(self, name: str) -> None:
        place = self._folder / name
        if place.is_dir():
            shutil.rmtree(place)
        self._api.delete(f"{_VOLUMES}/{name}")
        say(f"removed volume {name}")


def refusal(claim: Object) -> str:
    """Why a folder on a node cannot be what a claim asks for; empty when it can."""
    spec = claim["spec"]
    if other := sorted(set(spec.get("accessModes") or ()) - _OF_ONE_NODE):
        return (
            f"a volume of this class is on one node and cannot be {', '.join(other)}; ask for ReadWriteOnce"
        )
    if spec.get("volumeMode", "Filesystem") != "Filesystem":
        return "a volume of this class is a folder and no block device; ask for volumeMode Filesystem"
    if spec.get("selector"):
        return "a volume of this class is made for its claim and cannot be selected by labels"
    if spec.get("dataSource") or spec.get("dataSourceRef"):
        return "a volume of this class starts empty and cannot be made from a snapshot or another volume"
    return ""


def volume_of(claim: Object, kind: Object, node: str, host_folder: Path) -> dict[str, Any]:
    """The volume for a claim.

    Args:
        claim: The claim.
        kind: Its storage class.
        node: Where it is.
        host_folder: Folder of all volumes there, as the kubelet sees it.
    """
    meta, spec, name = claim["metadata"], claim["spec"], _name(claim)
    here = {"key": _HOSTNAME, "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {_PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "volumeMode": "Filesystem",
            "persistentVolumeReclaimPolicy": kind.get("reclaimPolicy", "Delete"),
            "storageClassName": _class_of(claim),
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"],
                "name": meta["name"],
                "uid": meta["uid"],
            },
            "local": {"path": str(host_folder / name)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }


def _class_of(claim: Object) -> str:
    notes = claim["metadata"].get("annotations") or {}
    name: str = notes.get(_OLD_CLASS) or claim["spec"].get("storageClassName", "")
    return name


def _name(claim: Object) -> str:
    return f"pvc-{claim['metadata']['uid']}"


def _nodes_of(spec: Object) -> Iterable[str]:
    terms = spec.get("nodeAffinity", {}).get("required", {}).get("nodeSelectorTerms") or ()
    for term in terms:
        for expression in term.get("matchExpressions") or ():
            if expression["key"] == _HOSTNAME:
                yield from expression.get("values") or ()
