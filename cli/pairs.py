"""Options that are given as NAME=VALUE, several times."""

from collections.abc import Sequence

from faultcast.infra.errors import ConfigurationError

__all__ = ["pairs"]


def pairs(option: str, given: Sequence[str] | None, example: str) -> dict[str, str]:
    """Values by name; of two with one name the later one.

    Args:
        option: The option, for the error text.
        given: As they were typed.
        example: One that is right.

    Raises:
        ConfigurationError: One has no name, or no `=`.
    """
    found = {}
    for each in given or ():
        name, sign, value = each.partition("=")
        if not sign or not name:
            message = f"{option} {each!r} is no NAME=VALUE"
            raise ConfigurationError(message, remedy=f"write it as in {option} {example}")
        found[name] = value
    return found
