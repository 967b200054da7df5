"""Three hundred reasons from five catalogues, to be read by a person against a list of faults.

    python -m benchmarks.understanding.reasons [--folder DIR] [--language de] [--per-catalogue 75]

A reason is faulty if it is wrong (not so of the item or the person), empty (tells nothing), the
same for all of its list, or clumsy (nobody would print it). What a machine can see is counted here:
text that names what is not in the evidence, that is about the item itself, that is on every item,
that has a number of the model, or that stands twice on one item.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from benchmarks.datasets import REPOSITORY, Absent
from benchmarks.understanding.catalogues import CATALOGUES, open_catalogue
from foretaste.domain.data import Recommendation, Recommended
from foretaste.generate.checker import find_reason_fault
from foretaste.generate.messages import messages_in
from foretaste.loop import Foretaste

FOLDER = REPOSITORY / "benchmarks" / "results" / "understanding"
_MODEL_NUMBER = re.compile(r"[+-]\d+\.\d+|\bnats?\b")
QUERIES = {
    "films": ("a slow film about space", "war", "murder mystery"),
    "shop": ("warm hoodie", "rain jacket", "cotton"),
    "clothes": ("summer dress", "waterproof", "black shoes"),
    "books": ("dragon treasure", "desert planet", "detective"),
    "news": ("election", "football final", "climate"),
}


def lists_of(name: str, shop: Foretaste, language: str) -> Iterator[tuple[str, Recommendation]]:
    """(what was asked, list): of people, of items, of words, of nobody."""
    catalogue = {item.id: item for _, item in shop.store.items()}
    items = list(catalogue)
    users = [user for user in shop.interactions(catalogue)[0].users if user.isprintable()]
    for turn in range(200):
        user = users[turn * 7 % len(users)]
        yield f"user {user}", shop.recommend(user, n=6, language=language)
        if turn % 4 == 0:
            query = QUERIES[name][turn // 4 % len(QUERIES[name])]
            yield f"query {query}", shop.search(query, user, n=4, language=language)
        if turn % 4 == 2:
            item = items[turn * 11 % len(items)]
            yield f"similar to {item}", shop.similar(item, user, n=4, language=language)
        if turn % 6 == 5:
            yield "a stranger", shop.recommend(n=4, language=language)


def machine_faults(recommended: Recommended, answer: Recommendation, language: str) -> list[str]:
    """What is wrong with an item's reasons that a machine can see."""
    faults = []
    texts = [reason.text for reason in recommended.reasons]
    if len(set(texts)) < len(texts):
        faults.append("says it twice")
    for reason in recommended.reasons:
        others = [other.reason for other in answer.items]
        if len(others) > 2 and all(reason.text in other for other in others):
            faults.append(f"same for all: {reason.text}")
        if reason.event == recommended.id:
            faults.append(f"about the item itself: {reason.text}")
        if _MODEL_NUMBER.search(reason.text):
            faults.append(f"a number of the model: {reason.text}")
        fault = find_reason_fault(reason.text, reason.names, messages_in(language))
        if fault is not None:
            faults.append(f"{fault}: {reason.text}")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--language", default="en")
    parser.add_argument("--per-catalogue", type=int, default=75)
    asked = parser.parse_args()
    counts: Counter[str] = Counter()
    for name in CATALOGUES:
        try:
            shop = open_catalogue(name, asked.folder)
        except Absent as error:
            print(error)
            continue
        try:
            _print_reasons(name, shop, asked.language, asked.per_catalogue, counts)
        finally:
            shop.close()
    print(dict(counts))


def _print_reasons(
    name: str, shop: Foretaste, language: str, wanted: int, counts: Counter[str]
) -> None:
    printed = 0
    for question, answer in lists_of(name, shop, language):
        print(f"\n{name}, {question}: {answer.headline or '-'}")
        events = [{e for reason in item.reasons for e in reason.events} for item in answer]
        counts["neighbours"] += max(len(events) - 1, 0)
        counts["neighbours with the same past item"] += sum(
            not own.isdisjoint(following) for own, following in pairwise(events)
        )
        for recommended in answer:
            counts["items"] += 1
            counts["items without a reason"] += not recommended.reasons
            faults = machine_faults(recommended, answer, language)
            counts["seen by machine"] += len(faults)
            print(f"  {recommended.title}")
            for reason in recommended.reasons:
                printed += 1
                counts["reasons"] += 1
                print(f"      {reason.text}")
            for fault in faults:
                print(f"      !! {fault}")
        if printed >= wanted:
            return


if __name__ == "__main__":
    main()
