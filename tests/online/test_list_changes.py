from foretaste.domain.data import Recommended, Request
from foretaste.online.list_changes import ListPair, compare_ways


def items(ids: str) -> tuple[Recommended, ...]:
    return tuple(Recommended(name, place, 0.0) for place, name in enumerate(ids, 1))


def pair(first: str, second: str) -> ListPair:
    return ListPair("ann", items(first), items(second))


def test_what_moved_changes_places_and_what_is_new_replaces_items() -> None:
    assert (pair("abcd", "abcd").changed_share, pair("abcd", "abcd").replaced_share) == (0, 0)
    assert (pair("abcd", "badc").changed_share, pair("abcd", "badc").replaced_share) == (1, 0)
    assert (pair("abcd", "abxy").changed_share, pair("abcd", "abxy").replaced_share) == (0.5, 0.5)


def test_a_list_that_becomes_empty_is_all_changed() -> None:
    assert (pair("ab", "").changed_share, pair("ab", "").replaced_share) == (1, 1)
    assert (pair("", "").changed_share, pair("", "").replaced_share) == (0, 0)
    assert (pair("ab", "abcd").changed_share, pair("ab", "abcd").replaced_share) == (0.5, 0.5)


def test_both_ways_are_asked_for_the_same_people() -> None:
    asked: list[tuple[str, str | None]] = []

    def way(name: str) -> tuple[Recommended, ...]:
        return items(name)

    def first(request: Request) -> tuple[Recommended, ...]:
        asked.append(("first", request.user))
        return way("ab")

    def second(request: Request) -> tuple[Recommended, ...]:
        asked.append(("second", request.user))
        return way("ba")

    pairs = compare_ways([None, "ann"], first, second)
    assert [row.user for row in pairs] == [None, "ann"]
    assert asked == [("first", None), ("second", None), ("first", "ann"), ("second", "ann")]
