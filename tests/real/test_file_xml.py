"""Product feeds as shops publish them in XML, and what is no feed."""

import gzip
from pathlib import Path

import pytest

from foretaste.behaviour.files.xml_records import MAX_DEPTH
from foretaste.errors import InputError

from .conftest import Shop

MERCHANT = """<?xml version="1.0"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel>
<title>Lamps</title><link>https://shop.example</link>
<item><g:id>L1</g:id><g:title>Oslo &amp; co</g:title><g:price>12.50 EUR</g:price>
<g:brand>Acme</g:brand><g:product_type>Home &gt; Lamps</g:product_type>
<g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping>
<g:additional_image_link>https://shop.example/2.jpg</g:additional_image_link></item>
<item><g:id>L2</g:id><g:title>Bergen</g:title><g:price>14 EUR</g:price><g:brand>Lux</g:brand>
<g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping></item>
</channel></rss>"""
MARKET = """<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE yml_catalog SYSTEM "shops.dtd">
<yml_catalog><shop><categories><category id="1">Lamps</category>
<category id="2" parentId="1">Desk</category><category id="3" parentId="1">Floor</category>
</categories><offers>
<offer id="o1"><name>Oslo</name><vendor>Acme</vendor><picture>https://a.example/1.jpg</picture>
<picture>https://a.example/2.jpg</picture><description><![CDATA[<p>Soft light</p>]]></description>
<param name="Colour">red</param></offer>
<offer id="o2"><name>Bergen</name><vendor>Lux</vendor><param name="Colour">blue</param></offer>
</offers></shop></yml_catalog>"""
ROWS = (
    '<rows><row id="a" title="Oslo" brand="Acme"/><row id="b" title="Bergen" brand="Lux"/></rows>'
)


def test_a_feed_for_merchants(shop: Shop) -> None:
    result = shop.add("items", MERCHANT, "feed.xml")
    assert (result.added, result.rejected) == (2, 0)
    lamp = shop.items["L1"]
    assert lamp.title == "Oslo & co"
    assert lamp.attributes["brand"] == ("Acme",)
    assert lamp.attributes["price"] == ("12.5",)
    assert lamp.attributes["product_type"] == ("Home", "Home > Lamps")
    assert "country" not in lamp.attributes, "what is within a part of an item is not the item's"


def test_offers_with_parameters_and_pictures(shop: Shop) -> None:
    shop.add("items", MARKET, "offers.xml")
    assert shop.items.keys() == {"o1", "o2"}, "categories are no items"
    lamp = shop.items["o1"]
    assert (lamp.title, lamp.texts["description"]) == ("Oslo", "Soft light")
    assert lamp.attributes == {"vendor": ("Acme",), "Colour": ("red",)}
    assert (lamp.image, lamp.more_images) == (
        "https://a.example/1.jpg",
        ("https://a.example/2.jpg",),
    )


@pytest.mark.parametrize("name", ["rows.xml", "rows.txt"])
def test_rows_of_attributes(shop: Shop, name: str) -> None:
    shop.add("items", ROWS, name)
    assert {item.id: item.title for item in shop.items.values()} == {"a": "Oslo", "b": "Bergen"}


def test_events_packed_and_in_the_encoding_of_the_declaration(shop: Shop, tmp_path: Path) -> None:
    text = '<?xml version="1.0" encoding="ISO-8859-1"?><log>' + "".join(
        f"<event><user>Jürgen{row}</user><item>i{row}</item><at>2026-01-03</at></event>"
        for row in range(30)
    )
    path = tmp_path / "log.xml.gz"
    path.write_bytes(gzip.compress((text + "</log>").encode("latin-1")))
    result = shop.add("events", path)
    assert result.added == 30
    assert shop.events[0].user == "Jürgen0"


def test_a_single_product_is_one(shop: Shop) -> None:
    shop.add("items", "<shop><product><id>7</id><title>Oslo</title></product></shop>", "one.xml")
    assert shop.items["7"].title == "Oslo"


def test_what_is_before_a_break_comes_in(shop: Shop) -> None:
    result = shop.add("items", MERCHANT[: MERCHANT.index("</channel>") - 40], "cut.xml")
    assert shop.items.keys() == {"L1"}
    (reject,) = result.rejects
    assert "damaged from here on" in reject.problem


def test_entities_of_its_own_are_refused(shop: Shop) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>' + ROWS.replace("Oslo", "&c;")
    with pytest.raises(InputError, match=r"bomb\.xml defines entities of its own"):
        shop.add("items", bomb, "bomb.xml")
    outside = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>' + ROWS.replace(
        "Oslo", "&b;"
    )
    with pytest.raises(InputError, match="entities"):
        shop.add("items", outside, "outside.xml")


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><html><div><p>b</p></div><div><p>c</p></div></html>',
        "<note><to>Ann</to></note>",
        "<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1),
    ],
)
def test_what_has_no_records_is_refused(shop: Shop, text: str) -> None:
    with pytest.raises(InputError, match="page, or XML without records"):
        shop.add("items", text, "page.xml")


def test_cells_may_begin_with_markup(shop: Shop) -> None:
    columns = {"items": {"title": "<b>title</b>"}}
    shop.add("items", "<b>title</b>,id\n<i>Oslo</i>,1\n", columns=columns)
    assert shop.items["1"].title == "Oslo"
