"""A walk through the board in a real browser, which can reach loopback and nothing else."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from faultcast.infra.settings import load_settings
from faultcast.reports.board.board import Board
from faultcast.reports.board.server import BoardServer, page_files
from tests.browser import visit

__all__ = ["Walk", "walk"]

_CHROMIUM = (b"google.com", b"googleapis.com")
"""Whom the browser itself asks for updates and the time, whatever page is open."""
_PANEL = re.compile(r'<section data-panel="(\d+)" data-state="(\w+)"[^>]*>(.*?)</section>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Seen:
    """A panel in the browser.

    Attributes:
        state: `ok`, `empty`, `error` or `loading`.
        text: What is written in it.
        html: What it is made of.
    """

    state: str
    text: str
    html: str


@dataclass
class Walk:
    """A board that is served, and a browser for it.

    Attributes:
        url: Where the board is.
        folder: For the browser's files.
        left: What the browser asked for elsewhere; it goes through a proxy that remembers it.
        proxy: That proxy.
    """

    url: str
    folder: Path
    left: list[bytes]
    proxy: str

    def open(self, path: str, *options: str) -> str:
        """The page at a path, as it became."""
        flags = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", f"--proxy-server={self.proxy}")
        return visit(f"{self.url}{path}", self.folder, *flags, *options)

    def panels(self, path: str) -> dict[str, Seen]:
        """The panels of a page, by their titles."""
        found = {}
        for _, state, html in _PANEL.findall(self.open(path, "--dump-dom")):
            text = unescape(re.sub(r"<[^>]+>", " ", html))
            found[unescape(re.findall(r"<h3[^>]*>(.*?)</h3>", html)[0])] = Seen(state, text, html)
        return found

    def picture(self, path: str, *options: str) -> Path:
        """A picture of a page."""
        made = self.folder / "page.png"
        self.open(path, f"--screenshot={made}", *options)
        return made


@contextmanager
def walk(board: Board, folder: Path) -> Iterator[Walk]:
    """Serve a board for as long as the block lasts."""
    files = page_files(load_settings().cache_dir, lambda _line: None)
    server = BoardServer(board, files, 0)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    left: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        threading.Thread(target=_remember, args=(proxy, left), daemon=True).start()
        try:
            yield Walk(server.url.rstrip("/"), folder, left, f"127.0.0.1:{proxy.getsockname()[1]}")
        finally:
            server.shutdown()
            server.server_close()


def _remember(proxy: socket.socket, left: list[bytes]) -> None:
    while True:
        try:
            connection, _ = proxy.accept()
        except OSError:  # it was closed: the walk is over
            return
        with connection:
            line = connection.recv(400).partition(b"\r\n")[0]
            if not any(name in line for name in _CHROMIUM):
                left.append(line)
