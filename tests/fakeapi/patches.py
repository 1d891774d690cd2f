"""The ways to change an object by PATCH, as the API server understands them."""

from copy import deepcopy
from typing import Any

BY_NAME = frozenset({"containers", "initContainers", "env", "volumes", "imagePullSecrets"})
"""Lists that a strategic patch merges item by item; every other list is replaced, taints included.

The server's OpenAPI document says which have an `x-kubernetes-patch-merge-key`.
"""


class Unprocessable(Exception):  # noqa: N818 - it stands for an answer
    """The patch does not fit the object."""


def patched(found: dict[str, Any], body: Any, content: str) -> Any:
    """The object after a patch.

    Raises:
        Unprocessable: The patch does not fit.
    """
    if "json-patch" in content and isinstance(body, list):
        return _by_operations(deepcopy(found), body)
    return _merged(found, body, strategic="strategic" in content)


def _merged(found: Any, body: Any, *, strategic: bool) -> Any:
    if not isinstance(body, dict):
        return deepcopy(body)
    result = deepcopy(found) if isinstance(found, dict) else {}
    if strategic and body.get("$patch") == "replace":
        return {key: deepcopy(value) for key, value in body.items() if key != "$patch"}
    for key, value in body.items():
        if value is None:
            result.pop(key, None)
        elif strategic and key in BY_NAME and isinstance(value, list):
            result[key] = _by_name(result.get(key, []), value)
        else:
            result[key] = _merged(result.get(key), value, strategic=strategic)
    return result


def _by_name(found: list[Any], body: list[Any]) -> list[Any]:
    items = {item["name"]: item for item in deepcopy(found)}
    for item in body:
        if item.get("$patch") == "delete":
            items.pop(item["name"], None)
        else:
            items[item["name"]] = _merged(items.get(item["name"]), item, strategic=True)
    return list(items.values())


def _by_operations(found: Any, steps: list[Any]) -> Any:
    for step in steps:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]]
        try:
            _operate(found, parts, step)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            message = f"{step['op']} {step['path']}: {error}"
            raise Unprocessable(message) from error
    return found


def _operate(found: Any, parts: list[str], step: Any) -> None:
    holder = found
    for part in parts[:-1]:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    last: Any = parts[-1]
    if isinstance(holder, list):
        last = len(holder) if last == "-" else int(last)
    match step["op"]:
        case "test":
            if holder[last] != step["value"]:
                message = "the test failed"
                raise ValueError(message)
        case "remove":
            del holder[last]
        case "add" if isinstance(holder, list):
            holder.insert(last, step["value"])
        case "replace" if not isinstance(holder, list) and last not in holder:
            raise KeyError(last)
        case _:
            holder[last] = step["value"]
