"""A fake API server on a port of its own, for clients in other processes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakeapi.rights import ADMIN
from tests.fakeapi.transport import TOKEN, Answers


@contextmanager
def listening(server: Answers) -> Iterator[str]:
    """Answer on loopback for as long as the block lasts; gives the URL."""

    class Handler(BaseHTTPRequestHandler):
        def go(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length)
            parts = urlsplit(self.path)
            account = self.headers.get("Authorization", ADMIN).removeprefix(TOKEN)
            status, value = server.answer(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                json.loads(sent) if sent else None,
                self.headers.get("Content-Type", ""),
                account,
            )
            self._send(status, value)

        def _send(self, status: int, value: Any) -> None:
            body = (value() if callable(value) else json.dumps(value)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = go  # noqa: N815 - named by the base class

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=lambda: listener.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_address[1]}"
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join(5)
