"""In: something to close. Out: a `with` block at whose end it is closed."""

from abc import ABC, abstractmethod
from typing import Self


class Closable(ABC):
    """Closed at the end of its `with` block, whatever happens in it."""

    __slots__ = ()

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
