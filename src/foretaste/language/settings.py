"""What can be set about reading text. In: the table `[language]`; out: `LanguageSettings`."""

from typing import Literal

from pydantic import Field

from foretaste.settings import Settings


class LanguageSettings(Settings):
    """How text becomes vectors."""

    encoder: str = "sentence-transformers/all-MiniLM-L6-v2"
    """The text encoder: a folder, or a name on the Hugging Face hub. BERT, RoBERTa or T5 family."""

    kind: Literal["transformer", "static"] = "transformer"
    """"transformer" reads with the whole model. "static" distils it once into a table of token
    vectors: over a hundred times faster, somewhat less accurate; needs `foretaste[fast]`."""

    revision: str | None = None
    """The commit of the model on the hub; empty takes the one we pin, or else the newest."""

    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """What model.safetensors must hash to; empty takes the one we pin, if we know the model."""

    max_tokens: int = Field(default=128, ge=8)
    """A text is read up to here; at most what the model can take. Longer is slower."""

    batch_tokens: int = Field(default=2048, ge=1)
    """Tokens read at once, padding included. Larger wants more memory."""

    device: str = "auto"
    """"auto" takes a GPU if there is one; or "cpu", "cuda", "cuda:1", "mps"."""

    threads: int | None = Field(default=None, ge=1)
    """CPU threads for PyTorch, in the whole process; empty leaves its own choice. 1 is best for a
    service: on a busy machine threads that wait for one another made a query of 26 ms last 480."""
