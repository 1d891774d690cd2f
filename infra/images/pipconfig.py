"""How pip of this machine reaches its index of packages, for a build that has to reach it too."""

import ast
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from faultcast.infra.processes import run

__all__ = ["CERTIFICATES", "ca_file", "parse_pip_config", "pip_config"]

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
"""Where the build finds the certificates to trust."""

_WANTED = ("index-url", "extra-index-url", "trusted-host", "proxy", "default-timeout", "timeout", "retries")
_CA_VARIABLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_ENVIRONMENT = ":env:"


def pip_config() -> str:
    """Text of a `pip.conf` that reaches the same index as pip of this machine; it may hold a password."""
    listing = run([sys.executable, "-m", "pip", "config", "list"], check=False).stdout
    options = {**parse_pip_config(listing), "cert": CERTIFICATES}
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in options.items())


def parse_pip_config(listing: str) -> dict[str, str]:
    """The options that say where packages come from, out of what `pip config list` prints.

    Args:
        listing: Lines as in `global.index-url='https://...'`; those of the environment win.
    """
    files: dict[str, str] = {}
    environment: dict[str, str] = {}
    for line in listing.splitlines():
        place, _, value = line.partition("=")
        section, _, name = place.rpartition(".")
        if name not in _WANTED or section not in (_ENVIRONMENT, "global", "install"):
            continue
        text = " ".join(str(ast.literal_eval(value)).split())
        (environment if section == _ENVIRONMENT else files)[name] = text
    return {**files, **environment}


def ca_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file of certificates that this machine trusts; None when it has none in the usual places.

    Args:
        environment: Variables that may name one.
    """
    named = [Path(environment[name]) for name in _CA_VARIABLES if environment.get(name)]
    return next((path for path in (*named, Path(CERTIFICATES)) if path.is_file()), None)
