"""Where a Prometheus is, and what it asks for: one value, made where somebody names it.

Everything that reads metrics gets this value and asks it for a client, so that nobody can have the address
and forget the token.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faultcast.infra.prometheus.timeouts import PATIENT

if TYPE_CHECKING:
    from faultcast.infra.prometheus.auth import PrometheusAuth
    from faultcast.infra.prometheus.client import PrometheusClient
    from faultcast.infra.settings import Settings

__all__ = ["PrometheusAccess", "prometheus_access"]


@dataclass(frozen=True, slots=True)
class PrometheusAccess:
    """A Prometheus that can be asked; its text is its URL, without any secret.

    Attributes:
        url: Base URL, without user, password and parameters.
        auth: What it asks for; None for nothing.
    """

    url: str
    auth: "PrometheusAuth | None" = field(default=None, repr=False)

    def __str__(self) -> str:
        """The URL, which may be shown."""
        return self.url

    def client(self, *, timeout: tuple[float, float] = PATIENT, patient: bool = True) -> "PrometheusClient":
        """Somebody who asks it.

        Args:
            timeout: Seconds to connect, and seconds without an answer.
            patient: Whether it is asked again when there is no answer.

        Raises:
            ConfigurationError: The URL is none, or its certificates cannot be read.
        """
        from faultcast.infra.prometheus.client import PrometheusClient

        return PrometheusClient(self.url, timeout=timeout, patient=patient, auth=self.auth)


def prometheus_access(url: str, settings: "Settings") -> PrometheusAccess | None:
    """The Prometheus that somebody named, with what the settings say of it.

    The settings' token is meant for the Prometheus that is named with an option, and goes to no other.

    Args:
        url: As it was typed; a user, a password and parameters in it are sent, and shown nowhere.
        settings: The settings.

    Returns:
        None when the URL is empty.

    Raises:
        ConfigurationError: URL and settings make no sense.
    """
    from faultcast.infra.prometheus.auth import auth_of, separated

    if not url.strip():
        return None
    return PrometheusAccess(*separated(url, auth_of(settings)))
