"""The board's HTTP server: loopback only, GET only, and for nobody who calls it by another name."""

import json
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from faultcast.infra.errors import ConfigurationError, FaultcastError
from faultcast.infra.redaction import hidden
from faultcast.reports.board.board import Asked, Board
from faultcast.reports.npm import install_locked

__all__ = ["BoardServer", "page_files"]

_PAGE = Path(__file__).parent / "page"
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_FIRST = "/d/faultcast-infrastructure"
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"
_SECONDS = 30.0


def page_files(cache: Path, progress: Callable[[str], None]) -> dict[str, bytes]:
    """The files of the page, by name; what draws the graphs comes from npm, once.

    Args:
        cache: Folder of everything that can be had again.
        progress: Told when something is installed.

    Raises:
        RequirementError: Node.js or npm is missing, or npm could not install.
    """
    drawing = install_locked(_PAGE, cache, "board", "the board", progress=progress).modules / "uplot" / "dist"
    ours = [path for path in _PAGE.iterdir() if path.suffix in _KINDS]
    theirs = [drawing / "uPlot.iife.min.js", drawing / "uPlot.min.css"]
    return {path.name: path.read_bytes() for path in (*ours, *theirs)}


class BoardServer(ThreadingHTTPServer):
    """Serves one board on 127.0.0.1 until it is shut down.

    Args:
        board: What answers.
        files: The files of its page.
        port: TCP port; 0 for any that is free.

    Raises:
        ConfigurationError: The port is taken, or may not be used.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, board: Board, files: dict[str, bytes], port: int) -> None:
        self.board = board
        self.files = files
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            message = f"cannot listen at 127.0.0.1:{port}: {error.strerror}"
            raise ConfigurationError(
                message, remedy="name a port that is free: --port 0 takes any"
            ) from error

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


class _Handler(BaseHTTPRequestHandler):
    server: BoardServer
    server_version = "faultcast"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = _SECONDS

    def do_GET(self) -> None:
        """Answer."""
        port = self.server.server_address[1]
        if self.headers.get("Host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            # a page of elsewhere whose name leads here (DNS rebinding) could read everything
            self._send(b"call it 127.0.0.1\n", "text/plain", HTTPStatus.MISDIRECTED_REQUEST)
            return
        path, query = urlsplit(self.path)[2:4]
        match path.strip("/").split("/"):
            case [""]:
                self._send(b"", "text/plain", HTTPStatus.FOUND, location=_FIRST)
            case ["d", _]:
                self._file("board.html")
            case ["page", name]:
                self._file(name)
            case ["api", *parts]:
                self._answer(parts, _asked(query))
            case _:
                self._send(b"there is no such page\n", "text/plain", HTTPStatus.NOT_FOUND)

    def log_message(self, *_: Any) -> None:
        """The page asks every few seconds: not logged."""

    def _answer(self, parts: list[str], asked: Asked) -> None:
        board = self.server.board
        try:
            match parts:
                case ["dashboards"]:
                    work: Callable[[], Any] = board.listing
                case ["layout", uid]:
                    work = partial(board.layout, uid)
                case ["variables", uid]:
                    work = partial(board.variables, uid, asked)
                case ["marks", uid]:
                    work = partial(board.marks, uid, asked)
                case ["panel", uid, number] if number.isdecimal():
                    work = partial(board.panel, uid, int(number), asked)
                case _:
                    raise ConfigurationError("there is no such question", remedy="load the page again")
            found, status = work(), HTTPStatus.OK
        except ConfigurationError as error:
            found, status = {"error": error.what, "remedy": error.remedy}, HTTPStatus.BAD_REQUEST
        except FaultcastError as error:
            found, status = {"error": error.what, "remedy": error.remedy}, HTTPStatus.BAD_GATEWAY
        text = json.dumps(found, ensure_ascii=False, allow_nan=False)
        self._send(hidden(text).encode(), "application/json", status)

    def _file(self, name: str) -> None:
        body = self.server.files.get(name)
        if body is None:
            self._send(b"there is no such page\n", "text/plain", HTTPStatus.NOT_FOUND)
        else:
            self._send(body, _KINDS[Path(name).suffix])

    def _send(self, body: bytes, kind: str, status: int = HTTPStatus.OK, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)


def _asked(query: str) -> Asked:
    """What a page's address says; what it does not is that of a page that was just opened."""
    said = parse_qs(query, keep_blank_values=True)
    chosen = {name.removeprefix("var-"): values for name, values in said.items() if name.startswith("var-")}
    return Asked(said.get("from", ["now-30m"])[0], said.get("to", ["now"])[0], 200, chosen)
