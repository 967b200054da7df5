"""Pictures: what they add for items that nobody has taken, and for others; and whether a picture,
or a clip of sound, finds its own item.

    python -m benchmarks.modalities [--sets ml-small ml-1m] [--altered 500] [--keep DIR]
        [--parts reading queries clips hostile modalities] [--clips 120] [--clips-seed 0]

The films of MovieLens with the posters of ../shared/data/ml-posters. Cold: a tenth of the items
with a poster, drawn at random, is in the catalogue by its text and poster, all its events gone;
each case is an event of such an item, predicted from what its person did before it. Warm:
leave-one-out. Each expert alone, and the product with and without pictures, each with weights
fitted for itself; the difference with a 95 % interval over pairs of the same cases. Without the
sequence network, whose training would take most of the time. Query by picture: posters cropped to
80 % of each side, made half as large, recompressed at quality 30, and mirrored, each against all
posters, by nobody in particular. Reading: all posters at once, and a second time. Query by clip:
passages of recordings, invented tunes and speech by espeak-ng (`benchmarks.clips`) of some 10
seconds, altered and sent as a search by nobody in particular; of each kind how many find their own
item first, and in how many searches another item is said to be the same recording (another passage
of one recording aside, which may repeat it). Files made to harm:
`benchmarks.hostile_files`. Result: benchmarks/results/modalities.json.
"""

import argparse
import csv
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, ImageOps

from benchmarks import clips
from benchmarks.cold import Asked, Row, figures, hidden_events
from benchmarks.datasets import REPOSITORY, SHARED, Absent, write
from benchmarks.hostile_files import hostile_files
from benchmarks.tables import keep_result, show
from benchmarks.worlds import World
from foretaste.domain.data import Floats, Item, UserContext
from foretaste.domain.landmarks import decode_peaks
from foretaste.domain.media import AUDIO_MATCH
from foretaste.evaluate import metrics
from foretaste.language.media.decoder import PictureDecoder
from foretaste.loop import Foretaste
from foretaste.model.product import ProductOfExperts
from foretaste.prepare.splits import split_leave_one_out

POSTERS = SHARED / "ml-posters" / "img"
EXPERTS = ("popularity", "transition", "neighbour", "content", "lexical", "attribute", "media")
SETTINGS = f'[images]\nfolder = "{POSTERS}"\n[language]\nthreads = 1\n'
CLIP_SETTINGS = '[audio]\nfolder = "."\n[model]\nexperts = ["popularity", "media", "audio_match"]\n'
SHARE, MAX_WARM_CASES = 0.1, 3000


@contextmanager
def pictured_world(name: str, keep: Path | None) -> Iterator[World]:
    """The set with its posters, read."""
    if not POSTERS.is_dir():
        raise Absent(f"{POSTERS} is not there")
    with tempfile.TemporaryDirectory() as passing:
        folder = keep / name if keep else Path(passing)
        workspace = folder / "workspace"
        is_new = not workspace.exists()
        workspace.mkdir(parents=True, exist_ok=True)
        (workspace / "foretaste.toml").write_text(SETTINGS)
        events, items = write(name, folder)
        loop = Foretaste.open(workspace)
        try:
            if is_new:
                loop.add(events=events, items=with_posters(items, name))
            known = {item.id: item for _, item in loop.store.items()}
            interactions, _, _ = loop.interactions(known)
            yield World(name, loop, known, loop.catalogue(known), loop.read(interactions))
        finally:
            loop.close()


def with_posters(items: Path, name: str) -> Path:
    """The same table with a column of posters, where there is one."""
    movies: dict[str, str] = {}
    if name == "ml-1m":
        with (SHARED / "ml-1m" / "sasrec_items.tsv").open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t")
            movie = next(field for field in reader.fieldnames or () if "movie" in field.lower())
            movies = {row["sas_item_id"]: row[movie] for row in reader}
    target = items.with_name("pictured.csv")
    with items.open(encoding="utf-8", newline="") as source, target.open("w", newline="") as file:
        rows = csv.DictReader(source)
        writer = csv.DictWriter(file, [*(rows.fieldnames or ()), "image"])
        writer.writeheader()
        for row in rows:
            poster = f"{movies.get(row['id'], row['id'])}.jpg"
            writer.writerow(row | {"image": poster if (POSTERS / poster).is_file() else ""})
    return target


def fit(here: World, interactions: Any, valid: Any, experts: Sequence[str]) -> ProductOfExperts:
    """The product of these experts, with weights of its own."""
    settings = here.loop.config.model.model_copy(update={"experts": tuple(experts)})
    loop_config = here.loop.config
    here.loop.config = loop_config.model_copy(update={"model": settings})
    try:
        return here.fitted(interactions, valid)
    finally:
        here.loop.config = loop_config


def compare(
    case: str, asked: Asked, both: ProductOfExperts, without: ProductOfExperts
) -> list[Row]:
    """A row an expert, and a row a product with the paired difference."""
    rows: list[Row] = []
    rows += [
        {"case": case, "model": expert.name, **figures(asked.ranks(expert.log_prob))}
        for expert in both.experts
        if case == "warm" or not expert.is_counting or expert.name.startswith("attribute")
    ]
    ranks = {
        "product without pictures": asked.ranks(without.score),
        "product": asked.ranks(both.score),
    }
    rows += [{"case": case, "model": label, **figures(own)} for label, own in ranks.items()]
    for at, metric in ((50, metrics.recall), (10, metrics.recall)):
        pairs = [metric(own, at).astype(np.float64) for own in ranks.values()]
        difference = pairs[1] - pairs[0]
        half_width = 1.96 * difference.std(ddof=1) / np.sqrt(len(difference))
        rows[-1][f"change of recall@{at}"] = f"{difference.mean():+.4f} ± {half_width:.4f}"
    return rows


def modalities(name: str, keep: Path | None) -> tuple[str, list[Row]]:
    """Cold and warm, with and without pictures."""
    words = [expert for expert in EXPERTS if expert != "media"]
    with pictured_world(name, keep) as here:
        rng = np.random.default_rng(0)
        has_poster = np.asarray(here.shelf.media[0].vectors).any(axis=1)
        interactions = here.histories
        taken = np.unique(interactions.item[interactions.positive_mask()])
        pictured = taken[has_poster[taken]]
        hidden = np.sort(rng.choice(pictured, round(SHARE * len(pictured)), replace=False))
        cold = hidden_events(interactions, hidden, rng)
        part = split_leave_one_out(interactions.filter_rows(~np.isin(interactions.item, hidden)))
        products = [fit(here, part.train, part.valid, own) for own in (EXPERTS, words)]
        rows = compare("cold", cold, *products)
        weights = products[0].weights_by_expert()["media:image"]
        whole = split_leave_one_out(interactions)
        test = whole.test.sample(MAX_WARM_CASES, rng)
        products = [fit(here, whole.train, whole.valid, own) for own in (EXPERTS, words)]
        warm = Asked(test.user_contexts(0, len(test)), test.targets)
        rows += compare("warm", warm, *products)
        told = f"{name}: {int(has_poster.sum()):,} of {len(here.items):,} items with a poster; "
        told += f"{len(hidden):,} hidden, {len(cold.targets):,} cold and {len(test):,} warm cases; "
        return told + f"weight of pictures {weights}", rows


def cropped(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """80 % of each side, anywhere."""
    width, height = image.size
    size = round(0.8 * width), round(0.8 * height)
    x, y = int(rng.integers(width - size[0] + 1)), int(rng.integers(height - size[1] + 1))
    return image.crop((x, y, x + size[0], y + size[1]))


ALTERATIONS: dict[str, tuple[Callable[[Image.Image, np.random.Generator], Image.Image], int]] = {
    "cropped to 80 %": (cropped, 90),
    "half size": (lambda image, _: image.resize((image.width // 2, image.height // 2)), 90),
    "recompressed at 30": (lambda image, _: image, 30),
    "mirrored": (lambda image, _: ImageOps.mirror(image), 90),
}
"""How a poster is altered, and the quality of the JPEG it is sent as."""


def queries(name: str, count: int, keep: Path | None) -> tuple[str, list[Row]]:
    """How often an altered poster finds its own item first."""
    with pictured_world(name, keep) as here:
        vectors = np.asarray(here.shelf.media[0].vectors)
        pictured = np.flatnonzero(vectors.any(axis=1))
        split = split_leave_one_out(here.histories)
        product = fit(here, split.train, split.valid, ("popularity", "media"))
        rng = np.random.default_rng(0)
        chosen = np.sort(rng.choice(pictured, min(count, len(pictured)), replace=False))
        encoder = here.loop.data_encoder.media.pictures.encoder
        decoder = PictureDecoder(25_000_000)
        nobody = split.test.user_contexts(0, 1)[0].select_events(slice(0, 0))
        rows = []
        for label, (alter, quality) in ALTERATIONS.items():
            sent = [
                as_jpeg(alter(poster(here.items[here.shelf.ids[row]]), rng), quality)
                for row in chosen
            ]
            looks = encoder.encode([decoder.decode(content)[0] for content in sent])
            ranks = []
            for row, look in zip(chosen, looks, strict=True):
                asked: UserContext = replace(nobody, media_queries={"image": look})
                scores = product.score([asked])[0]
                # several films share a poster: whose picture is the very same is as good
                own = np.flatnonzero((vectors @ vectors[row]) > 1 - 1e-5)
                ranks.append(int((scores > scores[own].max()).sum()))
            share = float((np.array(ranks) == 0).mean())
            rows.append(
                {
                    "altered": label,
                    "own first": share,
                    "own in 10": float((np.array(ranks) < 10).mean()),
                }
            )
        decoder.close()
        return f"{name}: {len(chosen)} posters against {len(pictured):,}", rows


def poster(item: Item) -> Image.Image:
    """As its file has it."""
    assert item.image is not None
    return Image.open(POSTERS / item.image).convert("RGB")


def as_jpeg(image: Image.Image, quality: int) -> bytes:
    """The file that is sent."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def cpu_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def reading() -> tuple[str, list[Row]]:
    """How long all posters take, and a second time."""
    rows = []
    items = [Item(path.stem, image=path.name) for path in sorted(POSTERS.glob("*.jpg"))]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "foretaste.toml").write_text(SETTINGS)
        for label in ("first", "second"):
            loop = Foretaste.open(folder)
            start, cpu_start = time.monotonic(), cpu_seconds()
            media = loop.data_encoder.media.read(items)
            seconds = time.monotonic() - start
            loop.close()
            rows.append(
                {
                    "time": label,
                    "seconds": round(seconds, 1),
                    "CPU seconds": round(cpu_seconds() - cpu_start, 1),
                    "not read": len(media.failures),
                }
            )
    return f"{len(items):,} posters, one thread", rows


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
        loop.close()
    told = f"{count} clips ({n_passages} passages of recordings, {n_speech} of espeak-ng, else "
    told += f"invented tunes; seed {seed}) of {seconds / count:.0f} s; a minute of clips is read "
    told += f"in {60 * reading / seconds:.1f} s of one core, and its landmarks are kept in "
    return f"{told}{60 * sum(map(len, peaks)) / seconds / 1024:.1f} KB", rows


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
    firsts, in_ten, false_claims, milliseconds = [], [], [], []
    for row, samples in enumerate(sounds):
        sent = clips.as_mp3(alter(samples, rng), bit_rate)
        shown = [entry.id for entry in loop.search(audio=sent, n=10).items]
        firsts.append(shown[0] == str(row))
        in_ten.append(str(row) in shown)
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
        "another is the same": float(np.mean(false_claims)),
        "ms of landmarks": round(float(np.median(milliseconds)), 1),
    }


def main() -> None:
    """Each part in turn; what is not on this machine is skipped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=["ml-small", "ml-1m"])
    parser.add_argument("--altered", type=int, default=500)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--clips", type=int, default=120)
    parser.add_argument("--clips-seed", type=int, default=0)
    all_parts = ["reading", "queries", "clips", "hostile", "modalities"]
    parser.add_argument("--parts", nargs="+", default=all_parts, choices=all_parts)
    asked = parser.parse_args()
    parts: dict[str, Callable[[], tuple[str, list[Row]]]] = {}
    if "reading" in asked.parts:
        parts["reading"] = reading
    if "queries" in asked.parts:
        parts["query by picture"] = lambda: queries(asked.sets[0], asked.altered, asked.keep)
    if "clips" in asked.parts:
        label = "query by clip" + (f", seed {asked.clips_seed}" if asked.clips_seed else "")
        parts[label] = lambda: clip_queries(asked.clips, asked.clips_seed)
    if "hostile" in asked.parts:
        parts["files made to harm"] = hostile_files
    if "modalities" in asked.parts:
        for name in asked.sets:
            parts[name] = lambda name=name: modalities(name, asked.keep)
    for label, part in parts.items():
        try:
            protocol, rows = part()
        except Absent as error:
            print(error)
            continue
        show(f"{label}: {protocol}", rows)
        keep_result("modalities", label, protocol, rows)


if __name__ == "__main__":
    main()
