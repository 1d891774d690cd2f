"""Kubeconfigs of two clusters, for tests that must not confuse them."""

from pathlib import Path

from ruamel.yaml import YAML

MEANT, OTHER = "https://meant:6443", "https://other:6443"


def write_kubeconfig(path: Path, *, current: str = "blue", blue: str = MEANT, green: str = OTHER) -> Path:
    """A file with the contexts `blue` and `green`.

    Args:
        path: Where.
        current: The current context; none when empty.
        blue: Server of `blue`.
        green: Server of `green`.
    """
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": [
            {"name": "blue", "cluster": {"server": blue}},
            {"name": "green", "cluster": {"server": green}},
        ],
        "users": [{"name": "me", "user": {}}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": "me"}} for name in ("blue", "green")
        ],
    }
    with path.open("w") as file:
        YAML(typ="safe", pure=True).dump(document, file)
    return path
