"""In: a workspace with a model. Out: its page in the browser, as soon as the service answers."""

import threading
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

from foretaste.cli import console, serve

READY_SECONDS = 300.0
"""How long the page waits for the service."""
POLL_SECONDS = 0.2


def serve_and_open(folder: Path, port: int) -> None:
    """Serve until interrupted; the page is opened once there is something to show on it."""
    address = page_address(port)
    opener = threading.Thread(target=open_when_ready, args=(address,), daemon=True)
    opener.start()
    serve.serve(folder, port=port)


def page_address(port: int) -> str:
    """Where a service on this machine has its page."""
    return f"http://127.0.0.1:{port}/"


def open_when_ready(address: str, *, seconds: float = READY_SECONDS) -> bool:
    """Open the page, or say where it is where there is no browser. → whether it answered in time"""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}readyz", timeout=seconds):
                break
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_SECONDS)
    else:
        return False
    if not webbrowser.open(address):
        console.say(f"Open {address} in a browser.")
    return True
