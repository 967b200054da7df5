"""What can be set about pictures and clips. In: the tables `[images]` and `[audio]`."""

from pydantic import Field

from foretaste.domain.settings import Settings


class ImageSettings(Settings):
    """How the pictures of items become vectors. Needs `foretaste[vision]`."""

    encoder: str = "efficientnet-lite0"
    """What looks at them: "efficientnet-lite0", which comes with `foretaste[vision]`; or a folder
    or name on the Hugging Face hub, of a vision model (DINOv2) or a joint one (CLIP, SigLIP), by
    which a search in words finds pictures too. Empty: no picture is looked at."""

    revision: str | None = None
    """The commit of the model on the hub; empty takes the newest."""

    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """What the weights must hash to; empty takes the one we pin, if we know the model."""

    folder: str | None = None
    """The folder that items' pictures are read from where they are files; a path that leads out of
    it is not read. Empty: no file is read."""

    fetch: bool = False
    """Whether pictures at web addresses are fetched, by the worker or a training, each address
    once, and by a search that names one; only from public addresses."""

    timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    """Within which a picture is fetched, whole."""

    max_bytes: int = Field(default=20_000_000, ge=1_000)
    """Of a picture, at most; a larger one is not looked at."""

    max_pixels: int = Field(default=25_000_000, ge=1_000)
    """Width times height of a picture, at most."""

    max_per_item: int = Field(default=5, ge=1, le=50)
    """Pictures of an item that are looked at, the first ones; their mean is the item's."""

    device: str = "auto"
    """"auto" takes a GPU if there is one; or "cpu", "cuda", "cuda:1", "mps"."""


class AudioSettings(Settings):
    """How the clips of items become vectors. Needs `foretaste[audio]`."""

    encoder: str = "whisper-tiny"
    """What listens to them: "whisper-tiny", which comes with `foretaste[audio]`; or a folder or
    name on the Hugging Face hub, of an audio model (Whisper, Wav2Vec2, AST) or a joint one (CLAP),
    by which a search in words finds clips too. Empty: no clip is listened to."""

    revision: str | None = None
    """The commit of the model on the hub; empty takes the newest."""

    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """What the weights must hash to; empty takes the one we pin, if we know the model."""

    folder: str | None = None
    """The folder that items' clips are read from where they are files; a path that leads out of it
    is not read. Empty: no file is read."""

    fetch: bool = False
    """Whether clips at web addresses are fetched, by the worker or a training, each address once,
    and by a search that names one; only from public addresses."""

    timeout_seconds: float = Field(default=15.0, gt=0, le=300)
    """Within which a clip is fetched, whole."""

    max_bytes: int = Field(default=50_000_000, ge=1_000)
    """Of a clip, at most; a larger one is not listened to."""

    max_windows: int = Field(default=12, ge=1, le=120)
    """Windows of 5 seconds that are listened to; of a longer clip so many, spread over it."""

    device: str = "auto"
    """"auto" takes a GPU if there is one; or "cpu", "cuda", "cuda:1", "mps"."""
