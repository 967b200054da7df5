"""Stage 3 of one workspace. In: items, histories, one person's behaviour; out: the same, read.

Which encoder reads is told by name, as a model version is always served with the one it was trained
with; None is the encoder as it was published.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from foretaste.config.load import Config
from foretaste.domain.cluster import Cluster
from foretaste.domain.data import Catalogue, Floats, Interactions, Item, Split, UserContext
from foretaste.domain.media import MediaFailure
from foretaste.domain.ports import Progress, TextEncoder, no_progress
from foretaste.domain.query_reading import NOT_CHECKED, QueryReading
from foretaste.language.encoders import Encoders
from foretaste.language.open import forgetful
from foretaste.language.reading_check import query_reading
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.prepare.media_spaces import ItemMedia
from foretaste.prepare.pairs import MIN_PAIRS, build_text_pairs
from foretaste.prepare.reviews import NO_REVIEWS, ItemReviews, reviews_of_interactions
from foretaste.training.media_source import MediaSource
from foretaste.training.review_vectors import with_reviews

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EncodedData:
    """All that a model is fitted on, read by one encoder."""

    encoder: str | None
    catalogue: Catalogue
    interactions: Interactions
    split: Split
    query_reading: QueryReading = NOT_CHECKED
    """How well the encoder reads the catalogue."""
    media_failures: tuple[MediaFailure, ...] = ()
    """Pictures, clips and vectors that could not be read, or not as a whole."""
    media_items: Mapping[str, int] = field(default_factory=dict)
    """Space → items that have a picture or clip, read or not."""


class DataEncoder:
    """The language models that read, and what they are asked to."""

    def __init__(
        self,
        config: Config,
        folder: Path,
        *,
        progress: Progress = no_progress,
        clock: Callable[[], float] = time.time,
        cluster: Cluster | None = None,
    ) -> None:
        """cluster: reads what is long."""
        self._config, self._progress, self._clock = config, progress, clock
        self._cluster = cluster
        self.encoders = Encoders(config.language, folder, cluster)
        self.media = MediaSource(config, folder, progress, cluster)

    def close(self) -> None:
        """Let go of the files of vectors, and of the workers of a cluster."""
        if self._cluster is not None:
            self._cluster.release()
        self.encoders.close()
        self.media.close()

    def open_encoder(self, encoder: str | None) -> TextEncoder:
        """The encoder of this name."""
        return self.encoders.open(encoder)

    def knows_word(self, word: str) -> bool:
        """Whether it is a word of the language of the published encoder."""
        return self.encoders.knows_word(word)

    def forget(self, texts: Sequence[str], encoders: Iterable[str | None]) -> int:
        """Take what is kept of these texts out of the cache. → how many vectors."""
        return self.encoders.forget(texts, encoders)

    def rewrite_cache(self) -> bool:
        """Write the cache anew, without what its file still has of vectors that were deleted. →
        False while it is busy.
        """
        return self.encoders.rewrite_cache()

    def vectors(
        self,
        items: Sequence[Item],
        encoder: str | None = None,
        reviews: ItemReviews = NO_REVIEWS,
    ) -> Floats:
        """[items, dim], what is read of each, and of its reviews."""
        reader = self.open_encoder(encoder)
        vectors = reader.encode([item.reading() for item in items], self._progress)
        return with_reviews(vectors, items, reviews, reader, self._progress)

    def catalogue(
        self,
        items: Mapping[str, Item],
        encoder: str | None = None,
        reviews: ItemReviews = NO_REVIEWS,
    ) -> Catalogue:
        """The items, each read."""
        item_list = list(items.values())
        return self._catalogue(item_list, encoder, self.media.read(item_list), reviews)

    def _catalogue(
        self, items: Sequence[Item], encoder: str | None, media: ItemMedia, reviews: ItemReviews
    ) -> Catalogue:
        typing = self._config.behaviour.feature_typing()
        vectors = self.vectors(items, encoder, reviews)
        return build_catalogue(items, vectors, typing, media.spaces)

    def interactions(self, interactions: Interactions, encoder: str | None = None) -> Interactions:
        """The searches and reviews, each read."""
        if not interactions.texts:
            return interactions
        return replace(
            interactions,
            vectors=self.open_encoder(encoder).encode(interactions.texts, self._progress),
        )

    def user_context(
        self, user_context: UserContext, encoder: str | None, *, keep: bool = True
    ) -> UserContext:
        """One person's query, searches and reviews, each read; the query is kept only if it may."""
        if user_context.query:
            query_encoder = (
                self.open_encoder(encoder) if keep else forgetful(self.open_encoder(encoder))
            )
            user_context = replace(
                user_context, query_vector=query_encoder.encode([user_context.query])[0]
            )
            user_context = self._with_words_as_media(user_context)
        if any(user_context.text):
            user_context = replace(
                user_context, text_vectors=self.open_encoder(encoder).encode(user_context.text)
            )
        return user_context

    def _with_words_as_media(self, user_context: UserContext) -> UserContext:
        """With the words of the query in the space of pictures or clips, where a joint model reads
        both; to a picture or clip that is asked with they add, half and half.
        """
        queries = dict(user_context.media_queries)
        for space, encoder in self.media.joint_text_encoders().items():
            total = encoder.encode([user_context.query or ""])[0] + queries.get(space, 0)
            length = float(np.linalg.norm(total))
            if length > 0:
                queries[space] = np.asarray(total / length, np.float32)
        return replace(user_context, media_queries=queries)

    def encode_split(
        self,
        interactions: Interactions,
        items: Mapping[str, Item],
        make_split: Callable[[Interactions], Split],
    ) -> EncodedData:
        """Cut, then read; an encoder that is tuned is so on what may be learned from alone."""
        encoder = (
            self.tune_encoder(make_split(interactions).train, items)
            if self.encoders.pair_count
            else None
        )
        interactions = self.interactions(interactions, encoder)
        item_list = list(items.values())
        media, split = self.media.read(item_list), make_split(interactions)
        is_private = self._config.privacy.is_private  # then reviews may not be read into items
        reviews = NO_REVIEWS if is_private else reviews_of_interactions(split.train, tuple(items))
        catalogue = self._catalogue(item_list, encoder, media, reviews)
        return EncodedData(
            encoder,
            catalogue,
            interactions,
            split,
            query_reading(self.open_encoder(encoder), catalogue.full_texts),
            media.failures,
            self.media.counts(item_list),
        )

    def tune_encoder(self, training: Interactions, items: Mapping[str, Item]) -> str | None:
        """Tune the encoder on these histories and no others. → its name; None for too little."""
        settings, seed = self._config.language.tuning, self._config.model.seed
        text_pairs = build_text_pairs(
            training,
            list(items.values()),
            max_pairs=self.encoders.pair_count,
            window=settings.window,
            seconds=settings.search_hours * 3600,
            rng=np.random.default_rng(seed),
        )
        if len(text_pairs) < MIN_PAIRS:
            log.warning(
                "the encoder is not tuned: %d pairs, fewer than %d", len(text_pairs), MIN_PAIRS
            )
            return None
        return self.encoders.tune(text_pairs, seed=seed, now=self._clock(), progress=self._progress)

    def prune(self, used: Iterable[str | None]) -> None:
        """Delete tuned encoders that are not used any more."""
        self.encoders.prune(set(used), self._clock())
