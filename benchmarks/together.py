"""Whether what is shown as taken together is what people go on to take: the held-out other item.

`python -m benchmarks.together`. Orders of Diginetica, and what people rated one after another,
without five minutes between, of MovieLens 100k. The last fifth of the baskets by time are held out:
of each with two items or more one item is shown and another is looked for among the first ten, both
drawn at random, three times. The
item's own score is compared with the plain count of people, with the lift over chance without
shrinkage, and with popularity. Only items that the first four fifths know.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.tables import keep_result, show
from foretaste.domain.data import Catalogue
from foretaste.domain.shop_store import BasketRow
from foretaste.model import together
from foretaste.model.together import TogetherScorer, evidence_by_item

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SHOWN, TRIALS = 10, 3
PROTOCOL = f"the last fifth of the baskets by time; hit rate of the other item in {SHOWN}"
Basket = tuple[float, str, tuple[str, ...]]
"""(time, person, items)"""


def diginetica() -> list[Basket]:
    baskets: dict[str, tuple[str, str, set[str]]] = {}
    with (DATA / "diginetica-purchases" / "train-purchases.csv").open() as file:
        for row in csv.DictReader(file, delimiter=";"):
            name = row["ordernumber"]
            own = baskets.setdefault(name, (row["eventdate"], row["sessionId"], set()))
            own[2].add(row["itemId"])
    ordered = sorted(baskets.values(), key=lambda own: own[0])
    return [
        (float(n), person, tuple(sorted(items))) for n, (_, person, items) in enumerate(ordered)
    ]


def movielens() -> list[Basket]:
    by_user = defaultdict[str, list[tuple[float, str]]](list)
    with (DATA / "ml-100k" / "ml-100k.inter").open(encoding="utf-8") as file:
        for row in csv.reader(file, delimiter="\t"):
            if row[3].replace(".", "").isdigit():
                by_user[row[0]].append((float(row[3]), row[1]))
    baskets = []
    for user, rows in by_user.items():
        rows.sort()
        start = 0
        for place in range(1, len(rows) + 1):
            if place == len(rows) or rows[place][0] - rows[place - 1][0] > 300:
                items = tuple(item for _, item in rows[start:place])[:10]
                baskets.append((rows[start][0], user, items))
                start = place
    return sorted(baskets)


def hit_rates(baskets: Sequence[Basket]) -> dict[str, float]:
    cut = len(baskets) * 4 // 5
    train, test = baskets[:cut], [own for own in baskets[cut:] if len(own[2]) > 1]
    counts = Counter(item for _, _, items in train for item in items)
    ids = tuple(counts)
    index = {name: row for row, name in enumerate(ids)}
    catalogue = Catalogue(ids, ids, ids, np.zeros((len(ids), 1), np.float32), (), index)
    total = sum(counts.values())
    popularity = np.log(np.array([counts[name] / total for name in ids])).astype(np.float32)
    by_item = defaultdict[str, list[Basket]](list)
    for basket in train:
        for item in basket[2]:
            by_item[item].append(basket)
    rng, hits, trials = np.random.default_rng(0), Counter[str](), 0
    for _ in range(TRIALS):
        for _, _, items in test:
            shown, other = (str(item) for item in rng.choice(items, 2, replace=False))
            if shown not in index or other not in index:
                continue
            trials += 1
            rows = [
                BasketRow(shown, item, f"{person} {at}")
                for at, person, basket in by_item[shown][-2000:]
                for item in basket
                if item != shown
            ]
            for name, row in scores(rows, catalogue, popularity, index[shown]).items():
                top = np.argpartition(-row, SHOWN)[:SHOWN]
                hits[name] += bool((top == index[other]).any())
    return {"trials": trials, **{name: count / max(trials, 1) for name, count in hits.items()}}


def scores(
    rows: Sequence[BasketRow], catalogue: Catalogue, popularity: np.ndarray, shown: int
) -> Mapping[str, np.ndarray]:
    plain = evidence_by_item(rows, catalogue, min_people=1)
    count, lift = (np.array(popularity, np.float64) / 1e3 for _ in range(2))
    for item, own in plain.items():
        count[item] += own.people
        lift[item] = 50 + np.log(own.people) - popularity[item]
    found = {"popularity": popularity.astype(np.float64), "count": count, "lift": lift}
    for share in LIFT_SHARES:
        together.LIFT_SHARE = share
        row = TogetherScorer(len(popularity), plain, {}, popularity).score_row(None, SHOWN)
        found[f"together {share}"] = np.where(np.isfinite(row), row, popularity - 100.0)
    for row in found.values():
        row[shown] = -np.inf
    return found


LIFT_SHARES = (together.LIFT_SHARE,)


def main() -> None:
    rows = [
        {"set": name, **hit_rates(baskets)}
        for name, baskets in (("diginetica", diginetica()), ("ml-100k", movielens()))
    ]
    show(PROTOCOL, rows)
    keep_result("together", "diginetica, ml-100k", PROTOCOL, rows)


if __name__ == "__main__":
    main()
