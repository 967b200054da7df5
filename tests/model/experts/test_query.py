"""Query: what answers the words of a search, in meaning or to the letter."""

from dataclasses import replace

import numpy as np
import pytest

from foretaste.domain.data import Item
from foretaste.domain.query_reading import QueryReading
from foretaste.model.experts.query import QueryExpert
from foretaste.model.query_scorer import WORDS_ALONE_WEIGHT, QueryScorer
from foretaste.model.settings import QuerySettings

from ..world import EACH, World, shelf


@pytest.fixture
def expert(here: World) -> QueryExpert:
    return QueryExpert.fit(here.training())[0]


def test_words_find_what_they_name(expert: QueryExpert, here: World) -> None:
    row = np.exp(expert.log_prob([here.took(query="lunar rocket 20")])[0])

    assert row.argmax() == 20
    assert row[EACH : 2 * EACH].sum() > 0.7


def test_a_misspelt_word_is_read_as_those_with_its_letters(
    expert: QueryExpert, here: World
) -> None:
    asked = [here.took(query=query) for query in ("gardn", "rokcet lunarr", "pianoo jazzz")]
    rows = np.exp(expert.log_prob([replace(one, query_vector=None) for one in asked]))

    for row, cluster in zip(rows, (2, 1, 3), strict=True):
        mine = slice(cluster * EACH, (cluster + 1) * EACH)
        assert row[mine].min() > np.delete(row, range(cluster * EACH, (cluster + 1) * EACH)).max()


def test_a_word_like_none_says_nothing(expert: QueryExpert, here: World) -> None:
    row = expert.log_prob([replace(here.took(query="xyzzy qwfp"), query_vector=None)])[0]

    np.testing.assert_allclose(row, -np.log(len(row)), atol=1e-5)


def test_near_of_one_corrects_nothing(here: World) -> None:
    expert = QueryExpert(QuerySettings(min_word_similarity=1.0), here.catalogue)
    row = expert.log_prob([replace(here.took(query="gardn"), query_vector=None)])[0]

    np.testing.assert_allclose(row, -np.log(len(row)), atol=1e-5)


@pytest.mark.parametrize("query", ["\x00\xff\x7f\x00", "rose " * 2000, "x" * 10_000, "\ud83d"])
def test_whatever_is_asked_there_is_an_answer(expert: QueryExpert, here: World, query: str) -> None:
    row = expert.log_prob([replace(here.took(1, 2), query=query)])[0]

    assert np.isfinite(row).all()
    assert np.logaddexp.reduce(row.astype(np.float64)) == pytest.approx(0, abs=1e-4)


def test_it_is_silent_without_a_query(expert: QueryExpert, here: World) -> None:
    assert not expert.is_active(here.took(1, 2))
    assert not expert.is_active(replace(here.took(), query="  "))
    assert expert.is_active(here.took(query="x"))


def test_meaning_alone_where_no_word_is_known(expert: QueryExpert, here: World) -> None:
    one = replace(here.took(query="xyzzy"), query_vector=here.catalogue.vectors[33])
    row = expert.log_prob([one])[0]

    assert row.argmax() == 33


def test_words_alone_where_nothing_was_read(expert: QueryExpert, here: World) -> None:
    one = replace(here.took(query="garden"), query_vector=None)
    row = expert.log_prob([one])[0]

    assert row[2 * EACH : 3 * EACH].min() > np.delete(row, range(2 * EACH, 3 * EACH)).max()


def test_words_alone_count_more_than_beside_their_meaning(expert: QueryExpert, here: World) -> None:
    asked = replace(here.took(query="garden xyzzy"), query_vector=None)
    bm25 = expert.bm25.scores(["garden"])
    row = expert.log_prob([asked])[0]
    assert np.ptp(row) == pytest.approx(WORDS_ALONE_WEIGHT * np.ptp(bm25), rel=1e-4)


def test_a_title_of_one_letter_is_found(here: World) -> None:
    films = shelf([Item("0", "M"), Item("1", "Z 2"), Item("2", "Z 3")])
    expert = QueryExpert(QuerySettings(), films)
    rows = expert.log_prob([here.took(query=query) for query in ("m", "z 2", "Z 3")])

    assert rows.argmax(axis=1).tolist() == [0, 1, 2]


def test_a_changed_text_is_found_at_once(expert: QueryExpert, here: World) -> None:
    expert.log_prob([here.took(query="rose")])
    expert.grow(shelf([*here.items[:-1], Item("i59", "a walrus")]))

    assert expert.log_prob([here.took(query="walrus")])[0].argmax() == 59


def test_the_reason_is_the_query(expert: QueryExpert, here: World) -> None:
    terms = expert.terms(here.took(query="jazz"), np.array([50, 1], np.int32))

    assert [[term.feature for term in some] for some in terms] == [["average item", "query"]] * 2
    assert terms[0][1].nats > 0 > terms[1][1].nats


@pytest.mark.parametrize("titles", [["the", "of", "and"], ["?", "!", "a"], ["x", "", ""]])
def test_texts_without_words_to_index(here: World, titles: list[str]) -> None:
    bare = shelf([Item(str(n), title) for n, title in enumerate(titles)])
    expert = QueryExpert.fit(replace(here.training(), catalogue=bare))[0]
    rows = expert.log_prob([here.took(query="the x"), here.took(query="jazz")])

    assert np.isfinite(rows).all()
    np.testing.assert_allclose(np.logaddexp.reduce(rows, axis=1), 0, atol=1e-5)


def test_is_left_out_where_no_item_has_a_text(here: World) -> None:
    bare = shelf([Item("0"), Item("1")])

    assert QueryExpert.fit(replace(here.training(), catalogue=bare)) == []


def test_the_first_query_may_come_before_or_after_new_items(here: World) -> None:
    """Two processes that met the same items give the same list, whichever was asked first."""
    early = QueryExpert(QuerySettings(), here.catalogue)
    late = QueryExpert(QuerySettings(), here.catalogue)
    queries = [here.took(query=query) for query in ("jazz rose", "jazzz", "walrs", "tusk12")]
    early.log_prob(queries)
    items = [*here.items]
    for number in range(30):
        items = [*items, Item(f"new{number}", f"a jazz walrus with tusk{number}")]
        items[7] = replace(items[7], title=f"jazz piano take{number}")
        for expert in (early, late):
            expert.grow(shelf(items), [7])

    np.testing.assert_allclose(late.log_prob(queries), early.log_prob(queries), atol=1e-5)


def test_a_phrase_is_answered_by_more_than_one_of_its_words(here: World) -> None:
    """An item with one word of three has less than a sixth of the advantage."""
    texts = (
        "office space",
        "slow voyage through space",
        *["garden tools"] * (len(here.catalogue) - 2),
    )
    expert = QueryExpert(QuerySettings(), replace(here.catalogue, full_texts=texts))
    asked = replace(here.took(query="slow voyage space"), query_vector=None)
    row = expert.log_prob([asked])[0]

    assert row.argmax() == 1
    assert row[0] - row[2] < (row[1] - row[2]) / 6
    asked = replace(here.took(query="film about space"), query_vector=None)
    alone = replace(here.took(query="space"), query_vector=None)
    np.testing.assert_allclose(expert.log_prob([asked]), expert.log_prob([alone]))


def test_meaning_decides_where_no_item_has_most_of_the_words(here: World) -> None:
    """One word of a title is not what a phrase asks for; where an item has the phrase, it is."""
    titles = ["Office Space", "A voyage to a far star", "Slow dance", "Wedding"]
    catalogue = shelf([Item(str(n), title) for n, title in enumerate(titles)])
    expert = QueryExpert(QuerySettings(), catalogue)
    star = np.asarray(catalogue.vectors)[1]

    def best(query: str, vector: np.ndarray | None = star) -> int:
        asked = replace(here.took(query=query), query_vector=vector)
        return int(expert.log_prob([asked])[0].argmax())

    assert best("slow space") == 1
    assert best("slow film about space") == 1
    assert best("office space", None) == 0


GARDEN = (
    Item("can", "Gießkanne weiß mit Tülle"),
    Item("chair", "Gartenstuhl grün mit Lehne"),
    Item("pan", "Bratpfanne mit Deckel"),
    Item("shade", "Schirm mit Ständer"),
    *(Item(f"pot-{number}", f"Topf {number} mit Henkel") for number in range(12)),
)


def garden_scorer(
    here: World, query: str, reading: QueryReading, means: str | None = "shade"
) -> QueryScorer:
    """What a query says of the garden shop. means: the item that its vector is that of."""
    catalogue = shelf(GARDEN)
    expert = QueryExpert(QuerySettings(), catalogue, reading)
    vector = None if means is None else np.asarray(catalogue.vectors)[catalogue.index[means]]
    return expert.scorer(replace(here.took(query=query), query_vector=vector))


@pytest.mark.parametrize(("reads_texts", "best"), [(True, {"shade"}), (False, {"can", "chair"})])
def test_words_decide_where_the_encoder_does_not_read_the_language(
    here: World, reads_texts: bool, best: set[str]
) -> None:
    row = garden_scorer(here, "Gießkanne grün", QueryReading(reads_texts, 0.9)).log_prob()

    assert GARDEN[int(row.argmax())].id in best


@pytest.mark.parametrize(
    ("query", "matched"),
    [
        ("Gießkanne grün", {"can", "chair"}),
        ("giesskanne", {"can"}),  # without its letters, as read of a filter and on a phone
        ("Giesskane", {"can"}),  # misspelt
        ("Pfanne", {"pan"}),  # a part of a compound
        ("Laptop mit Grafikkarte", set()),  # “mit” says nothing
    ],
)
def test_an_item_with_nothing_of_the_words_does_not_match(
    here: World, query: str, matched: set[str]
) -> None:
    def matching(reading: QueryReading, means: str | None = "shade") -> set[str] | None:
        unmatched = garden_scorer(here, query, reading, means).unmatched_items()
        if unmatched is None:
            return None
        return {
            item.id
            for item, is_unmatched in zip(GARDEN, unmatched, strict=True)
            if not is_unmatched
        }

    assert matching(QueryReading(reads_texts=False, unrelated_cosine=0.9)) == matched
    assert matching(QueryReading(reads_texts=True, unrelated_cosine=0.9)) == matched | {"shade"}
    assert matching(QueryReading()) is None  # a model of before was not measured
    assert matching(QueryReading(unrelated_cosine=0.9), means=None) is None


def test_how_well_it_reads_is_kept(here: World) -> None:
    expert = QueryExpert(QuerySettings(), here.catalogue, QueryReading(False, 0.25))
    metadata = expert.state()[1]
    old = {name: value for name, value in metadata.items() if name != "query_reading"}

    for kept, reading in ((metadata, expert.query_reading), (old, QueryReading())):
        assert QueryExpert.from_state({}, kept, here.catalogue).query_reading == reading
