"""A warm request traced from its HTTP handler to the list and back. In: the folder of a workspace
with a model, or nothing for a small one of its own; out: how often control moves from one file of
the package to another, and how many files it touches.

usage: python tools/call_trace.py [WORKSPACE] [--user USER] [--each]
"""

import argparse
import asyncio
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGE = str(ROOT / "src" / "foretaste") + "/"
HANDLER = ("serve/api/lists.py", "recommend")
BACKUP = ROOT / "tests" / "workspace" / "7a8d2a0.zip"
WARM_UP_REQUESTS = 5
UNRELATED_THREADS = {"answers"}
"""They write beside the answers what was answered before."""


class CallTrace:
    """Calls between files while the handler runs, in whichever thread it has them made."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        """(calling file, called file) → calls."""
        self.moves = 0
        """Changes of the file in which control is, there and back, in each thread."""
        self.armed = self._running = False
        self._current: dict[int, list[str]] = {}

    @property
    def files(self) -> set[str]:
        """All that were entered."""
        return {file for pair in self.calls for file in pair if file}

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """The profile function of each thread."""
        if not self.armed or event not in ("call", "return"):
            return
        if threading.current_thread().name in UNRELATED_THREADS:
            return
        path = frame.f_code.co_filename
        if not path.startswith(PACKAGE):
            return
        file = path.removeprefix(PACKAGE)
        is_handler = (file, frame.f_code.co_name) == HANDLER
        if event == "call":
            if is_handler:
                self._running = True
            if self._running:
                self._enter(file)
        elif self._running:
            self._leave(file)
            if is_handler:
                self._running = self.armed = False

    def _enter(self, file: str) -> None:
        stack = self._current.setdefault(threading.get_ident(), [])
        caller = stack[-1] if stack else ""
        self.calls[caller, file] += 1
        self.moves += caller != file
        stack.append(file)

    def _leave(self, file: str) -> None:
        stack = self._current.get(threading.get_ident())
        if stack:
            stack.pop()
            self.moves += bool(stack) and stack[-1] != file


async def traced_request(workspace: Path, user: str) -> CallTrace:
    """One request like those before it."""
    trace = CallTrace()
    threading.setprofile(trace)
    sys.setprofile(trace)
    import httpx

    from foretaste.serve.app import create_app

    app = create_app(workspace)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://foretaste") as client,
    ):
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.1)
        for number in range(WARM_UP_REQUESTS + 1):
            trace.armed = number == WARM_UP_REQUESTS
            answer = await client.post("/v1/recommend", json={"user": user, "timeout_ms": 10_000})
            answer.raise_for_status()
            assert "degraded" not in answer.json() or answer.json()["degraded"] is None
    sys.setprofile(None)
    return trace


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", nargs="?", type=Path)
    parser.add_argument("--user", default="u1")
    parser.add_argument("--each", action="store_true", help="the pairs of files as well")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = arguments.workspace
        if workspace is None:
            from foretaste.workspace.backup import restore

            workspace = Path(folder) / "workspace"
            restore(BACKUP, workspace)
        trace = asyncio.run(traced_request(workspace, arguments.user))
    across = sum(count for (caller, file), count in trace.calls.items() if caller != file)
    print(f"{trace.moves} moves between files, {across} of them calls; {len(trace.files)} files")
    if arguments.each:
        for (caller, file), count in trace.calls.most_common():
            if caller != file:
                print(f"{count:5}  {caller or 'outside'} → {file}")


if __name__ == "__main__":
    main()
