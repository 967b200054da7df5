"""Content: what reads like the recent items, reviews and searches."""

from dataclasses import replace

import numpy as np

from foretaste.model.experts.content import ContentExpert
from foretaste.model.index.softmax import log_softmax
from foretaste.model.settings import ContentSettings

from ..world import EACH, READER, World, did, item, shelf


def made(here: World, **changed: float) -> ContentExpert:
    return ContentExpert(ContentSettings(**changed), here.catalogue)


def mass(expert: ContentExpert, one: object) -> list[float]:
    row = np.exp(expert.log_prob([one])[0])  # type: ignore[list-item]
    return [float(row[c * EACH : (c + 1) * EACH].sum()) for c in range(4)]


def test_is_the_softmax_of_the_cosine(here: World) -> None:
    vectors, one = np.asarray(here.catalogue.vectors), here.took(7)
    wanted = log_softmax(vectors @ vectors[7] / np.float32(0.07))
    as_before = ContentExpert(ContentSettings(), here.catalogue, is_quantized=False)

    np.testing.assert_allclose(as_before.log_prob([one])[0], wanted, atol=1e-4)
    np.testing.assert_allclose(made(here).log_prob([one])[0], wanted, atol=0.1)
    np.testing.assert_allclose(
        made(here).scorer(one).log_prob(), made(here).log_prob([one])[0], atol=1e-5
    )


def test_a_version_compares_as_it_was_fitted(here: World) -> None:
    one = here.took(7)
    for is_quantized in (False, True):
        expert = ContentExpert(ContentSettings(), here.catalogue, is_quantized=is_quantized)
        again = ContentExpert.from_state(*expert.state(), here.catalogue)
        np.testing.assert_array_equal(again.log_prob([one]), expert.log_prob([one]))

    older = ContentExpert.from_state({}, ContentSettings().model_dump(), here.catalogue)
    as_before = ContentExpert(ContentSettings(), here.catalogue, is_quantized=False)
    np.testing.assert_array_equal(older.log_prob([one]), as_before.log_prob([one]))


def test_newer_events_weigh_more_and_old_ones_nothing(here: World) -> None:
    expert = made(here, last=2, decay=0.5)
    rows = expert.log_prob([here.took(40, 1, 20), here.took(50, 1, 20), here.took(40, 20, 1)])

    np.testing.assert_array_equal(rows[0], rows[1])
    assert rows[0][20] > rows[0][1]
    assert rows[2][1] > rows[2][20]


def test_searches_and_reviews_are_read(here: World) -> None:
    expert = made(here)
    searched = here.behaviour(did(None, 0, "search", query="garden rose"))
    reviewed = here.behaviour(did(1, 0, "review", text="jazz piano jazz piano"))
    plain = here.behaviour(did(1, 0, "review"))

    assert int(np.argmax(mass(expert, searched))) == 2
    assert mass(expert, reviewed)[3] > mass(expert, plain)[3]


def test_a_refusal_says_nothing(here: World) -> None:
    expert = made(here)
    one = here.behaviour(did(1, 0), did(50, 1, "hide"))

    np.testing.assert_array_equal(expert.log_prob([one]), expert.log_prob([here.took(1)]))


def test_what_cannot_be_read_is_passed_over(here: World) -> None:
    vectors = np.array(here.catalogue.vectors)
    vectors[9] = 0
    expert = ContentExpert(
        ContentSettings(max_recent_events=1), replace(here.catalogue, vectors=vectors)
    )

    assert not expert.is_active(here.took(9))
    np.testing.assert_array_equal(
        expert.log_prob([here.took(1, 9)]), expert.log_prob([here.took(1)])
    )


def test_a_new_item_comes_by_its_text(here: World) -> None:
    expert = made(here)
    expert.grow(shelf([*here.items, item(60, 2)]))
    row = expert.log_prob([here.took(31, 35)])[0]
    anew = made(here)
    anew.grow(shelf([*here.items, item(60, 2)]), ())

    np.testing.assert_array_equal(anew.log_prob([here.took(31, 35)])[0], row)
    assert row[60] > row[[*range(30), *range(45, 60)]].max()


def test_each_reason_is_the_event_it_comes_from(here: World) -> None:
    one = here.behaviour(did(1, 0), did(None, 1, "search", query="garden rose"))
    terms = made(here).terms(one, np.array([2, 33], np.int32))
    stone, rose = ({t.event: t.nats for t in some if t.event} for some in terms)

    sums = [sum(term.nats for term in some) for some in terms]
    np.testing.assert_allclose(sums, made(here).scorer(one).log_prob(np.array([2, 33])), atol=1e-6)
    assert set(stone) == {"i1", "garden rose"}
    assert stone["i1"] > 0 > stone["garden rose"]
    assert rose["garden rose"] > 0 > rose["i1"]


def test_is_left_out_where_there_is_nothing_to_read(here: World) -> None:
    blank = replace(here.catalogue, vectors=np.zeros((60, READER.dim), np.float32))

    assert ContentExpert.fit(replace(here.training(), catalogue=blank)) == []


def test_log_softmax_bears_large_scores() -> None:
    rows = log_softmax(np.array([[1e4, 0, -1e4], [0, 0, 0]], np.float32))

    np.testing.assert_allclose(rows[0], [0, -1e4, -2e4])
    np.testing.assert_allclose(rows[1], -np.log(3), atol=1e-6)
