"""Somebody in front of a page: what they see and press, in a browser of their own."""

from pathlib import Path
from typing import Any

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SERIOUS = ("serious", "critical")
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 760}
STILL = "*, *::before, *::after { animation: none !important; transition: none !important }"


class Visitor:
    """A browser that has never been at the service, and its page.

    problems: what the page itself did wrong: errors of its scripts, and what its policy forbids.
    """

    def __init__(self, browser: Any, url: str, address: str = "/", **context: Any) -> None:
        self.context = browser.new_context(
            **{"viewport": DESK, "locale": "en-GB", "reduced_motion": "reduce", **context}
        )
        self.url, self.problems = url, list[str]()
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._note)
        self.go(address)

    def _note(self, message: Any) -> None:
        is_answer = "Failed to load resource" in message.text or "ERR_CONNECTION" in message.text
        if message.type in ("error", "warning") and not is_answer:
            self.problems.append(message.text)

    def close(self) -> None:
        self.context.close()

    def go(self, address: str) -> None:
        self.page.goto(f"{self.url}{address}")

    def see(self, selector: str) -> Any:
        """The first that is shown, once it is."""
        found = self.page.locator(selector).filter(visible=True).first
        found.wait_for()
        return found

    def texts(self, selector: str) -> list[str]:
        """What is shown in each."""
        found: list[str] = self.page.locator(selector).filter(visible=True).all_inner_texts()
        return found

    def press(self, selector: str) -> None:
        self.see(selector).click()

    def enter(self, field: str, text: str) -> None:
        """Type into a field, and press Enter."""
        self.page.fill(field, text)
        self.page.press(field, "Enter")

    def until(self, script: str, value: Any = None) -> None:
        """Wait until a function of the page says yes."""
        self.page.wait_for_function(script, arg=value)

    def titles(self, shelf: str = "") -> list[str]:
        """Of the cards on the shelves, or on those of one kind."""
        place = f'[data-shelf="{shelf}"]' if shelf else ""
        return self.texts(f"#shelves .shelf{place} .card-title")

    def choose(self, place: int = 1) -> None:
        """Somebody of those there are; the first is place 1."""
        self.press(f".people li:nth-of-type({place + 1}) .person:not(.new)")
        self.see('#shelves [data-shelf="for_you"] .card')

    def begin(self) -> list[str]:
        """As somebody new who picks three. → their titles"""
        self.press(".person.new")
        self.see(".pick-card")
        cards = self.page.locator(".pick .pick-card")
        picked = []
        for place in (0, 2, 4):
            picked.append(cards.nth(place).locator(".card-title").inner_text())
            cards.nth(place).click()
        self.see('#shelves [data-shelf="for_you"] .card')
        return picked

    @property
    def session(self) -> str:
        found: str = self.page.evaluate("sessionStorage.getItem('foretaste.tab-session')")
        return found

    def violations(self) -> list[str]:
        """What axe-core finds of serious or critical weight."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("async () => (await axe.run(document)).violations")
        return [
            f"{row['id']}: {node['target']} {' '.join(node['failureSummary'].split())[:300]}"
            for row in found
            if row["impact"] in SERIOUS
            for node in row["nodes"]
        ]

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        found: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return found
