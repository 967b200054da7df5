"""Who is offered to look at lists with: clear tastes, each unlike the others."""

from foretaste.domain.data import Event, Item
from foretaste.domain.order_charges import charge_mark
from foretaste.generate.profile import LikedValue, TasteProfile
from foretaste.online.sample_users import sample_users


class Store:
    """One event a user."""

    def history(self, user: str, session: str | None, n: int) -> list[Event]:
        return [Event(f"{user}-{item}", "view", 1.0, user=user, item=item) for item in ("a", "b")]

    def items_by_id(self, ids: list[str]) -> dict[str, Item]:
        return {"a": Item(id="a", title="First"), "b": Item(id="b", title="")}


class Tastes:
    """Users whose profiles are given."""

    store = Store()

    def __init__(self, profiles: dict[str, TasteProfile]) -> None:
        self.profiles = profiles

    def profile(self, user: str | None = None, *, n: int = 5) -> TasteProfile:
        return self.profiles[user or ""]


def profile(
    *genres: tuple[str, float, float], years: dict[str, float] | None = None
) -> TasteProfile:
    liked = {"genres": tuple(LikedValue(value, share, lift) for value, share, lift in genres)}
    if years is not None:
        liked["year"] = tuple(LikedValue(year, share, 3.0) for year, share in years.items())
    return TasteProfile(liked, {})


def chosen(profiles: dict[str, TasteProfile], n: int = 8, events: int = 50) -> list[str]:
    counts = dict.fromkeys(profiles, events)
    return [user.user for user in sample_users(Tastes(profiles), counts, n)]


def test_the_clearest_taste_comes_first_and_none_twice() -> None:
    profiles = {
        "faint": profile(("Drama", 0.3, 1.3)),
        "clear": profile(("Horror", 0.3, 4.0)),
        "again": profile(("Horror", 0.2, 4.0)),
        "other": profile(("Western", 0.2, 3.0)),
        "without": profile(("Drama", 0.5, 1.0)),
    }
    assert chosen(profiles) == ["clear", "other", "faint"]
    assert chosen(profiles, n=1) == ["clear"]
    assert chosen({}) == []


def test_a_decade_is_told_where_it_sets_somebody_apart() -> None:
    eighties = {"1982": 0.2, "1986": 0.25}
    mixed = {"1982": 0.1, "1996": 0.1}
    profiles = {
        "old": profile(("Horror", 0.3, 4.0), years=eighties),
        "any": profile(("Western", 0.3, 4.0), years=mixed),
    }
    offered = sample_users(Tastes(profiles), dict.fromkeys(profiles, 50), 8)
    users = {user.user: user for user in offered}
    assert users["old"].decade == 1980
    assert users["any"].decade is None
    assert [taste.value for taste in users["old"].tastes] == ["Horror"], "a year is no taste"
    assert users["old"].latest_items == (("a", "First"),), "only what has a title"


def test_of_a_category_with_levels_the_deepest_that_is_liked_is_told() -> None:
    levels = profile(
        ("Home", 0.6, 3.0), ("Home > Kitchen", 0.5, 4.0), ("Garden", 0.2, 2.0), ("4,5", 0.9, 9.0)
    )
    offered = sample_users(Tastes({"u": levels}), {"u": 50}, 8)
    assert [taste.value for taste in offered[0].tastes] == ["Home > Kitchen", "Garden"]


def test_postage_is_nothing_that_somebody_took() -> None:
    class Orders(Store):
        def items_by_id(self, ids: list[str]) -> dict[str, Item]:
            postage = Item(id="b", title="Postage", attributes=charge_mark("b", "Postage", None))
            return {"a": Item(id="a", title="First"), "b": postage}

    people = Tastes({"u": profile(("Horror", 0.3, 4.0))})
    people.store = Orders()
    assert sample_users(people, {"u": 50}, 8)[0].latest_items == (("a", "First"),)


def test_a_shop_where_nobody_did_much_has_people_too() -> None:
    assert chosen({"u": profile(("Horror", 0.3, 4.0))}, events=2) == ["u"]


def test_a_taste_that_two_columns_name_is_told_once() -> None:
    values = TasteProfile(
        {
            "subject": (LikedValue("Music", 0.5, 4.0), LikedValue("Web", 0.2, 2.0)),
            "tags": (LikedValue("music", 0.5, 3.9),),
        },
        {},
    )
    offered = sample_users(Tastes({"u": values}), {"u": 50}, 8)
    assert [taste.value for taste in offered[0].tastes] == ["Music", "Web"]


def test_a_yes_is_no_taste() -> None:
    offered = sample_users(
        Tastes({"u": profile(("true", 0.9, 9.0), ("Remote", 0.2, 2.0))}), {"u": 50}, 8
    )
    assert [taste.value for taste in offered[0].tastes] == ["Remote"]


def test_where_few_did_much_others_are_offered_too() -> None:
    profiles = {name: profile((name, 0.3, 4.0)) for name in ("Nurse", "Chef", "Robot", "Driver")}
    counts = {"Nurse": 20, "Chef": 4, "Robot": 9_000, "Driver": 5}
    offered = [user.user for user in sample_users(Tastes(profiles), counts, 3)]
    assert sorted(offered) == ["Chef", "Driver", "Nurse"]
