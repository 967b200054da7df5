"""What reads the pictures and the clips of items, put together. In: settings; out: a `MediaReader`
of each.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from foretaste.domain.data import Floats, Item
from foretaste.domain.ports import AudioEncoder, Bytes
from foretaste.language.media.decoder import ClipDecoder, PictureDecoder
from foretaste.language.media.fetch import fetch_media
from foretaste.language.media.kinds import CLIP, PICTURE
from foretaste.language.media.open import open_audio_encoder, open_image_encoder
from foretaste.language.media.reader import MediaReader
from foretaste.language.media.settings import AudioSettings, ImageSettings
from foretaste.language.media.source import ReferenceReader

Fetch = Callable[..., bytes]
"""As `fetch_media`."""


def picture_reader(
    settings: ImageSettings, workspace: Path, cache: Path, fetch: Fetch = fetch_media
) -> MediaReader[Bytes]:
    """workspace: what a relative folder of the settings is in."""

    def references(item: Item) -> Sequence[str]:
        return item.images[: settings.max_per_item]

    return MediaReader(
        PICTURE,
        settings,
        PictureDecoder(settings.max_pixels),
        lambda: open_image_encoder(settings),
        references,
        ReferenceReader(PICTURE, settings, workspace, fetch),
        cache,
    )


def clip_reader(
    settings: AudioSettings, workspace: Path, cache: Path, fetch: Fetch = fetch_media
) -> MediaReader[Floats]:
    """The same of clips."""
    opened: list[AudioEncoder] = []

    def encoder() -> AudioEncoder:
        if not opened:
            opened.append(open_audio_encoder(settings))
        return opened[0]

    def references(item: Item) -> Sequence[str]:
        return () if item.audio is None else (item.audio,)

    return MediaReader(
        CLIP,
        settings,
        ClipDecoder(settings.max_windows, lambda: encoder().sample_rate),
        encoder,
        references,
        ReferenceReader(CLIP, settings, workspace, fetch),
        cache,
    )
