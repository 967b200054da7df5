"""The seams between the stages. Imports nothing of ours but the nouns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import (
    Catalogue,
    Floats,
    Interactions,
    Ints,
    Longs,
    Term,
    UserContext,
)
from foretaste.domain.prompt import Deadline, Prompt

Bytes = npt.NDArray[np.uint8]
DecodedT = TypeVar("DecodedT", contravariant=True)
"""What a file is decoded to: pixels, samples."""


class Progress(Protocol):
    """Told how far a long piece of work has come."""

    def __call__(self, task: str, done: int, total: int, note: str = "") -> None: ...


def no_progress(task: str, done: int, total: int, note: str = "") -> None:
    """The progress that shows nothing."""


class TextEncoder(Protocol):
    """A language model that reads: text in, vectors of length 1 out."""

    @property
    def fingerprint(self) -> str:
        """Names the weights and the pooling exactly; the key of the vector cache."""

    @property
    def dim(self) -> int: ...

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> Floats:
        """→ [texts, dim] float32, rows of length 1; an empty text is a zero row."""


class MediaEncoder(Protocol[DecodedT]):
    """A model that looks or listens: decoded pictures or clips in, vectors of length 1 out."""

    @property
    def fingerprint(self) -> str:
        """Names the weights and what is made of a picture or clip exactly; a key of the cache."""

    @property
    def dim(self) -> int: ...

    @property
    def text_encoder(self) -> TextEncoder | None:
        """Of a joint model what reads words into the same space; None of any other."""

    def encode(self, contents: Sequence[DecodedT], progress: Progress = no_progress) -> Floats:
        """→ [contents, dim] float32, rows of length 1.

        contents: of a picture [height, width, 3], red, green and blue; of a clip [samples], -1 to
        1, in windows of 5 seconds one after another, of which the last may be shorter.
        """


class AudioEncoder(MediaEncoder[Floats], Protocol):
    """A model that listens."""

    @property
    def sample_rate(self) -> int:
        """Samples a second that it listens to."""


@dataclass(frozen=True, slots=True)
class TextPairs:
    """What an encoder is tuned on: texts that belong together, as positions in `texts`."""

    texts: tuple[str, ...]
    anchors: Longs
    """[pairs], what is given: an item's text, a search, a review, a title."""
    positives: Longs
    """[pairs], what goes with it: an item's text."""

    def __len__(self) -> int:
        return len(self.anchors)


class Backbone(Protocol):
    """A language model open to be tuned: its tokens, and the network that reads them."""

    pad: int
    """The token that fills up a batch."""

    @property
    def fingerprint(self) -> str:
        """Names the weights and the pooling exactly; what was tuned fits no other."""

    @property
    def dim(self) -> int: ...

    def tokens(self, texts: Sequence[str]) -> list[Ints]:
        """The token ids of each text; of one that is too long the end."""

    def network(self, lora: int | None = None) -> Any:
        """A torch module of the caller's own, as it was published.

        lora: the rank of low-rank additions to its linear layers; all else is then frozen.
        Raises MissingExtra where what makes them is not installed.

        (ids, mask), [batch, length] each → [batch, dim]; its `body` is the transformer.
        """


class BackboneOpener(Protocol):
    """Finds a backbone by its name or folder; "" is the one that reads the items."""

    def __call__(
        self, name: str, *, tokens: int, revision: str | None = None, sha256: str | None = None
    ) -> Backbone: ...


class Writer(Protocol):
    """A language model that writes. Safe to share between threads.

    It holds neither the interpreter nor the cores for long: it works in another process, at a low
    priority, or on another machine.
    """

    @property
    def name(self) -> str:
        """Who writes, for whoever reads it."""

    @property
    def fingerprint(self) -> str:
        """Names the weights or the endpoint, and how they are asked, exactly."""

    def start(self) -> None:
        """Begin to load what takes long, beside everything else; returns at once."""

    def write(self, prompt: Prompt, deadline: Deadline) -> Iterator[str]:
        """The text, piece by piece as it is written; ends early once the deadline is called off.

        Raises WriterError, at any piece: not done in time, too busy, away or broken.
        """

    def close(self) -> None:
        """Let go of it; what is being written ends with a WriterError."""


StateArrays = dict[str, np.ndarray[Any, Any]]
StateMetadata = dict[str, Any]


class RequestScorer(Protocol):
    """What one expert says at one request: the history is read once, then asked about items."""

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items], log P_i of these, or of the whole catalogue.

        Normalised over the catalogue; in a large one the normaliser may be estimated.
        """

    def candidates(self, k: int) -> Ints:
        """About k items that it ranks high, in any order; none where it cannot tell."""

    def terms(self, items: Ints, *, deep: bool = True) -> Sequence[Sequence[Term]]:
        """As `Expert.terms`."""


class Expert(Protocol):
    """One factor of the product: P(r_i | U) over the catalogue, knowing nothing of the others.

    An expert with a method `scorer(user_context) -> RequestScorer` is asked that way at a request;
    of one without it the whole `log_prob` is taken, and the candidates are those of the others. One
    whose deep terms cost less when it is known beforehand that they will be asked for has another,
    `deep_scorer`.

    An expert that answers requests is never changed: `learn` and `grow` are called on a copy, made
    by `sharing.forked`, that nobody reads yet. So they put other values in the place of those
    there, or write to a `sharing.Chunked`; arrays, dictionaries and lists that the copy shares with
    what answers cannot be written to.
    """

    name: str
    is_counting: bool
    """Whether it only counts: fitting is quick and `learn` makes the same of an event."""

    def log_prob(self, user_contexts: Sequence[UserContext]) -> Floats:
        """→ [user_contexts, items], log P_i, each row normalised over the catalogue."""

    def is_active(self, user_context: UserContext) -> bool:
        """Whether it has something to say of this person now; if not, its term is left out."""

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Take in one event as it arrives: the person's context before it, and what was taken."""

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """The catalogue has new items at its end, and those `changed` read otherwise than before.

        Then it should cost in proportion to these. None: any item may have changed.
        """

    def terms(
        self, user_context: UserContext, items: Ints, *, deep: bool = True
    ) -> Sequence[Sequence[Term]]:
        """For each item the parts of log P_i by past event and by feature; they sum to it.

        A `TermTable` is quickest. Not `deep`: in fewer parts where finer ones cost more passes
        through a network.
        """

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """What to write down: arrays for safetensors, facts for JSON."""

    @classmethod
    def from_state(
        cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue
    ) -> Self: ...


__all__ = [
    "Backbone",
    "BackboneOpener",
    "Bytes",
    "Expert",
    "Interactions",
    "Iterable",
    "Longs",
    "MediaEncoder",
    "Progress",
    "RequestScorer",
    "StateArrays",
    "StateMetadata",
    "TextEncoder",
    "TextPairs",
    "Writer",
    "no_progress",
]
