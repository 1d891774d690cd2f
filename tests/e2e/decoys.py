"""A kubeconfig with three contexts, of which two lead to servers that only count who comes.

The current context is one of these two. So whatever forgets which cluster it was told shows up here, and
nowhere else: a decoy takes every write, and says that it agreed to be broken.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from faultcast.infra.kube.kubeconfig import KubeContext, fields_of

REAL = "real"


class Decoy:
    """An API server that nobody should ever ask.

    Attributes:
        visits: Connections and requests so far, in words.
    """

    def __init__(self, name: str) -> None:
        self.name, self.visits = name, list[str]()
        decoy = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                decoy.visits.append(f"{decoy.name}: a connection")
                super().setup()

            def answer(self) -> None:
                decoy.visits.append(f"{decoy.name}: {self.command} {self.path}")
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                meta = {
                    "name": "kube-system",
                    "uid": f"of-{decoy.name}",
                    "labels": {"faultcast.dev/consent": "true"},
                }
                said: dict[str, Any] = {
                    "kind": "Namespace",
                    "apiVersion": "v1",
                    "metadata": meta,
                    "items": [],
                }
                body = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - as the library wants it

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Among:
    """The real cluster's context among decoys.

    Attributes:
        context: Leads to the real cluster.
        decoys: The others.
    """

    def __init__(self, context: KubeContext, decoys: tuple[Decoy, ...]) -> None:
        self.context, self.decoys = context, decoys

    @property
    def visits(self) -> tuple[str, ...]:
        """Whatever reached a decoy."""
        return tuple(visit for decoy in self.decoys for visit in decoy.visits)


@contextmanager
def among_decoys(real: KubeContext) -> Iterator[Among]:
    """A kubeconfig in which a context stands between two decoys; the first one is its current context."""
    fields = fields_of(real)
    decoys = (Decoy("production"), Decoy("staging"))
    clusters = {
        "production": {"server": decoys[0].url},
        REAL: dict(fields.cluster),
        "staging": {"server": decoys[1].url},
    }
    users = {"production": {"token": "x"}, REAL: dict(fields.login), "staging": {"token": "x"}}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "production",
        "clusters": [{"name": name, "cluster": value} for name, value in clusters.items()],
        "users": [{"name": name, "user": value} for name, value in users.items()],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in clusters],
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "kubeconfig"
        file.touch(mode=0o600)
        file.write_text(json.dumps(document, indent=1))
        try:
            yield Among(KubeContext.of(file, REAL), decoys)
        finally:
            for decoy in decoys:
                decoy.end()
