"""Allure's files without secrets, whoever puts something into them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import allure_commons
import attr

from faultcast.infra.redaction import redact_files, redacted

__all__ = ["redact_allure"]

_NAME = "faultcast-redaction"


class _Redaction:
    """Cleans results before they are written, and attachments, which nobody can change before, right after.

    Args:
        folder: Where Allure writes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: Any) -> None:
        """A test."""
        _clean(result)

    @allure_commons.hookimpl(tryfirst=True)
    def report_container(self, container: Any) -> None:
        """The fixtures of some tests."""
        _clean(container)

    @allure_commons.hookimpl(tryfirst=True)
    def report_globals(self, globals_item: Any) -> None:
        """What belongs to the whole report."""
        _clean(globals_item)

    @allure_commons.hookimpl(hookwrapper=True)
    def report_attached_file(self, source: object, file_name: str) -> Iterator[None]:  # noqa: ARG002
        """A copy of a file."""
        yield
        redact_files(self._folder / file_name)

    @allure_commons.hookimpl(hookwrapper=True)
    def report_attached_data(self, body: object, file_name: str) -> Iterator[None]:  # noqa: ARG002
        """A text."""
        yield
        redact_files(self._folder / file_name)


def redact_allure(folder: Path) -> None:
    """From now on Allure's results hold no secrets.

    Args:
        folder: Where Allure writes.
    """
    before = allure_commons.plugin_manager.get_plugin(_NAME)
    if before is not None:
        allure_commons.plugin_manager.unregister(before)
    allure_commons.plugin_manager.register(_Redaction(folder), _NAME)


def _clean(value: Any) -> Any:
    """A text, or what holds texts, without secrets; objects of Allure are changed in place."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, list | tuple):
        return type(value)(_clean(each) for each in value)
    if isinstance(value, Mapping):
        return {name: _clean(each) for name, each in value.items()}
    if attr.has(type(value)):
        for name in attr.fields_dict(type(value)):
            setattr(value, name, _clean(getattr(value, name)))
    return value
