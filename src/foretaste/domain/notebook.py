"""A list of items in; a pandas frame, and what a notebook shows, out."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas


class NotebookDisplay(ABC):
    """What a recommendation can do in a notebook."""

    __slots__ = ()

    @property
    @abstractmethod
    def omissions(self) -> Iterator[tuple[str, str]]:
        """(item, reason) of what was asked for by name and is not in the list."""

    @property
    @abstractmethod
    def shortfall_text(self) -> str | None:
        """Why there are fewer items than were asked for."""

    headline: str | None

    @abstractmethod
    def __iter__(self) -> Iterator[Any]: ...

    def to_pandas(self) -> "pandas.DataFrame":
        """A row an item: position, id, title, score, reason."""
        import pandas  # a third of a second, for those who want one

        columns = ["position", "id", "title", "score", "reason"]
        rows = [
            (
                recommended.position,
                recommended.id,
                recommended.title,
                recommended.score,
                "; ".join(recommended.reason),
            )
            for recommended in self
        ]
        return pandas.DataFrame(rows, columns=columns)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{recommended.position}</td>"
            f"<td>{escape(recommended.title or recommended.id)}</td>"
            f"<td>{recommended.score:.2f}</td>"
            f"<td>{'<br>'.join(map(escape, recommended.reason))}</td></tr>"
            for recommended in self
        )
        omissions = "".join(
            f"<li>{escape(item)}: {escape(reason)}</li>" for item, reason in self.omissions
        )
        headline = f"<p>{escape(self.headline)}</p>" if self.headline else ""
        return (
            f"{headline}<table><thead><tr><th>#</th><th>item</th><th>score</th><th>why</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
            + (f"<p>{escape(self.shortfall_text)}</p>" if self.shortfall_text else "")
            + (f"<p>Left out:</p><ul>{omissions}</ul>" if omissions else "")
        )
