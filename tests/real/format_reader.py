"""What the tests of formats share: a small export in, what the store then has out."""

from pathlib import Path
from typing import Any

import foretaste
from foretaste.domain.data import Event, ImportResult, Item, User
from foretaste.loop import Foretaste


class Export:
    """Files of one export in a folder, imported together or one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "export"
        self.folder.mkdir()
        self._workspace = folder / "shop"

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def read(self, *names: str, format_name: str | None = None, **options: Any) -> "Shop":
        """All files of the folder, or those that are named; a format named or found out."""
        sources = [self.folder / name for name in names] or [self.folder]
        loop = foretaste.open(self._workspace)
        lines: list[str] = []
        results = loop.add(*sources, format=format_name, announce=lines.extend, **options)
        shop = Shop(loop, results, lines)
        loop.close()
        return shop

    def settings(self, text: str) -> None:
        self._workspace.mkdir(exist_ok=True)
        (self._workspace / "foretaste.toml").write_text(text)


class Shop:
    """What came of an import."""

    def __init__(self, loop: Foretaste, results: list[ImportResult], lines: list[str]) -> None:
        self.events: list[Event] = [event for _, event in loop.store.events()]
        self.items: dict[str, Item] = {item.id: item for _, item in loop.store.items()}
        self.users: dict[str, User] = {user.id: user for user in loop.store.users_page("", 1000)}
        self.results, self.lines = results, lines

    @property
    def warnings(self) -> str:
        return "\n".join(warning for result in self.results for warning in result.warnings)

    @property
    def rejects(self) -> list[str]:
        return [str(reject) for result in self.results for reject in result.rejects]

    def rows(self) -> list[tuple[str | None, str | None, str]]:
        """(user or session, item or words, type) of each event."""
        return [
            (event.user or event.session, event.item or event.query, event.kind)
            for event in self.events
        ]
