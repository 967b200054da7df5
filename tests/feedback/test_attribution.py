"""Attribution: events find their places in their lists; what does not fit is told and not lost."""

from collections.abc import Sequence

from foretaste.domain.data import Event, LoggedRecommendation
from foretaste.feedback.attribution import attribute_events

LIST = LoggedRecommendation(
    "r1", 1.0, "u", None, "m", {}, [("a", 1, 1.0, "model", -1.0), ("b", 2, 0.9, "model", -2.0)]
)


def lookup(ids: Sequence[str]) -> dict[str, LoggedRecommendation]:
    return {"r1": LIST} if "r1" in ids else {}


def click(item: str | None, rec: str | None = "r1", place: int | None = None) -> Event:
    kind = "click" if item else "impression"
    return Event(
        f"{item}{rec}{place}", kind, 2.0, user="u", item=item, recommendation_id=rec, position=place
    )


def test_a_place_that_is_not_given_is_looked_up() -> None:
    events, strange = attribute_events([click("b"), click("a", place=1), click("a", None)], lookup)
    assert [event.position for event in events] == [2, 1, None]
    assert strange == {}


def test_what_does_not_fit_is_told_and_kept_as_it_was() -> None:
    odd = [click("a", "other"), click("c"), click("b", place=1)]
    events, strange = attribute_events(odd, lookup)
    assert events == odd
    assert [one.problem for one in strange.values()] == [
        "there is no such recommendation, or it was incognito or is no longer kept",
        "item 'c' is not in that list",
        "item 'b' is at place 2 of that list, not 1",
    ]
    assert list(strange) == [event.event_id for event in odd]


def test_an_impression_of_a_list_stands_for_its_items() -> None:
    events, strange = attribute_events([click(None)], lookup)
    assert strange == {}
    assert events == [click(None)]


def test_nothing_is_looked_up_for_events_of_no_list() -> None:
    def never(ids: Sequence[str]) -> dict[str, LoggedRecommendation]:
        raise AssertionError(ids)

    assert attribute_events([click("a", None)], never)[1] == {}
