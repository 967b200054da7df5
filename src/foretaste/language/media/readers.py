"""What reads the pictures and the clips of items, put together. In: settings; out: a `MediaReader`
of each.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from foretaste.domain.cluster import Cluster
from foretaste.domain.data import Floats, Item
from foretaste.domain.landmarks import PEAKS_VERSION
from foretaste.domain.ports import AudioEncoder, Bytes, MediaEncoder
from foretaste.language.media.decoder import ClipDecoder, PictureDecoder
from foretaste.language.media.fetch import fetch_media
from foretaste.language.media.kinds import CLIP, PICTURE, MediaKind
from foretaste.language.media.landmarks import clip_peaks
from foretaste.language.media.open import open_audio_encoder, open_image_encoder
from foretaste.language.media.reader import MediaReader, PeakFinder
from foretaste.language.media.settings import AudioSettings, ImageSettings
from foretaste.language.media.source import ReferenceReader
from foretaste.language.side_by_side import SharedReading

Fetch = Callable[..., bytes]
"""As `fetch_media`."""


def picture_reader(
    settings: ImageSettings,
    workspace: Path,
    cache: Path,
    fetch: Fetch = fetch_media,
    cluster: Cluster | None = None,
) -> MediaReader[Bytes]:
    """workspace: what a relative folder of the settings is in. cluster: looks at what is many."""

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
        shared=_shared(cluster, PICTURE, partial(open_image_encoder, settings)),
    )


def clip_reader(
    settings: AudioSettings,
    workspace: Path,
    cache: Path,
    fetch: Fetch = fetch_media,
    cluster: Cluster | None = None,
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
        shared=_shared(cluster, CLIP, partial(open_audio_encoder, settings)),
        peak_finder=PeakFinder(
            PEAKS_VERSION, lambda samples: clip_peaks(samples, encoder().sample_rate)
        ),
    )


def _shared(
    cluster: Cluster | None, kind: MediaKind, open_encoder: Callable[[], MediaEncoder[Any]]
) -> SharedReading[Any] | None:
    if cluster is None:
        return None
    return SharedReading(cluster, open_encoder, max(1, kind.files_per_commit // 2))
