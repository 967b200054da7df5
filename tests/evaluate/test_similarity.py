import numpy as np
import pytest

from foretaste.domain.arrays import QuantizedVectors
from foretaste.domain.data import Ints
from foretaste.evaluate.sampled_lists import LIST_LENGTH, SampledLists
from foretaste.evaluate.similarity import Similarity, attribute_similarity, text_similarity

from .helpers import cases
from .shops import items, sample, shop

VECTORS = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8], [0, 0]], np.float32)


def lists(shown: list[int], target: int, random: list[int], recent: list[int]) -> SampledLists:
    """Of one person."""

    def row(places: list[int]) -> Ints:
        return np.array([[*places, *[-1] * (LIST_LENGTH - len(places))]], np.int32)

    return SampledLists(
        users=np.array([0]),
        positions=np.array([0]),
        lists={"product": row(shown)},
        targets=np.array([[target]], np.int32),
        random=row(random),
        recent=[np.array(recent, np.int32)],
        available=np.ones(5, np.bool_),
        cases=cases([0, 1]),
    )


def test_text_likeness_by_hand() -> None:
    # the taste is item 0's direction; item 4 has no text and is passed over
    person = lists(shown=[1, 3, 4], target=3, random=[2, 1], recent=[0])
    likeness = text_similarity("product", person, VECTORS)
    assert likeness is not None
    assert likeness.figures() == pytest.approx({"shown": 0.8, "taken": 0.6, "random": 0.5})


def test_a_taste_is_the_mean_direction_of_what_was_taken() -> None:
    person = lists(shown=[0, 2], target=3, random=[0], recent=[0, 2, 4])
    likeness = text_similarity("product", person, VECTORS)
    assert likeness is not None
    assert likeness.lists == pytest.approx(np.sqrt(0.5))
    assert likeness.targets == pytest.approx(1.4 * np.sqrt(0.5))


def test_vectors_in_8_bits_are_nearly_as_good() -> None:
    person = lists(shown=[1, 3, 4], target=3, random=[2, 1], recent=[0, 3])
    exact, packed = (
        text_similarity("product", person, vectors)
        for vectors in (VECTORS, QuantizedVectors.from_blocks([VECTORS], 5))
    )
    assert exact is not None
    assert packed is not None
    assert packed.lists == pytest.approx(exact.lists, abs=0.01)
    assert packed.random == pytest.approx(exact.random, abs=0.01)


def test_there_is_no_likeness_without_texts_or_without_a_past() -> None:
    nobody = lists(shown=[1], target=3, random=[2], recent=[])
    assert text_similarity("product", nobody, np.zeros((5, 2), np.float32)) is None
    assert text_similarity("product", nobody, VECTORS) == Similarity(None, None, None)
    unknown = lists(shown=[1], target=-1, random=[2], recent=[0])
    assert text_similarity("product", unknown, VECTORS) == Similarity(1, None, 0)


GENRES = [("war",), ("war", "drama"), ("drama",), ("comedy",), ()]


def test_attribute_likeness_by_hand() -> None:
    held = cases([0, 3])
    catalogue = shop(held, items(5, genre=GENRES)).catalogue
    # items without a genre are passed over: of 1, 2, 3, 4 one shares war, two do not
    person = lists(shown=[1, 2, 3, 4], target=3, random=[1], recent=[0, 4])
    assert attribute_similarity("product", person, catalogue) == {"genre": Similarity(1 / 3, 0, 1)}


def test_people_are_not_measured_by_the_taste_of_others() -> None:
    held = cases([0, 2, 1], [3, 1, 0])
    goods = items(4, genre=[("a",), ("b",), ("a",), ("b",)])
    both = sample(held, shop(held, goods), 9, 8, 7, 6)
    genre = attribute_similarity("product", both, shop(held, goods).catalogue)["genre"]
    # p0 took a, a and is shown 1 (b), 3 (b); p1 took b, b and is shown 0 (a), 2 (a)
    assert (genre.lists, genre.targets) == (0, 0)


def test_five_columns_that_most_items_have_are_looked_at() -> None:
    held = cases([0, 1])
    columns = {f"c{n}": [("x",)] * n + [("y",)] + [()] * (9 - n) for n in range(10)}
    everything = items(10, same=[("x",)] * 10, **columns)
    person = sample(held, shop(held, everything), *[1] * 10)
    likeness = attribute_similarity("product", person, shop(held, everything).catalogue)
    assert list(likeness) == ["c9", "c8", "c7", "c6", "c5"]


def test_a_person_or_an_item_without_a_value_is_passed_over() -> None:
    held = cases([0, 1])
    catalogue = shop(held, items(5, genre=GENRES)).catalogue
    person = lists(shown=[0, 1], target=-1, random=[4], recent=[4])
    assert attribute_similarity("product", person, catalogue) == {
        "genre": Similarity(None, None, None)
    }
