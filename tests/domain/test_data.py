import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain.data import (
    EvaluationCases,
    Feature,
    Interactions,
    Item,
    RejectedRow,
    UserContext,
)


def made(
    *lengths: int, texts: tuple[str, ...] = (), vectors: np.ndarray | None = None
) -> Interactions:
    """People with that many events each; item = row, and time starts anew for each person."""
    n = sum(lengths)
    return Interactions(
        users=tuple(f"p{person}" for person in range(len(lengths))),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        item=np.arange(n, dtype=np.int32),
        weight=np.ones(n, np.float32),
        kind=np.zeros(n, np.int8),
        value=np.full(n, np.nan, np.float32),
        at=np.array([100.0 * p + k for p, size in enumerate(lengths) for k in range(size)]),
        text=np.array([k % 3 - 1 if texts else -1 for k in range(n)], np.int32),
        event_types=("view",),
        texts=texts,
        vectors=vectors,
    )


def test_an_item_reads_as_title_attributes_and_texts() -> None:
    item = Item("1", "Dune.", texts={"plot": "Sand. "}, attributes={"genre": ("SF", "Drama")})
    assert item.reading() == "Dune. genre: SF, Drama. Sand"
    assert Item("2", attributes={"genre": (), "brand": ("",)}).reading() == "", "no empty names"
    priced = {"price": ("7.5",), "price_band": ("0-10",)}
    assert Item("3", attributes=priced).reading() == "price_band: 0-10", "no digits of chance"


def test_an_item_is_available_from_and_until() -> None:
    item = Item("1", available_from=10, available_until=20)
    assert [item.available(at) for at in (9, 10, 19, 20)] == [False, True, True, False]
    assert not Item("1", hidden=True).available(5)


def test_a_reject_names_file_line_and_remedy() -> None:
    reject = RejectedRow(
        "e.csv", 17, "kind", "clik", "unknown kind 'clik'", "did you mean 'click'?"
    )
    assert str(reject) == "e.csv:17: unknown kind 'clik'; did you mean 'click'?"


def test_a_behaviour_is_what_came_before_the_row() -> None:
    told = made(2, 3).user_context(1, 4)
    assert told.item.tolist() == [2, 3]
    assert told.now == 102


def test_a_behaviour_past_the_last_row_is_never_at_the_time_of_somebody_else() -> None:
    found = made(2, 3)
    assert found.user_context(0, 2).now == 1, "row 2 is the next person's"
    assert found.user_context(1, 5).now == 102


@pytest.mark.parametrize("lengths", [(0, 2), (2, 0), (0,)])
def test_a_person_without_events_has_an_empty_behaviour(lengths: tuple[int, ...]) -> None:
    found = made(*lengths)
    person = lengths.index(0)
    told = found.user_context(person, int(found.offsets[person]))
    assert (len(told), told.now) == (0, 0)


def test_texts_come_with_their_vectors_and_zero_where_there_are_none() -> None:
    vectors = np.eye(2, dtype=np.float32)
    told = made(1, 4, texts=("x", "y"), vectors=vectors).user_context(1, 5)
    assert told.text == ("x", "y", "", "x")
    assert told.text_vectors is not None
    assert told.text_vectors.dtype == np.float32
    assert told.text_vectors.tolist() == [[1, 0], [0, 1], [0, 0], [1, 0]]
    assert made(2, texts=("x",), vectors=vectors).user_context(0, 1).text_vectors is None


@settings(deadline=None)
@given(st.data(), st.lists(st.integers(0, 4), max_size=8))
def test_where_keeps_people_and_the_rows_asked_for(data: st.DataObject, lengths: list[int]) -> None:
    found = made(*lengths)
    n = found.event_count
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), np.bool_)
    kept = found.filter_rows(keep)
    assert kept.users == found.users
    assert kept.offsets.dtype == np.int64
    for person in range(len(found)):
        rows = found.user_slice(person)
        assert np.array_equal(kept.item[kept.user_slice(person)], found.item[rows][keep[rows]])
    assert np.array_equal(kept.row_users(), found.row_users()[keep])


def test_owners_and_takes() -> None:
    found = made(1, 0, 2)
    found.item[1] = -1
    found.weight[2] = -1
    assert found.row_users().tolist() == [0, 2, 2]
    assert found.positive_mask().tolist() == [True, False, False]


def test_cases_have_targets_and_behaviours() -> None:
    cases = EvaluationCases(made(2, 3), np.array([0, 1]), np.array([1, 4]))
    assert cases.targets.tolist() == [1, 4]
    assert [told.item.tolist() for told in cases.user_contexts(0, 2)] == [[0], [2, 3]]
    assert len(cases.user_contexts(1, 2)) == 1


def test_a_sample_of_cases_keeps_their_order() -> None:
    cases = EvaluationCases(made(20), np.zeros(20, np.int64), np.arange(20))
    some = cases.sample(5, np.random.default_rng(0))
    assert len(some) == len(set(some.target_rows.tolist())) == 5
    assert np.all(np.diff(some.target_rows) > 0)
    assert cases.sample(20, np.random.default_rng(0)) is cases


def test_taken_is_without_refusals_and_searches() -> None:
    n = 3
    told = UserContext(
        item=np.array([4, -1, 5], np.int32),
        weight=np.array([1, 1, -1], np.float32),
        kind=np.zeros(n, np.int8),
        value=np.zeros(n, np.float32),
        at=np.zeros(n),
    )
    assert told.consumed_items.tolist() == [4]
    assert len(told) == 3


def test_a_feature_gives_the_values_of_an_item() -> None:
    feature = Feature("genre", ("a", "b"), np.array([0, 2, 2, 3]), np.array([0, 1, 1], np.int32))
    assert [feature.item_codes(item).tolist() for item in range(3)] == [[0, 1], [], [1]]
