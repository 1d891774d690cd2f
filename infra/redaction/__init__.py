"""Keep secrets out of whatever is written or shown.

Two things are taken out of a text: the secrets that this process knows, in every form in which they may
stand there (`forms`), and what looks like one (`patterns`): logins of URLs, tokens of headers, private keys.
Whoever learns a secret says so (`keep`, `sources`); whoever writes a text asks for it without secrets.
"""

from faultcast.infra.redaction.files import (
    RedactedStream,
    copy_redacted,
    redact_files,
    redact_output,
    redacted_document,
    write_plainly,
)
from faultcast.infra.redaction.known import KNOWN
from faultcast.infra.redaction.sources import (
    keep_arguments,
    keep_environment,
    keep_experiment,
    keep_kubeconfig,
)
from faultcast.infra.redaction.urls import Login, keep_login, keep_typed_url, keep_url, split_login

__all__ = [
    "Login",
    "RedactedStream",
    "copy_redacted",
    "hidden",
    "keep",
    "keep_arguments",
    "keep_environment",
    "keep_experiment",
    "keep_kubeconfig",
    "keep_login",
    "keep_typed_url",
    "keep_url",
    "redact_files",
    "redact_output",
    "redacted",
    "redacted_data",
    "redacted_document",
    "split_login",
    "write_plainly",
]

keep = KNOWN.keep
hidden = KNOWN.hidden
redacted_data = KNOWN.redacted_data


def redacted(text: str, *, cut: bool = False) -> str:
    """A text for people without secrets: those that are known, and what looks like one.

    Args:
        text: A sentence, a log line, the text of an error.
        cut: Whether long values in it may have been cut, as a debugger shows them: `'abc...xyz'`.
    """
    return KNOWN.redacted(text, cut=cut)
