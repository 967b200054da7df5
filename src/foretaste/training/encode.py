"""Stage 3 of one workspace. In: items, histories, one person's behaviour; out: the same, read.

Which encoder reads is told by name, as a model version is always served with the one it was trained
with; None is the encoder as it was published.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from foretaste.config.load import Config
from foretaste.domain.data import Behaviour, Catalogue, Floats, Histories, Item, Split
from foretaste.domain.ports import Progress, TextEncoder, silent
from foretaste.language.encoders import Encoders
from foretaste.language.open import forgetful
from foretaste.prepare.catalogue import catalogue
from foretaste.prepare.pairs import FEWEST, pairs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Read:
    """All that a model is fitted on, read by one encoder."""

    encoder: str | None
    catalogue: Catalogue
    histories: Histories
    split: Split


class Reading:
    """The language models that read, and what they are asked to."""

    def __init__(
        self,
        config: Config,
        folder: Path,
        *,
        progress: Progress = silent,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._config, self._progress, self._clock = config, progress, clock
        self.encoders = Encoders(config.language, folder)

    def close(self) -> None:
        """Let go of the files of vectors."""
        self.encoders.close()

    def by(self, encoder: str | None) -> TextEncoder:
        """The encoder of this name."""
        return self.encoders.open(encoder)

    def vectors(self, items: Sequence[Item], encoder: str | None = None) -> Floats:
        """[items, dim], what is read of each."""
        return self.by(encoder).encode([item.reading() for item in items], self._progress)

    def catalogue(self, items: Mapping[str, Item], encoder: str | None = None) -> Catalogue:
        """The items, each read."""
        listed = list(items.values())
        return catalogue(listed, self.vectors(listed, encoder))

    def histories(self, found: Histories, encoder: str | None = None) -> Histories:
        """The searches and reviews, each read."""
        if not found.texts:
            return found
        return replace(found, vectors=self.by(encoder).encode(found.texts, self._progress))

    def behaviour(self, one: Behaviour, encoder: str | None, *, keep: bool = True) -> Behaviour:
        """One person's query, searches and reviews, each read; the query is kept only if it may."""
        if one.query:
            reads = self.by(encoder) if keep else forgetful(self.by(encoder))
            one = replace(one, query_vector=reads.encode([one.query])[0])
        if any(one.text):
            one = replace(one, text_vectors=self.by(encoder).encode(one.text))
        return one

    def apart(
        self, found: Histories, items: Mapping[str, Item], cut: Callable[[Histories], Split]
    ) -> Read:
        """Cut, then read; an encoder that is tuned is so on what may be learned from alone."""
        encoder = self.tuned(cut(found).train, items) if self.encoders.pairs else None
        found = self.histories(found, encoder)
        return Read(encoder, self.catalogue(items, encoder), found, cut(found))

    def tuned(self, training: Histories, items: Mapping[str, Item]) -> str | None:
        """Tune the encoder on these histories and no others. → its name; None for too little."""
        settings, seed = self._config.language.tuning, self._config.model.seed
        found = pairs(
            training,
            list(items.values()),
            most=self.encoders.pairs,
            window=settings.window,
            seconds=settings.search_hours * 3600,
            rng=np.random.default_rng(seed),
        )
        if len(found) < FEWEST:
            log.warning("the encoder is not tuned: %d pairs, fewer than %d", len(found), FEWEST)
            return None
        return self.encoders.tune(found, seed=seed, now=self._clock(), progress=self._progress)

    def prune(self, used: Iterable[str | None]) -> None:
        """Delete tuned encoders that are not used any more."""
        self.encoders.prune(set(used), self._clock())
