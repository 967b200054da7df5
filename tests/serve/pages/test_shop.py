"""The shop window, as somebody uses it who has never seen it."""

import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore

from ..workspace import serving
from .conftest import Open

KIB = 1024
MAX_FIRST_VIEW = 250 * KIB


def test_somebody_new_picks_three_and_has_a_list(open_shop: Open, shop_folder: Path) -> None:
    visitor = open_shop()
    popular = visitor.titles("popular")
    visitor.begin()
    assert "Somebody new" in visitor.texts("h1")
    listed = visitor.titles()
    assert listed
    assert listed != popular
    assert len(listed) == len(set(listed)), "no item stands twice on a page"
    with SqlStore(shop_folder / STORE_FILE) as store:
        events = store.history(None, visitor.session, 10)
    assert [event.kind for event in events] == ["like"] * 3
    assert "like" in visitor.see('#shelves [data-shelf="similar"] h2').inner_text()


def test_the_start_page_has_nothing_older_than_its_placement_allows(
    open_shop: Open, trained: Path, tmp_path: Path
) -> None:
    """As the front page of a newspaper: what is older only fills up."""
    folder = Path(shutil.copytree(trained, tmp_path / "paper"))
    with (folder / "foretaste.toml").open("a") as settings:
        settings.write('\n[placements.home]\nmax_age = "36h"\nfill_up = ["outdated"]\n')
    day = 86_400.0
    with SqlStore(folder / STORE_FILE) as store:
        items = sorted((item for _, item in store.items()), key=lambda item: item.id)
        fresh = {item.title for item in items[::5]}
        ages = {item.id: 0.5 * day if item.title in fresh else 30 * day for item in items}
        now = time.time()
        store.put_items([replace(item, available_from=now - ages[item.id]) for item in items])
    with serving(folder) as client:
        visitor = open_shop(url=str(client.base_url))
        visitor.see('#shelves [data-shelf="popular"] .card')
        popular = visitor.titles("popular")
    assert set(popular[: len(fresh)]) <= fresh
    assert len(popular) > len(fresh), "older ones come where nothing newer is left"


def test_somebody_is_chosen_by_what_they_like(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.see('.person:not(.new) strong:text-is("Loves space")')
    visitor.see('.person:not(.new) strong:text-is("Loves kitchen")')
    people = visitor.texts(".person:not(.new) strong")
    assert {"Loves space", "Loves kitchen"} <= set(people)
    assert not any("p1" in person.split() for person in people), "no ids"
    visitor.choose()
    assert visitor.see("h1").inner_text() in {
        "Somebody who loves space",
        "Somebody who loves kitchen",
    }
    visitor.page.reload()
    visitor.see('#shelves [data-shelf="for_you"] .card')
    visitor.press("text=Somebody else")
    visitor.see(".people .person:not(.new)")


def test_what_is_hidden_goes_at_once_and_comes_back(open_shop: Open, shop_folder: Path) -> None:
    visitor = open_shop()
    visitor.begin()
    hidden = visitor.titles("for_you")[1]
    visitor.press(f'#shelves [data-shelf="for_you"] [aria-label="Hide: {hidden}"]')
    visitor.see(f".news-text:has-text('{hidden} is hidden')")
    visitor.see(".news-words li")
    assert hidden not in visitor.titles()
    with SqlStore(shop_folder / STORE_FILE) as store:
        events = store.history(None, visitor.session, 100)
    (hide,) = [event for event in events if event.kind == "hide"]  # impressions may come later
    assert hide.position == 2
    assert hide.recommendation_id
    visitor.press(".news .button:has-text('Undo')")
    visitor.see(".news-text:has-text('Undone')")
    assert hidden in visitor.titles("for_you")


WATCH = """() => {
  const shelves = document.getElementById('shelves');
  const list = () => shelves.querySelector('[data-shelf="for_you"]').innerText;
  const before = list();
  window.frames_ = { repeated: [], sooner: false };
  const look = () => {
    const ids = [...shelves.querySelectorAll('.card-link')].map((card) => card.hash);
    window.frames_.repeated.push(...ids.filter((id, place) => ids.indexOf(id) !== place));
    const isMade = document.querySelector('.news-text') && list() !== before;
    if (isMade && shelves.getAttribute('aria-busy') === 'true') window.frames_.sooner = true;
    if (!isMade || shelves.getAttribute('aria-busy') === 'true') queueMicrotask(watch);
  };
  const watch = () => {
    const observer = new MutationObserver(() => { observer.disconnect(); look(); });
    observer.observe(document.body, { subtree: true, childList: true, attributes: true });
  };
  watch();
}"""
"""Looks at the page whenever it changes, until all shelves are there."""


def test_the_first_list_is_there_before_the_others_and_nothing_ever_twice(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.choose()
    visitor.until("() => document.getElementById('shelves').ariaBusy === 'false'")
    visitor.page.evaluate(WATCH)
    visitor.press('#shelves [data-shelf="for_you"] [aria-label^="Hide: "]')
    visitor.see(".news-text:has-text('is hidden')")
    visitor.until("() => document.getElementById('shelves').ariaBusy === 'false'")
    assert visitor.page.evaluate("frames_") == {"repeated": [], "sooner": True}


def test_a_like_makes_a_shelf_and_says_why(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.choose()
    liked = visitor.titles("for_you")[0]
    visitor.press(f'#shelves [data-shelf="for_you"] [aria-label="Like: {liked}"]')
    visitor.see(f".news-text:has-text('You liked {liked}')")
    visitor.see('#shelves [data-shelf="similar"]')
    visitor.press(".card-why")
    assert visitor.see("#why-title").inner_text()
    visitor.see("#why .bars .bar")
    words = " ".join(visitor.texts("#why .bars li"))
    assert "sequence" not in words, "plain words"
    assert "average item" not in words
    visitor.page.keyboard.press("Escape")
    visitor.press(".news .button:has-text('Undo')")
    visitor.see(".news-text:has-text('Undone')")


SCORE_BARS = """async (terms) => {
    const { scoreBars } = await import(document.querySelector('link[href$="shop/words.js"]').href);
    return scoreBars(terms, new Map([["a", "Alien (1979)"]]));
}"""
"""What the page makes of the terms of a score."""


def test_the_parts_of_a_score_are_shares_of_all_of_it(open_shop: Open) -> None:
    visitor = open_shop()
    terms = [
        {"expert": "repeat", "event": "a", "feature": "", "nats": -6.0},
        {"expert": "popularity", "event": "", "feature": "popularity", "nats": 1.5},
        {"expert": "content", "event": "a", "feature": "", "nats": 0.5},
    ]
    bars = visitor.page.evaluate(SCORE_BARS, terms)
    assert [(bar["text"], bar["percent"]) for bar in bars] == [
        ("You had it already", 0.75),
        ("How popular it is", 0.1875),
        ("Described like Alien", 0.0625),
    ]
    terms[0]["nats"] = 6.0
    assert visitor.page.evaluate(SCORE_BARS, terms)[0]["text"] == "What you take again and again"


def test_a_wish_becomes_chips_that_can_be_taken_back(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.begin()
    visitor.enter("#wish", "more space, nothing about kitchen")
    visitor.see(".news-text:has-text('You wished for')")
    chips = visitor.texts(".wish .chip span:first-child")
    assert "more space" in chips
    assert "no kitchen" in chips
    visitor.press(".wish .chip:has-text('no kitchen')")
    visitor.until("() => !document.querySelector('.wish .chips').innerText.includes('kitchen')")


def test_a_wish_that_moves_nothing_does_not_speak_of_something_else(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.begin()
    visitor.enter("#wish", "nothing about xylophones")
    visitor.see(".news-text:has-text('You wished for')")
    lines = visitor.texts(".news-words li")
    assert lines == ["The shelves stay as they are."]


def test_a_slider_is_a_preference(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.choose()
    visitor.press(".who-words .button")
    slider = visitor.see("#taste input[type=range]")
    slider.press("ArrowRight")
    visitor.see("#taste .chip.more")
    visitor.press("#taste [aria-label=Never]")
    visitor.see("#taste .chip.less")
    visitor.press("#taste >> text=Take all of it back")
    visitor.until("() => !document.querySelector('#taste .chip.less')")


def test_search_corrects_and_filters(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.page.fill("#search", "rokcet")
    visitor.see("#suggestions [role=option]")
    visitor.page.press("#search", "Enter")
    visitor.see(".results .card")
    assert "rocket" in visitor.see("h1").inner_text()
    assert "rokcet" in visitor.see(".results-head").inner_text()
    visitor.press(".facet .chip:has-text('space')")
    visitor.see(".results .chip.on:has-text('space')")
    visitor.until(
        "() => document.querySelectorAll('.results .card').length > 0 &&"
        " [...document.querySelectorAll('.results .card-facts')]"
        ".every((facts) => !facts.textContent.includes('kitchen'))"
    )
    visitor.press(".results .chip.on")
    visitor.until("() => !document.querySelector('.results .chip.on')")


def test_what_a_search_was_read_to_mean_is_shown_and_can_be_taken_back(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.enter("#search", "kitchen rocket")
    visitor.see(".results .chip.on:has-text('kitchen')")
    head = visitor.see(".results-head").inner_text()
    assert "Searched as: “rocket”, kitchen" in head
    visitor.press(".results .chip.on")
    visitor.see("h1:has-text('“rocket”')")
    visitor.until("() => !document.querySelector('.results .chip.on')")
    visitor.enter("#search", "kitchen rocket")
    visitor.press(".results-head button.link:visible")
    visitor.until("() => !document.querySelector('.results .chip.on')")
    assert "kitchen rocket" in visitor.see("h1").inner_text()
    assert "Searched as" not in visitor.see(".results-head").inner_text()


def test_what_has_nothing_of_a_search_stands_apart(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.enter("#search", "rocket")
    visitor.see(".results .card")
    visitor.see(".other-results h2:has-text('Nothing else has what you searched for')")
    apart = visitor.see(".other-results").inner_text()
    assert apart.count("searched for") == 1, "it is said once, and not at each"


def test_the_talk_answers_with_a_list(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.begin()
    visitor.press(".talk-button")
    visitor.enter("#sentence", "something about a rocket")
    visitor.see("#talk .turn:not(.mine):not(.waiting) .turn-item")
    visitor.see("#talk .drawer-foot .chip")
    visitor.enter("#sentence", "why the first?")
    visitor.until("() => document.querySelectorAll('#talk .turn.mine').length === 2")
    visitor.until("() => document.querySelectorAll('#talk .turn:not(.mine)').length >= 3")


def test_two_people_in_two_browsers_do_not_mix(open_shop: Open) -> None:
    one, other = open_shop(), open_shop()
    one.begin()
    other.choose()
    hidden = one.titles("for_you")[0]
    one.press(f'#shelves [data-shelf="for_you"] [aria-label="Hide: {hidden}"]')
    one.see(".news-text:has-text('is hidden')")
    assert one.session != other.session
    other.page.reload()
    other.see('#shelves [data-shelf="for_you"] .card')
    assert other.texts(".news-text") == []
    assert "Somebody who loves" in other.see("h1").inner_text()


def test_the_first_view_is_light(open_shop: Open) -> None:
    visitor = open_shop("/healthz")
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    visitor.go("/")
    visitor.see("#shelves .card")
    visitor.see(".people .person:not(.new)")
    visitor.page.wait_for_load_state("networkidle")
    assert len(sizes) > 10
    assert sum(sizes) < MAX_FIRST_VIEW


@pytest.mark.parametrize("language", ["de-AT", "en-GB"])
def test_the_page_speaks_the_language_of_the_browser(open_shop: Open, language: str) -> None:
    visitor = open_shop(locale=language)
    german = language.startswith("de")
    visitor.see(f"text={'Ich bin neu hier' if german else 'I am new here'}")
    visitor.press("[aria-expanded]:not(input)")
    visitor.press(f"[data-language={'en' if german else 'de'}]")
    visitor.see(f"text={'I am new here' if german else 'Ich bin neu hier'}")
    visitor.page.reload()
    visitor.see(f"text={'I am new here' if german else 'Ich bin neu hier'}")


def test_light_and_dark_by_choice_hold_from_the_first_byte(open_shop: Open) -> None:
    visitor = open_shop(color_scheme="light")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = visitor.page.evaluate(ground)
    visitor.press("[aria-expanded]:not(input)")
    visitor.press("[data-theme-choice=dark]")
    dark = visitor.page.evaluate(ground)
    assert dark != light
    visitor.page.reload()
    assert visitor.page.evaluate(ground) == dark
    assert visitor.page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_no_serious_violation_where_people_are_chosen_and_served(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.see(".people .person:not(.new)")
    assert visitor.violations() == []
    visitor.choose()
    visitor.press('#shelves [data-shelf="for_you"] .card-actions button')
    visitor.see(".news-text")
    assert visitor.violations() == []


def test_of_a_category_with_levels_a_tile_tells_the_deepest(open_shop: Open) -> None:
    facts = open_shop().page.evaluate(
        """async () => {
          const app = document.querySelector('script[src*="shop/app.js"]').src;
          const { factsOf } = await import(app.replace(/app\\.js.*/, "words.js"));
          return factsOf({ attributes: { category: ["Home", "Home > Kitchen", "Garden"] } });
        }"""
    )
    assert facts == "Kitchen, Garden"
