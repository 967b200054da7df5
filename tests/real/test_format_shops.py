"""Exports of shop systems: products with variants, orders with lines."""

import json
from pathlib import Path

import pytest

from .format_reader import Export

SHOPIFY_PRODUCTS = """\
Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,\
Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,\
Variant Compare At Price,Variant Taxable,Variant Barcode,Image Src,Image Position,Gift Card,Status
trail-tee,Trail Tee,"<p>A light tee, <b>quick</b> to dry.</p>",Nordfell,Apparel > Shirts,Tee,\
"summer, men",true,Colour,Red,Size,M,TT-R-M,180,4,29.90,39.90,true,590001,\
https://cdn.example/t1.jpg,1,false,active
trail-tee,,,,,,,,,Red,,L,TT-R-L,190,0,29.90,,true,590002,https://cdn.example/t2.jpg,2,,
trail-tee,,,,,,,,,Blue,,M,TT-B-M,180,7,31.90,,true,590003,,,,
trail-tee,,,,,,,,,,,,,,,,,,,https://cdn.example/t3.jpg,3,,
camp-mug,Camp Mug,<p>Holds 300 ml.</p>,Kettle & Co,Kitchen > Mugs,Mug,camping,true,Title,\
Default Title,,,CM-1,250,12,14.50,,true,590010,https://cdn.example/m1.jpg,1,false,active
old-hat,Old Hat,<p>Gone.</p>,Nordfell,Apparel > Hats,Hat,,false,Title,Default Title,,,OH-1,90,0,\
9.00,,true,590020,,,false,draft
"""
SHOPIFY_ORDERS = """\
Name,Email,Financial Status,Paid at,Currency,Total,Created at,Lineitem quantity,Lineitem name,\
Lineitem price,Lineitem sku,Cancelled at,Id
#1001,Ann@Example.org,paid,2026-01-03 10:00:05 +0100,EUR,74.30,2026-01-03 10:00:00 +0100,2,\
Trail Tee - Red / M,29.90,TT-R-M,,501
#1001,Ann@Example.org,,,,,2026-01-03 10:00:00 +0100,1,Camp Mug,14.50,CM-1,,
#1002,bob@example.org,paid,2026-01-04 09:00:05 +0100,EUR,31.90,2026-01-04 09:00:00 +0100,1,\
Trail Tee - Blue / M,31.90,,,502
#1003,bob@example.org,paid,2026-01-05 09:00:05 +0100,EUR,14.50,2026-01-05 09:00:00 +0100,1,\
Camp Mug,14.50,CM-1,2026-01-06 08:00:00 +0100,503
#1004,cy@example.org,refunded,2026-01-05 09:00:05 +0100,EUR,9.00,2026-01-05 09:00:00 +0100,1,\
Old Hat,9.00,OH-1,,504
#1005,,paid,2026-01-07 09:00:05 +0100,EUR,9.00,2026-01-07 09:00:00 +0100,1,Old Hat,9.00,OH-1,,505
"""


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path)


@pytest.mark.parametrize("format_name", [None, "shopify"])
def test_shopify(export: Export, format_name: str | None) -> None:
    export.write("products_export.csv", SHOPIFY_PRODUCTS)
    export.write("orders_export_1.csv", SHOPIFY_ORDERS)
    shop = export.read(format_name=format_name)
    assert shop.rejects == []
    assert set(shop.items) == {"trail-tee", "camp-mug", "old-hat"}
    tee = shop.items["trail-tee"]
    assert tee.title == "Trail Tee"
    assert tee.texts == {"Body (HTML)": "A light tee, quick to dry."}
    assert tee.attributes["Colour"] == ("Red", "Blue")
    assert tee.attributes["Size"] == ("M", "L")
    assert tee.attributes["Variant Price"] == ("29.9", "31.9")
    assert tee.attributes["Vendor"] == ("Nordfell",)
    assert tee.attributes["in_stock"] == ("11",)
    assert shop.items["old-hat"].attributes["in_stock"] == ("0",)
    assert tee.attributes["Type"] == ("Tee",)
    assert tee.attributes["Tags"] == ("summer", "men")
    assert tee.attributes["Product Category"] == ("Apparel", "Apparel > Shirts")
    assert tee.image == "https://cdn.example/t1.jpg"
    assert not any(name.startswith(("Option", "Title")) for name in tee.attributes)
    assert not {"Variant SKU", "Variant Barcode", "Line names"} & tee.attributes.keys()
    assert "Title" not in shop.items["camp-mug"].attributes
    assert [item.id for item in shop.items.values() if item.hidden] == ["old-hat"]
    assert shop.rows() == [
        ("ann@example.org", "trail-tee", "purchase"),
        ("ann@example.org", "camp-mug", "purchase"),
        ("bob@example.org", "trail-tee", "purchase"),
        ("#1005", "old-hat", "purchase"),
    ]
    first = shop.events[0]
    assert (first.at, first.value) == (1767430800.0, 29.9)
    assert "1 (the order was cancelled)" in shop.warnings
    assert "1 (Financial Status is refunded)" in shop.warnings
    assert "read as Shopify's export of products" in shop.warnings


def test_shopify_orders_that_come_later_and_live_events_name_variants(export: Export) -> None:
    export.write("products_export.csv", SHOPIFY_PRODUCTS)
    export.write("orders_export_1.csv", SHOPIFY_ORDERS)
    export.read("products_export.csv")
    shop = export.read("orders_export_1.csv")
    assert {event.item for event in shop.events} == {"trail-tee", "camp-mug", "old-hat"}
    again = export.read("orders_export_1.csv")
    assert [result.known for result in again.results] == [4]
    export.write("clicks.csv", "user,item,event_type,at\nann,TT-B-M,click,2026-01-09\n")
    assert export.read("clicks.csv").rows()[-1] == ("ann", "trail-tee", "click")


def test_shopify_tells_what_is_sold_out_from_what_nobody_counts(export: Export) -> None:
    export.write(
        "products_export.csv",
        "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,"
        "Variant Inventory Qty,Variant Inventory Policy,Variant Price\n"
        "mug,Camp Mug,Kettle,Title,Default Title,CM,shopify,0,deny,9.00\n"
        "card,Gift Card,Kettle,Title,Default Title,GC,,0,deny,9.00\n"
        "print,Map to order,Kettle,Title,Default Title,MP,shopify,-3,continue,9.00\n",
    )
    shop = export.read(items=None)
    left = {name: item.attributes["in_stock"] for name, item in shop.items.items()}
    assert left == {"mug": ("0",), "card": ("in stock",), "print": ("in stock",)}


def test_shopify_with_the_new_names_of_columns(export: Export) -> None:
    export.write(
        "products.csv",
        "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,"
        "Status,SKU,Barcode,Option1 name,Option1 value,Price,Product image URL\n"
        "Trail Tee,trail-tee,<p>Light.</p>,Nordfell,Shirts,Tee,men,TRUE,Active,TT-M,1,Size,M,29.90,"
        "https://cdn.example/1.jpg\n"
        ",trail-tee,,,,,,,,TT-L,2,,L,31.90,\n",
    )
    shop = export.read(items=None)
    assert shop.items["trail-tee"].attributes["Size"] == ("M", "L")
    assert shop.items["trail-tee"].attributes["Variant Price"] == ("29.9", "31.9")


def test_shopify_api(export: Export) -> None:
    product = {
        "id": 632910392,
        "title": "Trail Tee",
        "body_html": "<p>A light tee.</p>",
        "vendor": "Nordfell",
        "product_type": "Tee",
        "handle": "trail-tee",
        "status": "active",
        "tags": "summer, men",
        "variants": [
            {"id": 808950810, "price": "29.90", "sku": "TT-R", "inventory_quantity": 0},
            {"id": 49148385, "price": "31.90", "sku": "TT-B", "inventory_quantity": 2},
        ],
        "options": [{"name": "Colour", "values": ["Red", "Blue"]}],
        "images": [{"src": "https://cdn.example/t1.jpg"}],
    }
    order = {
        "id": 450789469,
        "email": "ann@example.org",
        "created_at": "2026-01-03T10:00:00+01:00",
        "cancelled_at": None,
        "financial_status": "paid",
        "customer": {"id": 207119551},
        "line_items": [
            {"id": 1, "product_id": 632910392, "variant_id": 49148385, "price": "31.90"}
        ],
    }
    export.write("products.json", json.dumps({"products": [product]}))
    export.write("orders.json", json.dumps({"orders": [order]}))
    shop = export.read()
    tee = shop.items["632910392"]
    assert (tee.title, tee.image) == ("Trail Tee", "https://cdn.example/t1.jpg")
    assert tee.attributes["Colour"] == ("Red", "Blue")
    assert tee.attributes["price"] == ("29.9", "31.9")
    assert "could not be read" not in shop.warnings
    assert tee.attributes["tags"] == ("summer", "men")
    assert tee.attributes["in_stock"] == ("2",)
    assert shop.rows() == [("207119551", "632910392", "purchase")]
    assert shop.events[0].value == 31.9


WOO_PRODUCTS = """\
ID,Type,SKU,Name,Published,Is featured?,Visibility in catalog,Short description,Description,\
Tax status,In stock?,Sale price,Regular price,Categories,Tags,Images,Parent,Attribute 1 name,\
Attribute 1 value(s),Attribute 1 visible,Attribute 1 global
44,variable,woo-hoodie,Hoodie,1,0,visible,Warm.,<p>A hoodie for cold days.</p>,taxable,1,,,\
"Clothing > Hoodies, Winter",wool,https://shop.example/h.jpg,,Color,"Blue, Green, Red",1,1
45,variation,woo-hoodie-red,Hoodie - Red,1,0,visible,,,taxable,1,42,45,,,,woo-hoodie,Color,Red,,1
46,variation,woo-hoodie-blue,Hoodie - Blue,1,0,visible,,,taxable,1,,48,,,,id:44,Color,Blue,,1
47,simple,woo-cap,Cap,1,1,visible,,<p>A cap.</p>,taxable,1,,18,"Clothing > Accessories",,,,,,,
48,simple,woo-belt,Belt,0,0,hidden,,,taxable,0,,25,"Clothing > Accessories",,,,,,,
"""


def test_woocommerce(export: Export) -> None:
    export.write("wc-product-export.csv", WOO_PRODUCTS)
    orders = [
        {
            "id": 727,
            "status": "completed",
            "date_created": "2026-01-03T11:00:00",
            "date_created_gmt": "2026-01-03T10:00:00",
            "customer_id": 7,
            "billing": {"email": "ann@example.org"},
            "line_items": [
                {"product_id": 44, "variation_id": 45, "sku": "woo-hoodie-red", "price": 42},
                {"product_id": 47, "variation_id": 0, "sku": "woo-cap", "price": 18},
            ],
        },
        {
            "id": 728,
            "status": "cancelled",
            "date_created_gmt": "2026-01-04T10:00:00",
            "customer_id": 7,
            "billing": {"email": "ann@example.org"},
            "line_items": [{"product_id": 48, "price": 25}],
        },
        {
            "id": 729,
            "status": "processing",
            "date_created_gmt": "2026-01-05T10:00:00",
            "customer_id": 0,
            "billing": {"email": "Bob@example.org"},
            "line_items": [{"product_id": 47, "price": 18}],
        },
    ]
    export.write("orders.json", json.dumps(orders))
    shop = export.read()
    assert shop.rejects == []
    assert set(shop.items) == {"44", "47", "48"}
    hoodie = shop.items["44"]
    assert hoodie.title == "Hoodie"
    assert hoodie.attributes["Color"] == ("Blue", "Green", "Red")
    assert hoodie.attributes["Regular price"] == ("45", "48")
    assert hoodie.attributes["Categories"] == ("Clothing", "Clothing > Hoodies", "Winter")
    assert hoodie.texts["Description"] == "A hoodie for cold days."
    assert not hoodie.hidden
    assert shop.items["48"].hidden
    stock = {name: item.attributes["in_stock"] for name, item in shop.items.items()}
    assert stock == {"44": ("yes",), "47": ("yes",), "48": ("no",)}
    assert "SKU" not in hoodie.attributes
    assert shop.rows() == [
        ("7", "44", "purchase"),
        ("7", "47", "purchase"),
        ("bob@example.org", "47", "purchase"),
    ]
    assert [event.at for event in shop.events[:1]] == [1767434400.0]


def test_woocommerce_orders_of_a_plugin_name_skus(export: Export) -> None:
    export.write("wc-product-export.csv", WOO_PRODUCTS)
    export.write(
        "orders-export.csv",
        "Order Number,Order Status,Order Date,Customer User ID,Email (Billing),SKU,Item Name,"
        "Quantity,Item Cost\n"
        "901,Completed,2026-01-03 10:00,7,ann@example.org,woo-hoodie-blue,Hoodie - Blue,1,48\n"
        "901,,,,,woo-cap,Cap,2,18\n"
        "902,Refunded,2026-01-04 10:00,8,cy@example.org,woo-cap,Cap,1,18\n",
    )
    shop = export.read(format_name="woocommerce")
    assert shop.rows() == [("7", "44", "purchase"), ("7", "47", "purchase")]
    assert [event.value for event in shop.events] == [48, 18]


MAGENTO = """\
sku,store_view_code,attribute_set_code,product_type,categories,product_websites,name,description,\
weight,product_online,tax_class_name,visibility,price,url_key,base_image,additional_attributes,qty,\
configurable_variations
MH01-S-Red,,Top,simple,,base,Chaz Hoodie-S-Red,,1,1,Taxable Goods,Not Visible Individually,52,\
chaz-s-red,,"color=Red,size=S",100,
MH01-M-Grey,,Top,simple,,base,Chaz Hoodie-M-Grey,,1,1,Taxable Goods,Not Visible Individually,54,\
chaz-m-grey,,"color=Grey,size=M",100,
MH01,,Top,configurable,"Default Category/Men/Tops/Hoodies,Default Category/Sale",base,Chaz Hoodie,\
<p>Cosy.</p>,,1,Taxable Goods,"Catalog, Search",,chaz,/m/h/mh01.jpg,\
"material=Fleece,pattern=Solid",0,"sku=MH01-S-Red,size=S,color=Red|sku=MH01-M-Grey,size=M,color=Grey"
MH01,de,Top,configurable,,,Chaz Kapuzenpulli,<p>Kuschelig.</p>,,,,,,,,,,
24-MB01,,Bag,simple,"Default Category/Gear/Bags",base,Joust Bag,<p>Sturdy.</p>,,1,Taxable Goods,\
"Catalog, Search",34,joust,/m/b/mb01.jpg,"material=Nylon, Canvas,activity=Gym",100,
24-MB02,,Bag,simple,"Default Category/Gear/Bags",base,Fusion Bag,<p>Gone.</p>,,2,Taxable Goods,\
"Catalog, Search",59,fusion,,,0,
"""


def test_magento(export: Export) -> None:
    export.write("export_catalog_product.csv", MAGENTO)
    export.write("events.csv", "user,item,event_type,at\nann,MH01-M-Grey,view,1767430800\n")
    shop = export.read("export_catalog_product.csv", "events.csv")
    assert set(shop.items) == {"MH01", "24-MB01", "24-MB02"}
    hoodie = shop.items["MH01"]
    assert hoodie.title == "Chaz Hoodie"
    assert hoodie.attributes["categories"] == (
        *("Men", "Men > Tops", "Men > Tops > Hoodies"),
        "Sale",
    )
    assert set(hoodie.attributes["color"]) == {"Red", "Grey"}
    assert set(hoodie.attributes["size"]) == {"S", "M"}
    assert hoodie.attributes["price"] == ("52", "54")
    assert hoodie.texts == {"description": "Cosy."}
    assert not hoodie.hidden
    bag = shop.items["24-MB01"]
    assert bag.attributes["material"] == ("Nylon, Canvas",)
    assert bag.attributes["activity"] == ("Gym",)
    assert shop.items["24-MB02"].hidden
    assert shop.rows() == [("ann", "MH01", "view")]
    assert "translations for another store view" in shop.warnings


def test_magento_orders(export: Export) -> None:
    order = {
        "entity_id": 5,
        "increment_id": "000000005",
        "customer_id": 12,
        "customer_email": "ann@example.org",
        "created_at": "2026-01-03 10:00:00",
        "status": "complete",
        "items": [
            {"item_id": 1, "sku": "MH01-S-Red", "product_type": "configurable", "price": 52},
            {"item_id": 2, "sku": "MH01-S-Red", "parent_item_id": 1, "price": 0},
        ],
    }
    export.write("export_catalog_product.csv", MAGENTO)
    export.write("orders.json", json.dumps({"items": [order], "total_count": 1}))
    shop = export.read("orders.json", "export_catalog_product.csv", format_name="magento")
    assert shop.rows() == [("12", "MH01", "purchase")]
    assert shop.events[0].value == 52


WIX_PRODUCTS = """\
handleId,fieldType,name,description,productImageUrl,collection,sku,ribbon,price,surcharge,visible,\
discountMode,discountValue,inventory,weight,cost,productOptionName1,productOptionType1,\
productOptionDescription1
product_1,Product,Tee,<p>Soft cotton.</p>,a~mv2.jpg,Shirts;Sale,,New,25,,true,PERCENT,0,InStock,,,\
Size,DROP_DOWN,S;M
product_1,Variant,,,,,TEE-S,,,0,true,,,12,0.2,9,,,S
product_1,Variant,,,,,TEE-M,,,0,true,,,3,0.2,9,,,M
product_2,Product,Mug,<p>Holds tea.</p>,b~mv2.jpg,Kitchen,MUG,,9,,false,PERCENT,0,OutOfStock,,,,,
"""
SQUARESPACE_PRODUCTS = """\
Product ID [Non Editable],Variant ID [Non Editable],Product Type [Non Editable],Product Page,\
Product URL,Title,Description,SKU,Option Name 1,Option Value 1,Price,Sale Price,On Sale,Stock,\
Categories,Tags,Weight,Visible,Hosted Image URLs
64a1,64b1,PHYSICAL,shop,tee,Tee,<p>Soft cotton.</p>,SQ-1,Colour,Red,25.00,0.00,No,Unlimited,\
"/shirts, /sale","cotton, summer",0.2,Yes,https://images.example/t.jpg
,64b2,,,,,,SQ-2,Colour,Blue,25.00,0.00,No,4,,,0.2,,
64a2,64b3,PHYSICAL,shop,mug,Mug,<p>Holds tea.</p>,SQ-3,,,9.00,0.00,No,0,/kitchen,tea,0.4,No,
"""


def test_wix(export: Export) -> None:
    export.write("catalog_products.csv", WIX_PRODUCTS)
    orders = "order,customer,sku,date\n7,ann,TEE-M,2026-01-03\n8,bob,MUG,2026-01-04\n"
    export.write("orders.csv", orders)
    shop = export.read()
    assert shop.rejects == []
    assert set(shop.items) == {"product_1", "product_2"}
    tee = shop.items["product_1"]
    assert (tee.title, tee.texts["description"]) == ("Tee", "Soft cotton.")
    assert tee.attributes["Size"] == ("S", "M")
    assert tee.attributes["collection"] == ("Shirts", "Sale")
    assert tee.attributes["price"] == ("25",)
    assert shop.items["product_2"].hidden
    assert [row[:2] for row in shop.rows()] == [("ann", "product_1"), ("bob", "product_2")]


def test_squarespace(export: Export) -> None:
    export.write("products.csv", SQUARESPACE_PRODUCTS)
    export.write(
        "orders.csv", "Order ID,Email,Lineitem sku,Created at\n1,ann@x.org,SQ-2,2026-01-03\n"
    )
    shop = export.read()
    assert shop.rejects == []
    assert set(shop.items) == {"64a1", "64a2"}
    tee = shop.items["64a1"]
    assert (tee.title, tee.image) == ("Tee", "https://images.example/t.jpg")
    assert tee.attributes["Colour"] == ("Red", "Blue")
    assert tee.attributes["Categories"] == ("/shirts", "/sale")
    assert tee.attributes["Price"] == ("25",)
    assert not {"Option Name 1", "Weight", "Product Page"} & tee.attributes.keys()
    assert shop.items["64a2"].hidden
    assert [row[:2] for row in shop.rows()] == [("ann@x.org", "64a1")]
