"""YAML text as data: every way in which it can be wrong is one error that knows its line."""

import json
import warnings
from typing import Any, Literal

__all__ = ["NotYamlError", "load_texts", "load_yaml", "load_yaml_documents"]

type _Kind = Literal["safe", "base", "rt"]


class NotYamlError(ValueError):
    """A text is no YAML.

    Attributes:
        line: Where, counted from 1; None when the parser does not know.
        problem: What is wrong there, without the text itself: that may hold a secret.
    """

    def __init__(self, line: int | None, problem: str) -> None:
        super().__init__(problem if line is None else f"line {line}, {problem}")
        self.line = line
        self.problem = problem


def load_yaml(text: str, kind: _Kind = "safe") -> Any:
    """The one document of a text.

    Args:
        text: YAML 1.2; an anchor may be defined again, as the standard allows.
        kind: `safe` gives plain data, `base` leaves every scalar a text, `rt` gives nodes that know their
            lines.

    Raises:
        NotYamlError: It is no YAML, or holds several documents.

    Example:
        >>> load_yaml("replicas: 2")
        {'replicas': 2}
    """
    return _loaded(text, kind, several=False)


def load_texts(text: str) -> Any:
    """The one document of a text, YAML or JSON, with every scalar as the text it is.

    Nothing of YAML's guesses about numbers and dates: a password `1e10` stays one. JSON may be indented
    with tabs, which YAML refuses.

    Raises:
        NotYamlError: It is neither, holds several documents, or one key twice.
    """
    if text.lstrip().startswith("{"):
        try:
            return _texts(json.loads(text, object_pairs_hook=_once))
        except NotYamlError:
            raise
        except (ValueError, RecursionError):
            pass  # YAML's own mappings begin like this too
    return load_yaml(text, "base")


def load_yaml_documents(text: str) -> list[Any]:
    """All documents of a text, as plain data.

    Raises:
        NotYamlError: It is no YAML.
    """
    documents: list[Any] = _loaded(text, "safe", several=True)
    return documents


def _loaded(text: str, kind: _Kind, *, several: bool) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLWarning

    parser = YAML(typ=kind, pure=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", YAMLWarning)
            return list(parser.load_all(text)) if several else parser.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "cannot be parsed"
        raise NotYamlError(mark.line + 1 if mark else None, str(problem)) from error
    except RecursionError as error:
        raise NotYamlError(None, "it is nested without end") from error
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
        # ruamel.yaml raises bare built-in errors for odd scalars, such as a date in month 13.
        told = str(error).splitlines() or [type(error).__name__]
        raise NotYamlError(None, told[0]) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            shown = key if key.isprintable() else repr(key)
            raise NotYamlError(None, f"the key {shown} is there twice in one mapping")
        found[key] = value
    return found


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
