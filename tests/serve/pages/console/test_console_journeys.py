"""What whoever runs the shop does in the console, seen through a browser."""

from typing import Any

import httpx
import pytest

from foretaste.serve.pages.routes import PAGE_TEMPLATES

from ..visitor import PHONE, Visitor
from .conftest import MARKUP, ODD_USER, Open

PAGES = sorted(address for address in PAGE_TEMPLATES if address.startswith("/console"))
SHOWN = ".console-body h2:not(.visually-hidden), .console-body .empty h3"


def settled(visitor: Visitor) -> None:
    """Wait until the page has what it asked for."""
    visitor.see(SHOWN)
    visitor.page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("key", [None, "ft_000000000000_" + "x" * 43, "read"])
def test_a_missing_wrong_or_read_only_key_says_what_to_do(
    open_console: Open, console_keys: dict[str, str], key: str | None
) -> None:
    visitor = open_console("/console", key)
    form = visitor.see(".key-form").inner_text()
    assert "foretaste keys create" in form
    assert ("may not do that" in form) is (key == "read")
    visitor.page.fill("#key", console_keys["admin"])
    visitor.press(".key-form .button")
    assert visitor.see(".verdict h2").inner_text()
    visitor.page.wait_for_selector(".key-form", state="hidden")
    assert visitor.see(".tile .value").inner_text()


def test_an_operator_finds_in_three_clicks_why_an_item_is_missing(open_console: Open) -> None:
    visitor = open_console("/console")
    visitor.press('.console-nav a[href="/console/people"]')
    visitor.page.fill("#person-search", "p1")
    visitor.press('.result:has-text("p11")')
    assert "part" in visitor.see(".timeline strong").inner_text()
    visitor.page.fill("#item-search", "kitchen-1")
    visitor.press('.result:has-text("kitchen-1")')
    reason = visitor.see("#verdict .notice").inner_text()
    assert "The soup and the spice, part 1" in reason
    assert "place" in reason
    assert visitor.texts("#verdict .bars .value")
    visitor.press("#verdict a")
    visitor.see('.console-body header h2:has-text("soup")')


def test_a_score_is_read_as_a_sum_of_parts(open_console: Open) -> None:
    visitor = open_console("/console/people#user=p3")
    visitor.press(".ranked-row")
    assert "as likely as an average item" in visitor.see(".unfolded").inner_text()
    visitor.see(".unfolded svg[role=img]")
    parts = visitor.texts(".unfolded tbody .number")
    values = [float(part.replace("−", "-")) for part in parts]
    assert values
    assert values == sorted(values, key=lambda value: -abs(value))
    assert visitor.page.locator('.ranked-row[aria-expanded="true"]').count() == 1
    assert "click" in visitor.see(".timeline").inner_text()


def test_a_version_is_promoted_and_rolled_back(open_console: Open, console: httpx.Client) -> None:
    def live() -> str:
        models = console.get("/v1/models").json()["models"]
        return next(str(model["version"]) for model in models if model["is_live"])

    newest = live()
    visitor = open_console("/console/model")
    visitor.press('button:has-text("Promote")')
    visitor.press("dialog[open] .button.primary")
    visitor.see('.toast:has-text("answers in a moment")')
    assert live() != newest
    visitor.press('button:has-text("Roll back")')
    visitor.press("dialog[open] .button.primary")
    visitor.see(f'.toast:has-text("{newest}")')
    assert live() == newest
    visitor.page.fill("#compare-user", "p1")
    visitor.press('button:has-text("Compare")')
    visitor.see(".side-by-side ol li")
    assert visitor.page.locator(".side-by-side ol").count() == 2


def test_a_key_is_made_shown_once_and_revoked(open_console: Open, console: httpx.Client) -> None:
    visitor = open_console("/console/keys")
    visitor.page.fill("#key-name", "for a test")
    visitor.page.select_option("#key-kind", "read")
    visitor.press('button:has-text("Make the key")')
    secret = visitor.see(".secret").inner_text()
    assert console.get("/v1/items", headers={"X-API-Key": secret}).status_code == 200
    visitor.press('button:has-text("I have it")')
    visitor.page.reload()
    row = visitor.see('tr:has-text("for a test")')
    assert secret not in visitor.page.content()
    row.get_by_role("button", name="Revoke for a test").click()
    visitor.press('dialog[open] button:has-text("Revoke it")')
    visitor.see('tr:has-text("for a test") .badge.bad')
    keys = console.get("/v1/keys").json()["keys"]
    assert not next(key for key in keys if key["name"] == "for a test")["is_valid"]


def test_a_rule_is_tried_saved_and_undone(open_console: Open, console: httpx.Client) -> None:
    visitor = open_console("/console/rules")
    visitor.page.fill("#new-placement", "shelf-of-a-test")
    visitor.press('button:has-text("New")')
    visitor.page.fill("#n", "4")
    visitor.press('fieldset button:has-text("Condition")')
    visitor.page.locator('.rule-row [aria-label="Column"]').select_option("theme")
    visitor.page.locator(".rule-row input").fill("kitchen")
    visitor.press('button:has-text("Try it on some people")')
    assert "of the places change" in visitor.see("#trial-heading ~ p").inner_text()
    assert visitor.page.locator(".side-by-side .new").count() > 0
    assert console.get("/v1/placements/shelf-of-a-test").status_code == 404, "nothing is kept yet"
    visitor.press('form .button.primary:has-text("Save")')
    visitor.see('.toast:has-text("Saved")')
    stored = console.get("/v1/placements/shelf-of-a-test").json()
    assert stored["by"] == "admin"
    assert stored["placement"] == {"n": 4, "filter": {"theme": ["kitchen"]}}
    listed = console.post("/v1/recommend", json={"user": "p1", "placement": "shelf-of-a-test"})
    assert {item["id"].split("-")[0] for item in listed.json()["items"]} == {"kitchen"}
    visitor.page.fill("#n", "0")
    visitor.page.evaluate("document.querySelector('#n').removeAttribute('min')")
    visitor.press('button:has-text("Try it on some people")')
    assert "n:" in visitor.see('form [role="alert"]').inner_text()
    visitor.press('button:has-text("Undo the last change")')
    visitor.see('.toast:has-text("Undone")')
    assert console.get("/v1/placements/shelf-of-a-test").status_code == 404


def test_an_item_is_hidden_and_shown_again(open_console: Open, console: httpx.Client) -> None:
    visitor = open_console("/console/catalogue#item=space-5")
    visitor.press('button:has-text("Hide from all lists")')
    assert "It is hidden" in visitor.see(".notice.wrong").inner_text()
    assert console.get("/v1/items/space-5").json()["hidden"]
    visitor.press('.toast button:has-text("Undo")')
    visitor.see('.badge.good:has-text("on offer")')
    assert "hidden" not in console.get("/v1/items/space-5").json()
    visitor.press('button:has-text("Edit")')
    visitor.page.locator("dialog[open] input:visible").first.fill("The void, edited")
    visitor.press('dialog[open] button:has-text("Save")')
    visitor.see('h2:has-text("The void, edited")')


def test_a_person_is_erased_with_a_receipt(open_console: Open, console: httpx.Client) -> None:
    event = {"user": "leaver", "item": "space-2", "kind": "click"}
    console.post("/v1/events", json={"events": [event]})
    visitor = open_console("/console/people#user=leaver")
    with visitor.page.expect_download() as download:
        visitor.press('button:has-text("Data of this person")')
    assert download.value.suggested_filename == "leaver.json"
    visitor.press('button:has-text("Erase")')
    visitor.press('dialog[open] button:has-text("Erase for good")')
    assert "1" in visitor.see("dialog[open] .definition").inner_text()
    visitor.press('dialog[open] button:has-text("Close")')
    assert console.get("/v1/people/leaver").status_code == 404


def test_what_the_service_says_is_said_in_the_language_of_the_page(open_console: Open) -> None:
    visitor = open_console("/console/data", locale="de-DE")
    visitor.see('.panel li:has-text("Spalten, die kein Feld eines Ereignisses sind, blieben")')
    visitor.see(".panel li:has-text(\"Zeile 3: unbekannter Artikel 'space-99999'\")")
    visitor.go("/console/people#user=newcomer")
    visitor.see('.timeline .badge:text-is("angeklickt")')
    visitor.go("/console/catalogue#item=space-3")
    visitor.see('td:text-is("angeklickt")')
    assert visitor.page.get_by_text("click", exact=True).count() == 0


def test_why_rows_of_a_broken_file_were_refused_is_said_in_the_language_of_the_page(
    open_console: Open,
) -> None:
    visitor = open_console("/console/data", locale="de-DE")
    notes = visitor.see('.panel:has(h3:text-is("broken.csv"))').inner_text()
    assert "Datumsangaben nach ISO 8601 (2), Zeiten nach ISO 8601 mit Zeitzone (1)" in notes
    assert "click ohne Artikel; füllen Sie den Artikel aus" in notes
    assert "'teleport'; erwartet wird eine von" in notes
    assert "ein Anführungszeichen ist nicht geschlossen" in notes


def test_the_quality_report_is_in_the_language_of_the_page(
    open_console: Open, console: httpx.Client
) -> None:
    visitor = open_console("/console/data", locale="de-DE")
    visitor.press('summary:has-text("Der ganze Bericht in Worten")')
    report = visitor.see("pre:has-text('Datenqualität')").inner_text().splitlines()
    written = console.get("/v1/data-quality").json()["report"]["text"].splitlines()
    assert len(report) == len(written)
    assert [line for line in report if line.split() in map(str.split, written)] == []
    assert any(line.startswith("  Verlauf") and "Median" in line for line in report)


def test_an_import_is_undone(open_console: Open, console: httpx.Client) -> None:
    assert console.get("/v1/people/newcomer").json()["events"]
    visitor = open_console("/console/data")
    visitor.press('tr:has-text("clicks.csv") button:has-text("Undo")')
    visitor.press('dialog[open] button:has-text("Undo it")')
    visitor.see('tr:has-text("clicks.csv"):has-text("undone")')
    assert console.get("/v1/people/newcomer").status_code == 404


CUT_OFF = """select => {
    const context = document.createElement("canvas").getContext("2d");
    context.font = getComputedStyle(select).font;
    const widths = Array.from(select.options, option => context.measureText(option.text).width);
    return Math.max(...widths) + 40 - select.clientWidth; // 40: the padding and the arrow
}"""
"""By how many pixels the longest choice is wider than its field."""


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_what_a_key_may_do_is_not_cut_off(open_console: Open, locale: str) -> None:
    visitor = open_console("/console/keys", locale=locale, viewport={"width": 1280, "height": 900})
    visitor.see("#key-kind")
    assert visitor.page.eval_on_selector("#key-kind", CUT_OFF) <= 0


def test_an_address_of_another_person_is_followed(open_console: Open) -> None:
    visitor = open_console("/console/people#user=p3")
    visitor.see('.console-body h2 span:text-is("p3")')
    visitor.page.evaluate("location.hash = '#user=p5'")
    visitor.see('.console-body h2 span:text-is("p5")')


def test_a_title_has_its_article_in_front(open_console: Open) -> None:
    visitor = open_console("/console/catalogue#item=shining")
    visitor.see('.console-body header h2:text-is("The Shining")')
    visitor.page.fill("#catalogue-search", "shining")
    visitor.see('.result:has-text("The Shining")')


def test_no_cell_of_a_table_lies_over_the_next_on_a_phone(open_console: Open) -> None:
    visitor = open_console("/console/model", viewport=PHONE, locale="de-DE")
    settled(visitor)
    visitor.see(".console .table tbody .badge.good")
    spills = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth + 1).length"
    assert visitor.page.eval_on_selector_all(".console .table tbody th", spills) == 0


def test_hostile_names_are_text(open_console: Open) -> None:
    addresses = ("catalogue#item=hostile%2F%3C1%3E", f"people#user={ODD_USER}", "keys")
    for address in addresses:
        visitor = open_console(f"/console/{address}", viewport=PHONE)
        settled(visitor)
        body: Any = visitor.page.locator("main").inner_text()
        assert (ODD_USER if "people" in address else MARKUP) in body, address
        assert visitor.page.title() != "broken"
        assert visitor.page.locator('main img[src="x"]').count() == 0
        assert visitor.overflow() == 0, address


@pytest.mark.parametrize("address", PAGES)
def test_each_page_fits_a_phone_in_the_dark_and_has_no_violation(
    open_console: Open, address: str
) -> None:
    visitor = open_console(address, viewport=PHONE, color_scheme="dark", locale="de-DE")
    settled(visitor)
    assert visitor.overflow() == 0
    assert visitor.violations() == []
    assert visitor.page.locator(".console-nav a[aria-current=page]").count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("address", PAGES)
def test_each_page_fits_a_desk_in_the_light_and_has_no_violation(
    open_console: Open, address: str
) -> None:
    visitor = open_console(address)
    settled(visitor)
    assert visitor.overflow() == 0
    assert visitor.violations() == []


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("people#user=p3", ".ranked-row strong"),
        ("rules", ".numbered span:last-child"),
    ],
)
def test_a_title_of_a_single_endless_word_stays_within_the_page(
    open_console: Open, address: str, title: str
) -> None:
    visitor = open_console(f"/console/{address}", viewport=PHONE)
    if address == "rules":
        visitor.page.fill("#new-placement", "of-long-words")
        visitor.press('button:has-text("New")')
        visitor.press('button:has-text("Try it on some people")')
    visitor.see(title).evaluate("title => { title.textContent = 'word'.repeat(80); }")
    assert visitor.overflow() == 0


def test_a_date_in_a_table_is_not_broken_amid_its_year(open_console: Open) -> None:
    visitor = open_console("/console/model", viewport={"width": 1000, "height": 800})
    cells = visitor.page.locator(".table tbody tr").first.locator("td")
    cells.nth(4).evaluate("cell => { cell.textContent = 'nothing certain is known '.repeat(20); }")
    assert cells.nth(0).evaluate("cell => getComputedStyle(cell).whiteSpace") == "nowrap"
    assert visitor.overflow() == 0


def test_a_service_that_is_away_is_asked_again_until_it_answers(open_console: Open) -> None:
    visitor = open_console("/console")
    visitor.see(".verdict h2")
    before = visitor.see(".verdict h2").inner_text()
    visitor.context.set_offline(True)
    visitor.see('.verdict h2:has-text("It does not answer")')
    visitor.context.set_offline(False)
    visitor.see(f'.verdict h2:has-text("{before}")')


def test_what_somebody_asked_of_a_service_that_is_away_says_so(open_console: Open) -> None:
    visitor = open_console("/console/people")
    visitor.see(".result")
    visitor.context.set_offline(True)
    visitor.press(".result")
    assert visitor.see(".toast").inner_text().strip() == "The service does not answer"
    visitor.context.set_offline(False)


def test_the_range_of_a_rate_is_in_brackets_as_the_page_says(
    open_console: Open, console: httpx.Client
) -> None:
    console.post("/v1/recommend", json={"user": "p3", "n": 3}).raise_for_status()
    visitor = open_console("/console/outcomes")
    assert "brackets" in visitor.see(".console-head").inner_text()
    visitor.press('.segment:has-text("90 days")')
    assert visitor.see('.tile:has-text("Click rate") .number').inner_text().startswith("(")


@pytest.mark.parametrize(("tag", "has_half_days"), [("en-GB", False), ("en-US", True)])
def test_times_are_written_as_in_the_country_of_the_browser(
    open_console: Open, tag: str, has_half_days: bool
) -> None:
    visitor = open_console("/console/people", locale=tag)
    assert visitor.see(".result .soft").inner_text().endswith(("AM", "PM")) is has_half_days
