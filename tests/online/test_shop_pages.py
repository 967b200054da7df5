"""Pages of a shop from Python, asked as a notebook asks them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.domain.data import Event, UserContext
from foretaste.domain.shelf import Shelf
from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.model.product import ProductOfExperts
from foretaste.model.product_scorer import ProductScorer


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    loop = Foretaste.open(trained)
    yield loop
    loop.close()


def test_a_page_of_named_kinds(shop: Foretaste) -> None:
    page = shop.page("u1", shelves=["for_you", {"kind": "similar", "item": "space-1"}], n=2)
    assert [(shelf.id, len(shelf)) for shelf in page] == [("for_you", 2), ("similar", 2)]
    shown = [item.id for shelf in page for item in shelf.recommendation]
    assert len(shown) == len(set(shown))


def test_the_page_of_an_item(shop: Foretaste) -> None:
    page = shop.item_page("space-1", "u1", n=2)
    assert page is not None
    assert page.title == "The star [space]"
    assert [fact.text for fact in page.facts] == ["space"]
    assert {shelf.kind for shelf in page.lists} <= {"similar", "bought_together"}
    assert shop.item_page("nothing") is None


@pytest.mark.parametrize(
    ("language", "nothing", "short"),
    [
        (
            "en",
            "this person has taken nothing yet that could be named",
            "the 50 asked for: of the 2",
        ),
        ("de", "diese Person hat noch nichts gewählt, was genannt", "der 50 gewünschten; von 2"),
        ("fr", "cette personne n’a encore rien choisi qui", "des 50 demandés ; sur 2"),
        ("es", "esta persona aún no ha elegido nada que", "de los 50 pedidos; de 2"),
    ],
)
def test_what_is_not_there_is_told_in_the_language_of_the_page(
    shop: Foretaste, language: str, nothing: str, short: str
) -> None:
    shelves = ["because_you_took", "for_you", "popular"]
    page = shop.page("a-stranger", shelves=shelves, n=50, language=language)
    assert page.left_out[0].reason.startswith(nothing)
    assert page.left_out[1].code == "repeated"
    (shelf,) = page
    assert shelf.recommendation.shortfall is not None
    assert short in shelf.recommendation.shortfall.reason


def test_what_no_page_has_is_told(shop: Foretaste) -> None:
    with pytest.raises(InputError, match="unknown field 'sesion'; did you mean 'session'"):
        shop.page("u1", shelves=["for_you"], sesion="x")
    with pytest.raises(InputError, match="unknown field 'lang'"):
        shop.item_page("space-1", lang="de")
    with pytest.raises(InputError, match="order: 'best' is none"):
        shop.page("u1", shelves=["for_you"], order="best")  # type: ignore[arg-type]


@pytest.mark.parametrize("explain", [False, True])
def test_shelves_of_one_person_are_scored_once_and_as_each_alone(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch, *, explain: bool
) -> None:
    def rows_of(shelf: Shelf) -> list[tuple[object, ...]]:
        return [(item.id, item.score) for item in shelf.recommendation]

    now = shop.clock()
    alone = {
        shelf.kind: rows_of(shelf)
        for kind in ("for_you", "explore")
        for shelf in shop.page("u1", shelves=[kind], now=now, explain=explain)
    }
    product = shop.catch_up().product
    scored: list[UserContext] = []
    score = type(product).scorer

    def counting_scorer(
        scoring_product: ProductOfExperts, context: UserContext, *, deep: bool = False
    ) -> ProductScorer:
        scored.append(context)
        return score(scoring_product, context, deep=deep)

    monkeypatch.setattr(type(product), "scorer", counting_scorer)
    page = list(shop.page("u1", shelves=["for_you", "explore"], n=3, now=now, explain=explain))
    assert len(scored) == 1
    shown: set[object] = set()
    for shelf in page:
        rows = rows_of(shelf)
        assert rows == [row for row in alone[shelf.kind] if row[0] not in shown][: len(rows)]
        shown |= {item.id for item in shelf.recommendation}
    assert all(shelf.taste is not None for shelf in page)


def test_what_happened_between_two_pages_is_in_the_second(shop: Foretaste) -> None:
    first = shop.page("u1", shelves=["for_you"], n=3)
    best = next(iter(next(iter(first)).recommendation)).id
    shop.record([Event("hidden-best", "hide", shop.clock(), user="u1", item=best)])
    second = shop.page("u1", shelves=["for_you", "popular", "explore"], n=3)
    assert best not in [item.id for shelf in second for item in shelf.recommendation]


def test_a_page_while_the_store_is_away_comes_from_memory(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    from foretaste.errors import StoreError

    shop.recommend()  # the model is in memory

    def away() -> tuple[int, int]:
        raise StoreError("away")

    monkeypatch.setattr(shop.store, "log_position", away)
    page = shop.page(shelves=["for_you", "popular"], n=2, timeout_ms=5_000)
    assert [len(shelf) for shelf in page] == [2, 2]
    assert {shelf.recommendation.fallback_level for shelf in page} <= {"memory", "popularity"}
