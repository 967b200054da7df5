"""Texts as shop systems store them: read and shown as a person reads them."""

from typing import Any

import pandas as pd
import pytest

from .conftest import Shop

LONG = "A lamp of brass and glass for the desk, with a switch in its foot and a cable of two ells."
CODE = "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4w38GIAXDIBKE0DHxgljNBAAO"
AT = 1_770_000_000


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("Tom &amp;amp; Jerry", "Tom & Jerry"),
        ("Women&#39;s Shoes", "Women's Shoes"),
        ("Caf&eacute; &nbsp;noir", "Café noir"),
        ("<b>Red</b> lamp", "Red lamp"),
        ("&lt;b&gt;Red&lt;/b&gt; lamp", "Red lamp"),
        ("<![CDATA[Red lamp]]>", "Red lamp"),
        ("CafÃ© crÃ¨me", "Café crème"),
        ("itâ€™s a lamp", "it’s a lamp"),
        ("Red\u00a0lamp\u200b", "Red lamp"),
        ("Cafe\u0301", "Café"),
        ("Red\n  lamp", "Red lamp"),
        ("I <3 lamps", "I <3 lamps"),
        ("AT&T: 5 < 7", "AT&T: 5 < 7"),
        ("SÃO PAULO", "SÃO PAULO"),
        ("[Live] Concert", "[Live] Concert"),
    ],
)
def test_titles_and_values(shop: Shop, raw: str, title: str) -> None:
    frame = pd.DataFrame({"id": ["i"], "title": [raw], "brand": [raw]})
    shop.add("items", frame)
    shop.send_items({"id": "live", "title": raw, "brand": raw})
    for item in shop.items.values():
        assert item.title == title
        assert item.attributes["brand"] == (title,)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (f"<p>{LONG}</p><p>New.</p>", f"{LONG}\nNew."),
        (f"{LONG}<br/>New <b>in</b> stock.", f"{LONG}\nNew in stock."),
        (f"<script>var a = 1;</script><style>p {{}}</style><p>{LONG}</p>", LONG),
        (f"<!-- wp:paragraph --><p>{LONG}</p><!-- /wp:paragraph -->", LONG),
        (f"<div class='x'><ul><li>{LONG}</li></ul><img src='https://x/y.png'></div>", LONG),
        (f"&lt;p&gt;{LONG}&lt;/p&gt;", LONG),
        (f"[vc_row][vc_column_text]{LONG}[/vc_column_text][/vc_row]", LONG),
        (f"{LONG} See https://example.com/a?b=1&c=2 or www.example.com/x.", f"{LONG} See or"),
        (f"{LONG} ![photo](https://x/y.png)", f"{LONG} photo"),
        (f"{LONG} data:image/png;base64,{CODE}", LONG),
        (f"{LONG} {CODE}", LONG),
        (f"{LONG} d41d8cd98f00b204e9800998ecf8427e", LONG),
        (f'{{"type": "root", "children": [{{"type": "text", "value": "{LONG}"}}]}}', LONG),
        (f'{{"blocks": [{{"key": "a1", "text": "{LONG}", "type": "unstyled"}}]}}', LONG),
        ('{"en": "Lamp", "de": "Lampe"}', "Lamp\nLampe"),
        ("One line\n\nand another", "One line\n\nand another"),
    ],
)
def test_descriptions_and_reviews(shop: Shop, raw: str, text: str) -> None:
    shop.add("items", pd.DataFrame({"id": ["i"], "title": ["Lamp"], "description": [raw]}))
    shop.send_items({"id": "live", "title": "Lamp", "description": raw})
    shop.send({"user": "u", "item": "i", "kind": "review", "text": raw})
    assert [item.texts["description"] for item in shop.items.values()] == [text, text]
    assert shop.events[0].text == text


def test_a_text_of_nothing_but_markup_is_none(shop: Shop) -> None:
    shop.add("items", pd.DataFrame({"id": ["i"], "description": ["<script>x = 1</script>"]}))
    assert shop.items["i"].texts == {}


UUID = "123e4567-e89b-12d3-a456-4266141740{:02}"


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("description", "https://example.com/articles/{}?utm_source=feed"),
        ("homepage", "www.example.com/{}"),
        ("flat view", "//cdn.example.com/{}/large.png"),
        ("Gallery 2", "media/catalog/product/{}.jpg"),
        ("details", UUID),
        ("details", "spotify:track:4uLU6hMCjMI75M1A2tKU{:02}"),
        ("checksum", "d41d8cd98f00b204e9800998ecf842{:02}"),
        ("body", CODE + "{:02}"),
        ("blob", "data:image/png;base64," + CODE + "{:02}"),
    ],
)
def test_columns_of_addresses_ids_and_code_are_no_text(shop: Shop, column: str, cell: str) -> None:
    frame = pd.DataFrame({"id": [f"i{n}" for n in range(12)], "title": "Lamp"})
    frame[column] = [cell.format(n) for n in range(12)]
    result = shop.add("items", frame)
    assert {item.reading() for item in shop.items.values()} == {"Lamp"}
    assert any(f"'{column}' (it has " in warning for warning in result.warnings)


def test_the_settings_keep_such_a_column(shop: Shop) -> None:
    frame = pd.DataFrame({"id": ["i"], "title": ["Lamp"], "homepage": ["https://example.com"]})
    shop.add("items", frame, attribute_columns=("homepage",))
    item = shop.items["i"]
    assert item.attributes["homepage"] == ("https://example.com",), "to be shown"
    assert item.reading() == "Lamp", "not to be read"


def test_an_address_of_a_single_item_is_kept_and_not_read(shop: Shop) -> None:
    row: dict[str, Any] = {"id": "i", "title": "Lamp", "link": "https://example.com/" + "x" * 80}
    shop.send_items(row)
    item = shop.items["i"]
    assert item.attributes["link"] == (row["link"],)
    assert item.reading() == "Lamp"


def test_what_looks_alike_is_one_value(shop: Shop) -> None:
    brands = ["Café", "Cafe\u0301", "Café\u200b", "Caf&eacute;", "CafÃ©"]
    shop.add("items", pd.DataFrame({"id": list("abcde"), "brand": brands}))
    assert {item.attributes["brand"] for item in shop.items.values()} == {("Café",)}


def test_a_search_is_cleaned_as_a_title_is(shop: Shop) -> None:
    shop.add("events", f"user,query,at\nu,Tom &amp; <b>Jerry</b>\u200b,{AT}\n")
    assert shop.events[0].query == "Tom & Jerry"
