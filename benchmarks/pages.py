"""How soon the shop window is there, and how soon its lists follow a click.

    python -m benchmarks.pages --workspace demo

In: a trained workspace, which is copied. Out: the bytes of the first view, its largest paint, and
the time from a click to the new list, in a real Chromium beside the service on this machine;
printed and, with --write, kept in `results/pages.json`.
"""

import argparse
import json
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.served import Served
from foretaste.evaluate.machine import checked_out_commit, describe_machine

VISITS, CLICKS = 7, 20
PAINT = """() => new Promise(done => new PerformanceObserver(
  list => done(list.getEntries().at(-1).startTime)
).observe({type: 'largest-contentful-paint', buffered: true}))"""
"""→ milliseconds"""
CLICK = """async () => {
  const shelves = document.getElementById('shelves');
  const told = () => document.querySelector('.news-text')?.textContent;
  const before = told();
  const isList = () => told() && told() !== before;
  const isPage = () => isList() && shelves.getAttribute('aria-busy') === 'false';
  const seen = (happened) => new Promise((done) => {
    const look = () => {
      if (!happened()) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, {
      subtree: true, childList: true, characterData: true, attributes: true,
      attributeFilter: ['aria-busy'],
    });
  });
  const began = performance.now();
  document.querySelector('[data-shelf="for_you"] .card-actions button:nth-child(3)').click();
  return Promise.all([seen(isList), seen(isPage)]);
}"""
"""Hide the first item. → milliseconds, by the browser's clock, until the new first list and what
moved in it are painted, and until all shelves are: the event is on disk before that."""
TRIVIAL = """async () => {
  const began = performance.now();
  await (await fetch('/healthz')).text();
  return performance.now() - began;
}"""
"""→ milliseconds of a request that the service answers at once: what the machine is like."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=Path("demo"))
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(shutil.copytree(arguments.workspace, Path(temporary) / "workspace"))
        with Served(folder, workers=1) as service:
            figures = measured(service)
    print(json.dumps(figures, indent=2))
    if arguments.write:
        here = Path(__file__).parent
        about = {"machine": describe_machine(here), "commit": checked_out_commit(here)}
        text = json.dumps({**about, **figures}, indent=2) + "\n"
        (here / "results" / "pages.json").write_text(text, encoding="utf-8")


def measured(service: Served) -> dict[str, Any]:
    """Bytes and milliseconds."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))))
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        first_views = [first_view(browser, service.url) for _ in range(VISITS)]
        figures = click_figures(browser, service)
        browser.close()
    return {
        "first_view_bytes": max(size for size, _ in first_views),
        "largest_paint_ms": round(statistics.median(paint for _, paint in first_views)),
        **figures,
    }


def first_view(browser: Any, url: str) -> tuple[int, float]:
    """(bytes on the wire, largest paint in milliseconds) of a browser that was never there."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url)
    page.wait_for_selector(".person:not(.new):not(.skeleton)")
    page.wait_for_load_state("networkidle")
    paint: float = page.evaluate(PAINT)
    context.close()
    return sum(sizes), paint


def click_figures(browser: Any, service: Served) -> dict[str, Any]:
    """What a click of somebody with a history takes, beside a request without any work."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(service.url)
    page.locator(".person:not(.new):not(.skeleton)").nth(1).click()
    page.wait_for_selector('#shelves [data-shelf="for_you"] .card')
    rows = []
    page.wait_for_load_state("networkidle")
    cpu = service.cpu()
    for _ in range(CLICKS):
        rows.append((*page.evaluate(CLICK), page.evaluate(TRIVIAL)))
        page.wait_for_load_state("networkidle")
    cpu = service.cpu() - cpu
    context.close()
    lists, pages, trivial = zip(*rows, strict=True)
    return {
        "click_to_list_ms": _spread(lists),
        "click_to_page_ms": _spread(pages),
        "trivial_request_ms": _spread(trivial),
        "service_cpu_ms_a_click": round(1000 * cpu / CLICKS, 1),
    }


def _spread(times: Sequence[float]) -> dict[str, float]:
    quantiles = statistics.quantiles(times, n=10)
    return {"median": round(statistics.median(times), 1), "p90": round(quantiles[-1], 1)}


if __name__ == "__main__":
    main()
