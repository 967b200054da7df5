"""Clips of sound, altered and sent as a search: how often their own item comes first, and what is
said of clips of no item. A part of `benchmarks.modalities`.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import clips
from benchmarks.cold import Row
from benchmarks.datasets import REPOSITORY
from foretaste.domain.data import Floats, Item, UserContext
from foretaste.domain.landmarks import decode_peaks
from foretaste.domain.media import AUDIO_MATCH
from foretaste.domain.request import Recommended
from foretaste.generate.media_reasons import IS_SAME
from foretaste.loop import Foretaste

CLIP_SETTINGS = '[audio]\nfolder = "."\n[model]\nexperts = ["popularity", "media", "audio_match"]\n'


def clip_queries(count: int, seed: int = 0) -> tuple[str, list[Row]]:
    """How often an altered clip finds its own item first."""
    rng = np.random.default_rng(seed)
    words = (REPOSITORY / "LICENSE").read_text(encoding="utf-8").split()
    sounds = clips.clips(count, words, rng)
    n_speech = count // 3 if clips.has_speech() else 0
    n_passages = len(clips.passages(count // 3, rng))
    n_tunes = count - n_passages - n_speech
    kinds = np.repeat(["recordings", "tunes", "speech"], [n_passages, n_tunes, n_speech])
    seconds = sum(map(len, sounds)) / clips.RATE
    with tempfile.TemporaryDirectory() as folder:
        for row, samples in enumerate(sounds):
            Path(folder, f"{row}.mp3").write_bytes(clips.as_mp3(samples, clips.USUAL_BIT_RATE))
        Path(folder, "foretaste.toml").write_text(CLIP_SETTINGS)
        loop = Foretaste.open(folder)
        items = [Item(str(row), f"Clip {row}", audio=f"{row}.mp3") for row in range(count)]
        start = time.process_time()
        peaks = loop.data_encoder.media.read(items).spaces[-1].vectors
        reading = time.process_time() - start
        table = [{"id": item.id, "title": item.title, "audio": item.audio} for item in items]
        events = [
            {"user": user, "item": item, "at": 1_780_000_000 + place, "event_type": "play"}
            for user in range(60)
            for place, item in enumerate(rng.permutation(count)[:5])
        ]
        loop.add(items=pd.DataFrame(table), events=pd.DataFrame(events))
        loop.train()
        rows = [
            altered_clips(loop, label, sounds, kinds, rng, alteration)
            for label, alteration in clips.ALTERATIONS.items()
        ]
        sounds_by_kind = clips.unknown_clips(
            sounds, count // 2, words, np.random.default_rng(seed + 1000)
        )
        rows += [
            unknown_clips(loop, label, f"{len(own)} {kind} of no item", own, rng)
            for kind, own in sounds_by_kind.items()
            for label in clips.ALTERATIONS
        ]
        loop.close()
    protocol = f"{count} clips ({n_passages} passages of recordings, {n_speech} of espeak-ng, else "
    protocol += (
        f"invented tunes; seed {seed}) of {seconds / count:.0f} s; a minute of clips is read "
    )
    protocol += f"in {60 * reading / seconds:.1f} s of one core, and its landmarks are kept in "
    return f"{protocol}{60 * sum(map(len, peaks)) / seconds / 1024:.1f} KB", rows


def altered_clips(
    loop: Foretaste,
    label: str,
    sounds: Sequence[Floats],
    kinds: npt.NDArray[np.str_],
    rng: np.random.Generator,
    alteration: tuple[clips.Alteration, int],
) -> Row:
    """What searches find with each clip altered. kinds: [sounds]."""
    alter, bit_rate = alteration
    product = loop.catch_up().product
    expert = product.experts[product.names.index(AUDIO_MATCH)]
    nothing = np.empty(0)
    nobody = UserContext(nothing, nothing, nothing, nothing, nothing)
    firsts, in_ten, is_told_same, false_claims, milliseconds = [], [], [], [], []
    for row, samples in enumerate(sounds):
        sent = clips.as_mp3(alter(samples, rng), bit_rate)
        entries = loop.search(audio=sent, n=10, language="en").items
        shown_ids = [entry.id for entry in entries]
        is_told_same.append(str(row) in same_recordings(entries))
        firsts.append(shown_ids[0] == str(row))
        in_ten.append(str(row) in shown_ids)
        query = decode_peaks(loop.media_queries(audio=sent)[AUDIO_MATCH])
        start = time.perf_counter()
        claimed = expert.scorer(replace(nobody, media_queries={AUDIO_MATCH: query})).candidates(10)
        milliseconds.append(1000 * (time.perf_counter() - start))
        may_repeat = (kinds == "recordings") & (kinds[row] == "recordings")
        false_claims.append(bool(np.any((claimed != row) & ~may_repeat[claimed])))
    shares = {kind: float(np.mean(np.array(firsts)[kinds == kind])) for kind in np.unique(kinds)}
    return {
        "altered": label,
        "own first": float(np.mean(firsts)),
        **shares,
        "own in 10": float(np.mean(in_ten)),
        "own is said to be the same": float(np.mean(is_told_same)),
        "another is the same": float(np.mean(false_claims)),
        "ms of landmarks": round(float(np.median(milliseconds)), 1),
    }


def unknown_clips(
    loop: Foretaste, label: str, kind: str, sounds: Sequence[Floats], rng: np.random.Generator
) -> Row:
    """In how many searches with a clip of no item one is said to be the same recording."""
    alter, bit_rate = clips.ALTERATIONS[label]
    claims = [
        bool(same_recordings(loop.search(audio=sent, n=10, language="en").items))
        for sent in (clips.as_mp3(alter(samples, rng), bit_rate) for samples in sounds)
    ]
    return {
        "altered": f"{kind}, {label}",
        "another is the same": float(np.mean(claims)),
    }


def same_recordings(entries: Sequence[Recommended]) -> set[str]:
    """The items of which it is said."""
    return {entry.id for entry in entries if IS_SAME[0] in entry.reason}
