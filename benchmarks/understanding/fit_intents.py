"""Fit the intents of `understand/second_reading.py` to the labelled sentences of this folder.

    python -m benchmarks.understanding.fit_intents [--keep DIR] [--apart unseen-19]

The English sentences of one turn, each with the first intent that is right (refine counts as
find), as the built-in encoder reads them: as they are, and with titles and values masked. Beside
them words that people search for: titles, and some words of descriptions, of the same catalogues.
A multinomial logistic regression. `--apart`: a set that is left out, to see what its sentences are
taken for; nothing is written then. Writes src/foretaste/understand/intents.npz.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.datasets import REPOSITORY
from benchmarks.understanding.__main__ import FOLDER, HALVES
from benchmarks.understanding.cases import Case, read_cases
from benchmarks.understanding.catalogues import CATALOGUES, open_catalogue
from foretaste.domain.data import Floats
from foretaste.loop import Foretaste
from foretaste.understand.grammar import grammar_of
from foretaste.understand.second_reading import FILE, KNOWN_SENTENCE, masked_sentence

PATH = REPOSITORY / "src" / "foretaste" / "understand" / FILE
SEARCHES = 1_000
MAX_SEARCH_WORDS = 6
INVERSE_REGULARISATION = 30.0
"""Chosen among 3, 10, 30 and 100 by leaving out one set after another."""


def labelled_cases(names: Sequence[str]) -> list[Case]:
    """The sentences that are all that is said in their talk."""
    cases = [case for name in names for case in read_cases(FOLDER / HALVES[name])]
    return [case for case in cases if case.language == "en" and ">>" not in case.text]


def intents_of(case: Case) -> list[str]:
    """Those that are right."""
    return ["find" if name == "refine" else name for name in case.intent.split("/")]


def vectors_of(cases: Sequence[Case], shops: dict[str, Foretaste]) -> Floats:
    """[cases, 2 · dim]"""
    grammar = grammar_of("en")
    vocabularies = {
        name: shop.people.vocabulary(shop.slates.index(shop.catch_up()))
        for name, shop in shops.items()
    }
    lines = [grammar.normalised(case.text) for case in cases]
    masked = [
        masked_sentence(line, vocabularies[case.catalogue], grammar)
        for line, case in zip(lines, cases, strict=True)
    ]
    encoder = shops["shop"].encoder
    return np.hstack([encoder.encode(lines), encoder.encode(masked)])


def searches_of(shops: dict[str, Foretaste]) -> list[str]:
    """Titles, and words of descriptions, as they are typed into a search field."""
    generator = np.random.default_rng(0)
    searches: list[str] = []
    for shop in shops.values():
        catalogue = shop.catch_up().catalogue
        for title, text in zip(catalogue.titles, catalogue.full_texts, strict=True):
            words = text.lower().split()
            start = int(generator.integers(max(len(words) - MAX_SEARCH_WORDS, 1)))
            length = int(generator.integers(2, MAX_SEARCH_WORDS + 1))
            searches += [title.lower(), " ".join(words[start : start + length])]
    count = min(SEARCHES, len(searches))
    return [searches[at] for at in generator.choice(len(searches), count, replace=False)]


def fitted(cases: Sequence[Case], vectors: Floats, search_vectors: Floats) -> LogisticRegression:
    """The regression."""
    labels = [intents_of(case)[0] for case in cases] + ["find"] * len(search_vectors)
    vectors = np.vstack([vectors, np.hstack([search_vectors, search_vectors])])
    return LogisticRegression(C=INVERSE_REGULARISATION, max_iter=3000).fit(vectors, labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="the workspaces stay here for the next time")
    parser.add_argument("--apart", choices=list(HALVES))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        shops = {name: open_catalogue(name, chosen.keep or Path(passing)) for name in CATALOGUES}
        cases = labelled_cases([name for name in HALVES if name != chosen.apart])
        searches = shops["shop"].encoder.encode(searches_of(shops))
        model = fitted(cases, vectors_of(cases, shops), searches)
        if chosen.apart:
            apart = labelled_cases([chosen.apart])
            likelihoods = model.predict_proba(vectors_of(apart, shops))
            for case, row in zip(apart, likelihoods, strict=True):
                intent = str(model.classes_[row.argmax()])
                if intent not in intents_of(case):
                    print(f"{case.text!r}: {intent} {row.max():.2f}, not {case.intent}")
            return
        np.savez_compressed(
            PATH,
            intents=np.array([str(name) for name in model.classes_]),
            weights=model.coef_.astype(np.float16),
            biases=model.intercept_.astype(np.float32),
            known_vector=shops["shop"].encoder.encode([KNOWN_SENTENCE])[0].astype(np.float32),
        )
        print(
            f"{len(cases):,} sentences, {len(searches):,} searches,"
            f" {len(model.classes_)} intents: {PATH.name}"
        )


if __name__ == "__main__":
    main()
