"""Changes of manifests as small YAML texts, in the form that `kubectl patch --patch-file` takes."""

from io import StringIO
from typing import Any

from faultcast.experiments.manifests.workloads import Workload
from faultcast.steady_state.advice.advice import ManifestChange

__all__ = ["ABSENT", "HOST", "added", "changed", "constraint", "in_container", "in_pod", "yaml_of"]

HOST = "kubernetes.io/hostname"
ABSENT = "absent"


def yaml_of(document: Any) -> str:
    """A document as YAML, in block style, its keys in order."""
    from ruamel.yaml import YAML

    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    stream = StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def changed(workload: Workload, path: str, before: str, after: str, patch: Any) -> ManifestChange:
    """A change of a workload that is there."""
    return ManifestChange(workload.kind, workload.namespace, workload.name, path, before, after, yaml_of(patch))


def added(document: dict[str, Any], after: str) -> ManifestChange:
    """An object that is not there yet."""
    meta = document["metadata"]
    return ManifestChange(
        document["kind"],
        meta.get("namespace", ""),
        meta["name"],
        "spec",
        ABSENT,
        after,
        yaml_of(document),
        new=True,
    )


def in_pod(spec: dict[str, Any]) -> dict[str, Any]:
    """A patch of the pods' template of a workload."""
    return {"spec": {"template": {"spec": spec}}}


def in_container(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """A patch of one container of the pods' template; containers are merged by their names."""
    return in_pod({"containers": [{"name": name, **settings}]})


def constraint(workload: Workload, key: str = HOST, *, hard: bool = False) -> dict[str, Any]:
    """A topology spread constraint that keeps the pods of a workload apart."""
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "DoNotSchedule" if hard else "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(workload.selector or workload.labels)},
    }
