"""Pictures: what they add for items that nobody has taken, and for others; and whether a picture,
or a clip of sound, finds its own item.

    python -m benchmarks.modalities [--sets ml-small ml-100k ml-1m-1500] [--altered 500]
        [--parts reading queries clips hostile modalities network] [--clips 120] [--clips-seed 0]
        [--keep DIR] [--people 400]

The films of MovieLens with the posters of ../shared/data/ml-posters. Cold: a tenth of the items
with a poster, drawn at random, is in the catalogue by its text and poster, all its events gone;
each case is an event of such an item, predicted from what its person did before it. Warm: leave-
one-out. Each expert alone, and the product with and without pictures, each with weights fitted for
itself; the difference with a 95 % interval over pairs of the same cases. Without the sequence
network, whose training would take most of the time. Network: the same cases, asked of the network
and of the whole product, where the network reads the pictures as part of each item and where it
does not; one training each, from which the hidden items are gone. Query by picture: posters cropped
to 80 % of each side, made half as large, recompressed at quality 30, and mirrored, each against all
posters, by nobody in particular. Reading: all posters at once, and a second time. Query by clip:
passages of recordings, invented tunes and speech by espeak-ng (`benchmarks.clips`) of some 10
seconds, altered and sent as a search by nobody in particular; of each kind how many find their own
item first, and in how many searches another item is said to be the same recording (another passage
of one recording aside, which may repeat it); and the same of clips of no item: other passages of
the same recordings, tunes and speech. Files made to harm: `benchmarks.hostile_files`. Result:
benchmarks/results/modalities.json.
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
from PIL import Image, ImageOps

from benchmarks.clip_queries import clip_queries
from benchmarks.cold import Asked, Row, Score, figures, hidden_events
from benchmarks.datasets import SHARED, Absent, write
from benchmarks.hostile_files import hostile_files
from benchmarks.tables import keep_result, show
from benchmarks.worlds import World
from foretaste.domain.data import Interactions, Ints, Item, UserContext
from foretaste.domain.ports import Expert
from foretaste.evaluate import metrics
from foretaste.language.media.decoder import PictureDecoder
from foretaste.loop import Foretaste
from foretaste.model.expert_weights import default_expert_weights
from foretaste.model.fit import fit_expert_weights, fit_experts
from foretaste.model.fit_guard import FitReport
from foretaste.model.product import ProductOfExperts
from foretaste.model.settings import ModelSettings
from foretaste.model.training import Training
from foretaste.prepare.splits import split_leave_one_out

POSTERS = SHARED / "ml-posters" / "img"
EXPERTS = ("popularity", "transition", "neighbour", "content", "lexical", "attribute", "media")
SETTINGS = f'[images]\nfolder = "{POSTERS}"\n[language]\nthreads = 1\n'
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
    movies = poster_names(items, name)
    target = items.with_name("pictured.csv")
    with items.open(encoding="utf-8", newline="") as source, target.open("w", newline="") as file:
        rows = csv.DictReader(source)
        writer = csv.DictWriter(file, [*(rows.fieldnames or ()), "image"])
        writer.writeheader()
        for row in rows:
            poster = f"{movies.get(row['id'], row['id'])}.jpg"
            writer.writerow(row | {"image": poster if (POSTERS / poster).is_file() else ""})
    return target


def poster_names(items: Path, name: str) -> dict[str, str]:
    """The MovieLens id by which there is a poster of an item, where it is not the item's own."""
    if not name.startswith(("ml-1m", "ml-100k")):
        return {}
    with (SHARED / "ml-1m" / "sasrec_items.tsv").open(encoding="utf-8", newline="") as file:
        films = list(csv.DictReader(file, delimiter="\t"))
    if name.startswith("ml-1m"):
        return {film["sas_item_id"]: film["movielens_id"] for film in films}
    by_title = {film["title"].lower(): film["movielens_id"] for film in films}
    with items.open(encoding="utf-8", newline="") as file:
        return {
            row["id"]: by_title.get(f"{row['title']} ({row['year']})".lower(), "none")
            for row in csv.DictReader(file)
        }


def fit(here: World, interactions: Any, valid: Any, experts: Sequence[str]) -> ProductOfExperts:
    """The product of these experts, with weights of its own."""
    settings = here.loop.config.model.model_copy(update={"experts": tuple(experts)})
    loop_config = here.loop.config
    here.loop.config = loop_config.model_copy(update={"model": settings})
    try:
        return here.fitted(interactions, valid)
    finally:
        here.loop.config = loop_config


def network(name: str, keep: Path | None, people: int | None) -> tuple[str, list[Row]]:
    """Cold and warm, with pictures in the sequence network and without."""
    with pictured_world(name, keep) as here:
        rng = np.random.default_rng(0)
        if people is not None:
            here = of_some_people(here, people)
        pictured, interactions, hidden = hidden_items(here, rng)
        cold = hidden_events(interactions, hidden, rng)
        part = split_leave_one_out(interactions.filter_rows(~np.isin(interactions.item, hidden)))
        test = part.test.sample(MAX_WARM_CASES, rng)
        warm = Asked(test.user_contexts(0, len(test)), test.targets)
        training = here.training(part.train, part.valid)
        other_experts = fit_experts(replace(training, settings=model_settings(here, EXPERTS)))
        fits = [
            with_network(
                replace(training, settings=model_settings(here, ["sequence"], own)), other_experts
            )
            for own in (False, True)
        ]
        rows: list[Row] = []
        cases = (
            ("cold, among hidden items", cold, hidden),
            ("cold", cold, None),
            ("warm", warm, None),
        )
        for case, asked, among in cases:
            for model in ("sequence", "product"):
                ranks = [asked.ranks(scores_of(product, model), among) for product, _ in fits]
                labels = (f"{model}, no pictures in the network", f"{model}, pictures in it")
                rows += paired_rows(case, dict(zip(labels, ranks, strict=True)))
        protocol = f"{name}: {len(test):,} people; {len(pictured):,} of {len(here.items):,} items "
        protocol += (
            f"with a poster were taken; {len(hidden):,} hidden, {len(cold.targets):,} cold and "
        )
        chosen = " and ".join(report.chosen for _, report in fits)
        return f"{protocol}as many warm cases; weights of the product: {chosen}", rows


def of_some_people(here: World, count: int) -> World:
    """So many people, always the same."""
    interactions = here.histories
    users = np.random.default_rng(1).choice(len(interactions), count, replace=False)
    return replace(
        here, histories=interactions.filter_rows(np.isin(interactions.row_users(), users))
    )


def model_settings(
    here: World, experts: Sequence[str], media_vectors: bool = False
) -> ModelSettings:
    """Of these experts, the network with pictures or without."""
    settings = here.loop.config.model
    sequence = settings.sequence.model_copy(update={"media_vectors": media_vectors})
    return settings.model_copy(update={"experts": tuple(experts), "sequence": sequence})


def with_network(
    training: Training, other_experts: Sequence[Expert]
) -> tuple[ProductOfExperts, FitReport]:
    """The product of the network, trained, and the others, with weights of its own."""
    experts = (*other_experts, *fit_experts(training))
    product = ProductOfExperts(experts, default_expert_weights(experts))
    return fit_expert_weights(product, training, None)


def scores_of(product: ProductOfExperts, model: str) -> Score:
    """Of the whole product or of one of its experts."""
    if model == "product":
        return product.score
    return product.experts[product.names.index(model)].log_prob


def hidden_items(here: World, rng: np.random.Generator) -> tuple[Ints, Interactions, Ints]:
    """(items with a poster that were taken, all interactions, a tenth of these items)."""
    has_poster = np.asarray(here.shelf.media[0].vectors).any(axis=1)
    interactions = here.histories
    taken = np.unique(interactions.item[interactions.positive_mask()])
    pictured = taken[has_poster[taken]]
    hidden = np.sort(rng.choice(pictured, round(SHARE * len(pictured)), replace=False))
    return pictured, interactions, hidden


def paired_rows(case: str, ranks: dict[str, Any]) -> list[Row]:
    """A row of figures each; of the last one what is changed against the first."""
    rows: list[Row] = [
        {"case": case, "model": label, **figures(own)} for label, own in ranks.items()
    ]
    for metric, label in (
        (lambda own: metrics.recall(own, 50), "recall@50"),
        (lambda own: metrics.recall(own, 10), "recall@10"),
        (lambda own: metrics.ndcg(own, 10), "ndcg@10"),
    ):
        pairs = [np.asarray(metric(own), np.float64) for own in ranks.values()]
        difference = pairs[-1] - pairs[0]
        half_width = 1.96 * difference.std(ddof=1) / np.sqrt(len(difference))
        rows[-1][f"change of {label}"] = f"{difference.mean():+.4f} ± {half_width:.4f}"
    return rows


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
    return rows + paired_rows(case, ranks)


def modalities(name: str, keep: Path | None) -> tuple[str, list[Row]]:
    """Cold and warm, with and without pictures."""
    words = [expert for expert in EXPERTS if expert != "media"]
    with pictured_world(name, keep) as here:
        rng = np.random.default_rng(0)
        pictured, interactions, hidden = hidden_items(here, rng)
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
        protocol = (
            f"{name}: {len(pictured):,} of {len(here.items):,} items with a poster were taken; "
        )
        protocol += (
            f"{len(hidden):,} hidden, {len(cold.targets):,} cold and {len(test):,} warm cases; "
        )
        return protocol + f"weight of pictures {weights}", rows


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


def main() -> None:
    """Each part in turn; what is not on this machine is skipped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=["ml-small", "ml-100k", "ml-1m-1500"])
    parser.add_argument("--altered", type=int, default=500)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--people", type=int, help="of the part network, drawn at random")
    parser.add_argument("--clips", type=int, default=120)
    parser.add_argument("--clips-seed", type=int, default=0)
    all_parts = ["reading", "queries", "clips", "hostile", "modalities", "network"]
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
    if "network" in asked.parts:
        for name in asked.sets:
            parts[f"{name}, network"] = lambda name=name: network(name, asked.keep, asked.people)
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
