"""The fake cluster in a form that can be compared."""

from typing import Any

from tests.fakeapi.nodes import Nodes
from tests.fakeapi.store import Store
from tests.fakeapi.world import World

_MINE = "faultcast"
_PASSING = ("leases",)


def snapshot_of(store: Store, nodes: Nodes, world: World) -> dict[str, Any]:
    """All that a fault must leave as it was: objects, and how many pods of each owner are ready.

    The namespace of Faultcast with its accounts, and the roles of faults, stay on purpose.
    """
    found: dict[str, Any] = {}
    for key, item in store.everything():
        meta, name = item["metadata"], "/".join(key)
        if key.resource == "pods":
            owner = meta.get("ownerReferences", [{"name": key.name}])[0]["name"]
            ready = item["status"]["conditions"][0]["status"]
            name = f"pods of {key.namespace}/{owner} with Ready={ready}"
            found[name] = found.get(name, 0) + 1
        elif not (key.resource in _PASSING or key.name.startswith("fault-") or key.name == _MINE):
            found[name] = (meta.get("labels"), meta.get("annotations"), item.get("spec"), item.get("data"))
    return {
        **found,
        "nodes": sorted(nodes.up()),
        "influences": dict(world.influences),
        "guards": [guard.marker for guard in nodes.guards()],
    }
