"""What pictures and clips have in common, and where they differ in words: how each is called, where
its settings are, and what its files say they are.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from foretaste.domain.media import AUDIO, IMAGE

Reach = Literal["cache", "files", "new", "all"]
"""What is looked at: what is in the cache alone; files besides; addresses besides that were not
asked in vain lately; all."""


@dataclass(frozen=True, slots=True)
class MediaKind:
    """Pictures, or clips of sound."""

    space: str
    """Its space of vectors."""
    noun: str
    plural: str
    table: str
    """The table of its settings."""
    content_types: tuple[str, ...]
    """How the types begin that servers call it, beside `application/octet-stream`."""
    example_type: str
    """Of a data URL."""
    task: str
    """What is said while it goes on."""
    files_per_commit: int
    """Read between two commits: what a kill -9 can lose."""


PICTURE = MediaKind(
    IMAGE, "picture", "pictures", "images", ("image/",), "image/jpeg", "looking at pictures", 32
)
CLIP = MediaKind(
    AUDIO,
    "clip",
    "clips",
    "audio",
    ("audio/", "video/mp4", "video/ogg", "application/ogg"),
    "audio/mpeg",
    "listening to clips",
    4,
)


class MediaFileSettings(Protocol):
    """What the settings of pictures and of clips both say."""

    @property
    def encoder(self) -> str: ...
    @property
    def folder(self) -> str | None: ...
    @property
    def fetch(self) -> bool: ...
    @property
    def timeout_seconds(self) -> float: ...
    @property
    def max_bytes(self) -> int: ...
