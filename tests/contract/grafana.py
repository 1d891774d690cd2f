"""A Grafana as its HTTP API is documented (version 11): health, data sources, folders, dashboards."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "glsa_f4k3T0k3nOfAServiceAccount_0123abcd"


@dataclass
class FakeGrafana:
    """What it holds, and what it was asked.

    Attributes:
        sources: Uids of data sources by name.
        folders: Titles by uid.
        saved: Dashboards by uid, with the folder they are in.
        answers: Status and body that are given instead, by method and path.
        asked: Method and path of each request, in order.
    """

    sources: dict[str, str] = field(default_factory=lambda: {"Prometheus": "p1", "Loki": "l1", "MySQL": "m1"})
    folders: dict[str, str] = field(default_factory=dict)
    saved: dict[str, tuple[dict[str, Any], str]] = field(default_factory=dict)
    answers: dict[str, tuple[int, Any, dict[str, str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def written(self) -> list[str]:
        return [one for one in self.asked if one.startswith("POST")]

    def answer(
        self, method: str, path: str, authorization: str, body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        self.asked.append(f"{method} {path}")
        if given := self.answers.get(f"{method} {path}"):
            return given
        if path == "/api/health":
            return 200, {"database": "ok", "version": "11.6.0", "commit": "d2fdff9"}, {}
        if authorization != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}, {}
        status, found = self._known(method, path.removeprefix("/api/"), body)
        return status, found, {}

    def _known(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        match method, path.split("/"):
            case "GET", ["datasources", "name", name]:
                uid = self.sources.get(unquote(name))
                if uid is None:
                    return 404, {"message": "Data source not found"}
                return 200, {"id": 1, "uid": uid, "name": unquote(name), "type": "any"}
            case "GET", ["folders"]:
                return 200, [{"id": 1, "uid": uid, "title": title} for uid, title in self.folders.items()]
            case "POST", ["folders"]:
                uid = f"f{len(self.folders) + 1}"
                self.folders[uid] = body["title"]
                return 200, {"id": 1, "uid": uid, "title": body["title"], "version": 1}
            case "GET", ["dashboards", "uid", uid]:
                if uid not in self.saved:
                    return 404, {"message": "Dashboard not found", "status": "not-found"}
                dashboard, folder = self.saved[uid]
                return 200, {"dashboard": dashboard, "meta": {"folderUid": folder, "slug": uid}}
            case "POST", ["dashboards", "db"]:
                return self._save(body)
        return 404, {"message": "Not found"}

    def _save(self, body: Any) -> tuple[int, Any]:
        dashboard, uid = body["dashboard"], body["dashboard"]["uid"]
        if uid in self.saved and not body["overwrite"]:
            message = "A dashboard with the same uid already exists"
            return 412, {"message": message, "status": "name-exists"}
        version = self.saved[uid][0]["version"] + 1 if uid in self.saved else 1
        self.saved[uid] = ({**dashboard, "id": 7, "version": version}, body["folderUid"])
        url = f"/d/{uid}/{uid}"
        return 200, {"id": 7, "uid": uid, "url": url, "status": "success", "version": version, "slug": uid}


@contextmanager
def served(grafana: FakeGrafana) -> Iterator[str]:
    """Its URL, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: Any) -> None:
            authorization = self.headers.get("Authorization", "")
            path = urlsplit(self.path).path
            status, found, headers = grafana.answer(self.command, path, authorization, body)
            text = (found if isinstance(found, str) else json.dumps(found)).encode()
            self.send_response(status)
            kind = "text/html" if isinstance(found, str) else "application/json; charset=UTF-8"
            for name, value in {"Content-Type": kind, "Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
