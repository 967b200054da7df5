"""The encoder, put together. In: settings and a folder for caches; out: a `TextEncoder`."""

from pathlib import Path

from foretaste.language.settings import LanguageSettings
from foretaste.language.weights import resolve
from foretaste.ports import TextEncoder


def open_encoder(settings: LanguageSettings, cache: Path) -> TextEncoder:
    """Find the weights and make the encoder; the model itself is loaded when first needed.

    What is read is kept in `cache`, so that opening it again reads nothing twice.

    Raises:
        WeightsError: no weights, or not the pinned ones.
        MissingExtra: a static encoder without model2vec.

    """
    # PyTorch and Transformers take two seconds to import; whoever only imports this does not wait.
    import torch

    from foretaste.language.cache import CachedEncoder
    from foretaste.language.encoder import TransformerEncoder
    from foretaste.language.static import StaticEncoder

    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    weights = resolve(settings.encoder, settings.revision, settings.sha256)
    encoder = TransformerEncoder(weights, settings)
    if settings.kind == "static":
        # No cache around it: the table reads faster than SQLite finds.
        return StaticEncoder(encoder, cache / "static")
    return CachedEncoder(encoder, cache / "vectors.sqlite")
