"""A model hub on this machine. In: a folder; out: its files, over HTTP, as the hub serves them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "c0ffee" * 6 + "c0ff"


def _listed(path: Path, folder: Path) -> dict[str, object]:
    name = str(path.relative_to(folder))
    return {"type": "file", "path": name, "size": path.stat().st_size, "oid": "0" * 40}


@contextmanager
def hub(repository: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """→ (address, paths asked for) while it is open."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            asked.append(self.path)
            body = self._body()
            self.send_response(404 if body is None else 200)
            if body is None:
                body = b""
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{sha256(body).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def _body(self) -> bytes | None:
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            if self.path.startswith(f"/api/models/{repository}/revision/"):
                return json.dumps({"id": repository, "sha": COMMIT}).encode()
            if self.path.startswith(f"/api/models/{repository}/tree/"):
                return json.dumps([_listed(path, folder) for path in files]).encode()
            prefix = f"/{repository}/resolve/{COMMIT}/"
            asked_for = folder / self.path.removeprefix(prefix)
            return asked_for.read_bytes() if asked_for in files else None

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
