"""A tiny workspace, and a real server on it."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import uvicorn

from foretaste.domain.data import Event, Item
from foretaste.domain.patience import KEEP_ALIVE_SECONDS
from foretaste.loop import Foretaste
from foretaste.serve.app import create_app

from .watchdog import WATCHDOG

DEADLINE = 60.0
SPACE = ("rocket", "planet", "moon", "star", "orbit", "astronaut", "galaxy", "comet")
KITCHEN = ("bread", "soup", "cake", "oven", "spice", "butter", "noodle", "garden")
SETTINGS = """\
[language]
threads = 1
[model.sequence]
epochs = 2
[rank]
timeout_ms = 60000
"""


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a real server on this machine that answers so, and logs nothing."""

    class Silent(handler):  # type: ignore[misc, valid-type]
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])  # how soon it can end
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def items() -> list[Item]:
    """Twelve about space, twelve about cooking."""
    found = []
    for theme, words in (("space", SPACE), ("kitchen", KITCHEN)):
        for place in range(12):
            word, other = words[place % 8], words[(place + 3) % 8]
            found.append(
                Item(
                    id=f"{theme}-{place}",
                    title=f"The {word} and the {other}, part {place}",
                    texts={"overview": f"A story about a {word} in {theme}."},
                    attributes={"theme": (theme,), "part": (str(place % 3),)},
                )
            )
    return found


def events() -> list[Event]:
    """Forty people who keep to one theme and go from one item to the next."""
    found = []
    for person in range(40):
        theme = "space" if person % 2 else "kitchen"
        for step in range(5):
            item = f"{theme}-{(person // 2 + step) % 12}"
            at = 1_700_000_000.0 + person * 1000 + step * 60
            found.append(Event(f"p{person}-{step}", "click", at, user=f"p{person}", item=item))
    return found


def make(folder: Path) -> None:
    """A trained workspace in a folder."""
    folder.mkdir(parents=True)
    (folder / "foretaste.toml").write_text(SETTINGS)
    workspace = Foretaste.open(folder)
    workspace.store.put_items(items())
    workspace.record(events())
    workspace.train()
    workspace.close()


def add_version(loop: Foretaste) -> None:
    """A second version, live, of the same numbers as the first."""
    snapshot, version = loop.catch_up(), loop.models.versions()[0]
    loop.models.promote(
        loop.models.save(
            snapshot.product,
            snapshot.catalogue.ids,
            created=version.created + 60,
            data=dict(version.data) | {"event": snapshot.event},
            settings=version.settings,
            metrics=version.metrics,
        )
    )


def until(found: Callable[[], bool], what: str) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + DEADLINE
    while not found():
        assert time.monotonic() < end, f"{what}: still not so after {DEADLINE:.0f} s"
        time.sleep(0.02)


def until_ready(client: httpx.Client) -> None:
    """Wait until the service can answer."""
    end = time.monotonic() + DEADLINE
    while not (answer := client.get("/readyz")).is_success:
        assert answer.status_code == 503, f"it cannot say whether it is ready: {answer.text}"
        assert time.monotonic() < end, f"not ready after {DEADLINE:.0f} s: {answer.text}"
        time.sleep(0.02)


@contextmanager
def serving(folder: Path, *, ready: bool = True) -> Iterator[httpx.Client]:
    """A client of a server on the folder, which is stopped at the end.

    Whatever keeps its event loop fails the test, see `watchdog`.
    """
    config = uvicorn.Config(
        create_app(folder),
        host="127.0.0.1",
        port=0,
        loop="asyncio",  # which lets its callbacks be measured
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,  # as it is served: a busy machine is slower than 5 s
    )
    server = uvicorn.Server(config)

    def run() -> None:
        with WATCHDOG.watching():
            server.run()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive(), "listening")
        port = server.servers[0].sockets[0].getsockname()[1]
        # without TLS nobody needs certificates, which take long to read
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE, verify=False
        ) as client:
            if ready:
                until_ready(client)
                # asking in words is warmed up after that, by a question: it catches up as well
                until(lambda: "warm-up" not in {one.name for one in threading.enumerate()}, "warm")
            yield client
    finally:
        server.should_exit = True
        thread.join()


PROGRAM = "from foretaste.cli.main import main; main()"


@dataclass
class Running:
    """A command that runs in a process of its own, and what it says."""

    process: subprocess.Popen[bytes]
    said: Path

    @property
    def log(self) -> str:
        """What it has written to stderr."""
        return self.said.read_text(errors="replace")

    @property
    def address(self) -> str:
        """Where it listens, once it does."""
        found: list[str] = []

        def listening() -> bool:
            assert self.process.poll() is None, self.log
            found[:] = re.findall(r"http://127\.0\.0\.1:\d+", self.log)
            return bool(found)

        until(listening, "listening")
        return found[0]

    def end(self, signal: int) -> int:
        """Send it a signal and wait for its end. → its exit code."""
        self.process.send_signal(signal)
        return self.process.wait(DEADLINE)


@contextmanager
def running(folder: Path, *words: str, **environment: str) -> Iterator[Running]:
    """`foretaste` as typed, on a workspace; killed at the end."""
    said = folder.parent / f"said-{time.monotonic_ns()}.log"
    with said.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words, "--workspace", str(folder)],
            stdout=file,
            stderr=file,
            env={**os.environ, **environment},
        )
    try:
        yield Running(process, said)
    finally:
        process.kill()
        process.wait()
