"""In: a trained workspace. Out: a picture of the page at `/`, a list with its reasons, as PNG.

    python tools/page_picture.py --workspace demo docs/page.png

A real `foretaste serve` answers and a real Chromium draws the page. `make picture` does it for
the README. An empty list, an error of the page or a missing reason ends it with exit code 1, and
no picture is written.
"""

import argparse
import io
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from PIL import Image

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 300.0
WIDTH, HEIGHT = 1000, 1200
"""Of the browser's window, in CSS pixels."""
ITEMS = 3
"""The picture ends below so many items."""
MARGIN = 12
WARM_UPS = 5
"""The first answers of a service are slower than all that follow."""
PIXELS_PER_CSS_PIXEL = 1.5
COLOURS = 48
"""Text on one background needs no more, and the file is a quarter as large."""
LOOKS = "body { font-family: 'Liberation Sans', Arial, sans-serif !important }"


def main() -> None:
    """Serve, look, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", type=Path, help="the PNG to write")
    parser.add_argument("--workspace", type=Path, default=Path("demo"))
    parser.add_argument("--user", default="526", help="whose list is shown")
    parser.add_argument("--query", default="", help="what they search for, if anything")
    options = parser.parse_args()
    with serving(options.workspace) as address:
        picture = taken(address, options.user, options.query)
    smaller = (
        Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    )
    smaller.save(options.target, optimize=True)
    print(f"wrote {options.target}, {options.target.stat().st_size / 1000:.0f} kB")


@contextmanager
def serving(workspace: Path) -> Iterator[str]:
    """The address of `foretaste serve` on the workspace, ready to answer; stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from foretaste.cli.main import main; main()", "serve"]
    service = subprocess.Popen([*command, "--workspace", str(workspace), "--port", str(port)])
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_ready(service, address)
        yield address
    finally:
        service.terminate()
        service.wait()


def wait_until_ready(service: subprocess.Popen[bytes], address: str) -> None:
    """Raises SystemExit where the service ends or is not ready in time."""
    end = monotonic() + START_SECONDS
    while monotonic() < end:
        if service.poll() is not None:
            raise SystemExit("the service ended before it was ready")
        try:
            with urllib.request.urlopen(f"{address}/readyz"):
                return
        except (urllib.error.URLError, ConnectionError):
            sleep(0.2)
    raise SystemExit(f"the service was not ready after {START_SECONDS:.0f} s")


def taken(address: str, user: str, query: str) -> bytes:
    """The picture, once the page shows a list in which each of the first items has a reason."""
    from playwright.sync_api import sync_playwright

    browser_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser_path is None:
        raise SystemExit("no Chromium here; install one, e.g. apt-get install chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=PIXELS_PER_CSS_PIXEL,
            color_scheme="light",
            bypass_csp=True,  # for the one line of style below
        )
        for _ in range(WARM_UPS + 1):
            page.goto(f"{address}/?user={user}&query={query}")
            page.wait_for_selector(last_item(".reason"), timeout=START_SECONDS * 1000)
        check(page)
        page.add_style_tag(content=LOOKS)
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = false)")
        bottom = page.locator(last_item()).evaluate("item => item.getBoundingClientRect().bottom")
        page.set_viewport_size({"width": WIDTH, "height": round(bottom) + MARGIN})
        picture: bytes = page.screenshot()
        browser.close()
    return picture


def last_item(part: str = "") -> str:
    """The CSS selector of the last item in the picture, or of a part of it."""
    return f"#list > li:nth-child({ITEMS}) {part}".strip()


def check(page: Any) -> None:
    """Raises SystemExit where the page shows an error or has no history beside the list."""
    if page.locator("#status.wrong").count():
        raise SystemExit(f"the page shows an error: {page.locator('#status').inner_text()}")
    if page.locator("#past .quiet").count():
        raise SystemExit("the page shows a user without a history; name another with --user")


if __name__ == "__main__":
    main()
