"""A small world: 60 items in four clusters, 200 people who mostly follow their cluster's cycle.

Made from a seed alone, so that a test process and a process it starts see the same.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from foretaste.domain.data import (
    EVENT_TYPE_WEIGHTS,
    Catalogue,
    EvaluationCases,
    Event,
    Floats,
    Interactions,
    Item,
    Split,
    UserContext,
)
from foretaste.domain.impressions import Impressions
from foretaste.domain.landmarks import PEAKS_VERSION, pack_peaks, unpack_peaks
from foretaste.domain.media import AUDIO_MATCH, MediaSpace
from foretaste.domain.ports import Progress, no_progress
from foretaste.domain.store import EventColumns
from foretaste.model.settings import (
    ModelSettings,
    PopularitySettings,
    SequenceSettings,
)
from foretaste.model.training import Training
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.prepare.interactions import build_interactions, build_user_context
from foretaste.prepare.splits import split_leave_one_out

CLUSTERS = ("river stone", "lunar rocket", "garden rose", "jazz piano")
EACH = 15
ITEMS = EACH * len(CLUSTERS)
START = 1_700_000_000.0
HOUR = 3600.0

SEQUENCE = SequenceSettings(
    dim=16,
    layers=1,
    heads=2,
    input_dropout=0.1,
    dropout=0.0,
    learning_rate=2e-2,
    epochs=12,
    check_every=4,
    negatives=1000,
    batch_events=512,
    device="cpu",
)
SETTINGS = ModelSettings(sequence=SEQUENCE, popularity=PopularitySettings(half_life_days=30.0))


class Reader:
    """Reads a text as the sum of its words, each a fixed direction."""

    dim = 16
    fingerprint = "sum of words"

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> Floats:
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for place, text in enumerate(texts):
            for word in text.lower().replace(":", " ").replace(".", " ").split():
                rng = np.random.default_rng(zlib.crc32(word.encode()))
                vectors[place] += rng.normal(size=self.dim) * (0.3 if word.isdigit() else 1.0)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


READER = Reader()


def item(number: int, cluster: int | None = None) -> Item:
    """Item 17 is the third of the second cluster."""
    cluster = number // EACH if cluster is None else cluster
    genres = (f"g{cluster}",) if number % 3 else (f"g{cluster}", "odd")
    return Item(
        f"i{number}",
        f"{CLUSTERS[cluster]} {number}",
        attributes={"genre": genres, "year": (str(2000 + number % 5),)},
    )


def shelf(items: Sequence[Item]) -> Catalogue:
    """The catalogue of these items, read; most of them have a picture."""
    vectors = READER.encode([one.reading() for one in items])
    return build_catalogue(items, vectors, media=(pictures(items), recordings(items)))


def peaks(seed: int) -> bytes:
    """The peaks of ten seconds of a clip, others for each seed."""
    rng = np.random.default_rng(seed)
    frames = np.sort(rng.choice(625, 200, replace=False))
    return pack_peaks(frames, rng.integers(0, 512, 200))


def recordings(items: Sequence[Item]) -> MediaSpace:
    """What is recorded of them; every seventh has no clip."""
    numbers = [int(one.id[1:]) if one.id[1:].isdigit() else 0 for one in items]
    clips = [b"" if number % 7 == 6 else peaks(number) for number in numbers]
    return MediaSpace(AUDIO_MATCH, PEAKS_VERSION, np.array([*clips, None], object)[:-1])


def pictures(items: Sequence[Item]) -> MediaSpace:
    """What they look like: those of a cluster alike; every seventh has no picture."""
    words = [one.title.rsplit(" ", 1)[0] for one in items]
    noise = READER.encode([f"{one.id} {one.title}" for one in items])
    vectors = READER.encode(words) + np.float32(0.5) * noise
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    vectors[[one.id[1:].isdigit() and int(one.id[1:]) % 7 == 6 for one in items]] = 0
    return MediaSpace("image", "sum of words", np.asarray(vectors, np.float32))


def rows(people: int = 200, seed: int = 0) -> Iterator[EventColumns]:
    """What everybody did, person by person; some search, review and refuse as well."""
    rng = np.random.default_rng(seed)
    for person in range(people):
        cluster, place = int(rng.integers(len(CLUSTERS))), int(rng.integers(EACH))
        at = START + float(rng.integers(90 * 24)) * HOUR
        user = f"u{person}"
        for _ in range(int(rng.integers(6, 14))):
            at += HOUR * float(rng.integers(1, 30))
            chance = rng.random()
            if chance < 0.8:
                place = (place + 1) % EACH
            elif chance < 0.9:
                place = int(rng.integers(EACH))
            else:
                stray = f"i{rng.integers(ITEMS)}"
                kind = "hide" if rng.random() < 0.5 else "view"
                yield user, None, stray, kind, None, at, None, None
                continue
            if rng.random() < 0.05:
                yield user, None, None, "search", None, at - 60.0, None, CLUSTERS[cluster]
            review = f"a fine {CLUSTERS[cluster]}" if rng.random() < 0.1 else None
            name = f"i{cluster * EACH + place}"
            yield user, None, name, "review" if review else "view", None, at, review, None


def read(found: Interactions) -> Interactions:
    """The searches and reviews, read."""
    return replace(found, vectors=READER.encode(found.texts)) if found.texts else found


@dataclass(frozen=True)
class World:
    """All of it."""

    items: tuple[Item, ...]
    catalogue: Catalogue
    histories: Interactions
    split: Split

    def training(self, settings: ModelSettings = SETTINGS, **changed: Any) -> Training:
        """What is to be fitted on: the protocol's own training part, unless `changed`."""
        given = {"interactions": self.split.train, "validation_cases": self.split.valid, **changed}
        return Training(catalogue=self.catalogue, settings=settings, **given)

    def until(self, at: float) -> Interactions:
        """What had happened before a time."""
        return self.histories.filter_rows(self.histories.at < at)

    def none(self) -> EvaluationCases:
        """No validation events."""
        nothing = np.empty(0, np.int64)
        return EvaluationCases(self.histories, nothing, nothing)

    def behaviour(self, *events: Event, **asked: Any) -> UserContext:
        """U of these events, read."""
        index, kinds = self.catalogue.index, self.histories.event_types
        return listened(
            build_user_context(events, index, EVENT_TYPE_WEIGHTS, kinds, now=START, **asked)
        )

    def took(self, *numbers: int, **asked: Any) -> UserContext:
        """U of somebody who took these items, an hour apart."""
        return self.behaviour(*(did(n, at) for at, n in enumerate(numbers)), **asked)


def did(number: int | None, at: float, kind: str = "view", **more: Any) -> Event:
    """One event, `at` hours after the start."""
    name = None if number is None else f"i{number}"
    return Event(f"e{at}", kind, START + at * HOUR, user="u", item=name, **more)


def listened(one: UserContext) -> UserContext:
    """Query, searches and reviews read, as the loop does."""
    if one.query:
        one = replace(one, query_vector=READER.encode([one.query])[0])
    if any(one.text):
        one = replace(one, text_vectors=READER.encode(one.text))
    return one


@cache
def world() -> World:
    """The one world all tests share; nothing in it is ever changed."""
    items = tuple(item(number) for number in range(ITEMS))
    shelved = shelf(items)
    found = read(build_interactions(rows(), shelved.index, EVENT_TYPE_WEIGHTS)[0])
    return World(items, shelved, found, split_leave_one_out(found))


def again(expert: Any, where: Catalogue, folder: Path) -> Any:
    """The expert, written down and read back: another object, sharing nothing."""
    arrays, facts = expert.state()
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / "a")
    (folder / "f").write_text(json.dumps(facts))
    return type(expert).from_state(
        load_file(folder / "a"), json.loads((folder / "f").read_text()), where
    )


@cache
def strange() -> dict[str, UserContext]:
    """Behaviours that a service meets sooner or later."""
    here = world()
    unknown, taken = here.took(1, 2), here.took(1, 20, 40)
    return {
        "nothing": here.took(),
        "unknown items": replace(unknown, item=np.full(2, -1, np.int32), text=("", "")),
        "searches": here.behaviour(
            did(None, 0, "search", query="lunar rocket"), did(None, 1, "search", query="zzz")
        ),
        "refusals": here.behaviour(did(3, 0, "hide"), did(4, 1, "dislike")),
        "one event": here.took(7),
        "the same again": here.took(5, 5, 5),
        "taken, then refused": here.behaviour(did(3, 0), did(3, 1, "hide")),
        "everything": here.took(*range(ITEMS)),
        "good, bad and middling": replace(taken, worth=np.array([1, -0.5, 0.25], np.float32)),
        "disliked all": replace(taken, worth=np.full(3, -1, np.float32)),
        "reviews": here.behaviour(did(1, 0, "review", text="a fine rose"), did(2, 1)),
        "very long": here.took(50, *(n % 40 for n in range(9000))),
        "shown and left alone": replace(
            here.took(1),
            impressions=Impressions(
                np.array([7, 20, 1], np.int32), START - np.array([3, 2, 1]) * 24 * HOUR
            ),
        ),
        "a clip": replace(here.took(), media_queries={AUDIO_MATCH: unpack_peaks(peaks(17))}),
        "a clip of nothing known": replace(
            here.took(1), media_queries={AUDIO_MATCH: unpack_peaks(peaks(10_000))}
        ),
        "a query": here.took(20, 21, query="garden rose"),
        "a query alone": here.took(query="jazz"),
        "a query of stop words": here.took(query="the of"),
        "a query of nothing known": here.took(query="???"),
        "a taste": here.took(taste={"genre": ("g2", "no such genre"), "no such column": ("x",)}),
        "all at one time": here.behaviour(did(1, 0), did(2, 0), did(3, 0)),
        "backwards in time": replace(here.took(1, 2, 3), at=np.array([9.0, 5.0, 1.0])),
    }


def ordinary(here: World, n: int = 20) -> list[UserContext]:
    """U of the first validation events."""
    return here.split.valid.user_contexts(0, n)
