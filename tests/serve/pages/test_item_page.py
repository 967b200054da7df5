"""The page of an item, and what leads to it."""

from .conftest import MARKUP, Open


def test_a_suggestion_is_taken_by_keyboard(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.page.locator("#search").press_sequentially("the plan")
    visitor.see("#suggestions [role=option]")
    visitor.until(  # those of all that was typed, not of its first letters
        "() => [...document.querySelectorAll('#suggestions [role=option]')]"
        ".every((option) => /plan/i.test(option.textContent))"
    )
    visitor.page.press("#search", "ArrowDown")
    active = visitor.page.get_attribute("#search", "aria-activedescendant")
    assert visitor.see(f"#{active}").get_attribute("aria-selected") == "true"
    visitor.page.press("#search", "Enter")
    visitor.see(".item h1")


def test_an_item_page_has_facts_and_what_goes_with_it(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.choose()
    title = visitor.titles("for_you")[0]
    visitor.press('#shelves [data-shelf="for_you"] .card-link')
    assert visitor.see(".item h1").inner_text() == title
    visitor.see(".item .facts .chip")
    visitor.see(".item .shelf .card")
    visitor.press(".item >> text=Back")
    visitor.see('#shelves [data-shelf="for_you"] .card')
    visitor.go("/#/item/nothing-of-that-name")
    visitor.see("text=This is not here any more")


def test_an_item_is_hidden_on_its_own_page_and_taken_back(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.choose()
    title = visitor.titles("for_you")[0]
    visitor.press('#shelves [data-shelf="for_you"] .card-link')
    visitor.press('.item-words button:has-text("Hide")')
    visitor.press(f'.toast:has-text("{title} is hidden") button:has-text("Undo")')
    visitor.see('.toast:has-text("Undone")')


def test_hostile_titles_are_shown_as_text(open_shop: Open) -> None:
    visitor = open_shop(viewport={"width": 360, "height": 760})
    visitor.see("#shelves .card")
    visitor.go("/#/item/hostile%2F%3C1%3E")
    assert visitor.see(".item h1").inner_text() == MARKUP
    assert visitor.overflow() <= 0
    for name in ("hostile-2", "hostile-3"):
        visitor.go(f"/#/item/{name}")
        visitor.until("id => document.querySelector('.item h1')?.innerText.length > 5", name)
        assert visitor.overflow() <= 0, name
    assert "{{ 7 * 7 }}" in visitor.texts(".item .facts .chip")
    visitor.enter("#search", "<script>alert(1)</script>'\"&")
    visitor.see(".results h1")
    assert visitor.overflow() <= 0
    assert "taken" not in visitor.page.title()
    assert visitor.page.locator("main script, main img[onerror]").count() == 0
