"""An invented shop for home and kitchen: variants, prices, stock, and what is used up."""

from typing import Any

import numpy as np

from foretaste.data.invented.records import (
    DAY_SECONDS,
    SEED,
    InventedData,
    Rows,
    tastes,
    times_of_day,
)

DAYS = 240
PRODUCTS = {
    "Coffee": ("espresso beans|filter coffee|decaf beans|cold brew", 12.0, 28.0),
    "Tea": ("green tea|earl grey|herbal tea|chai", 7.0, 40.0),
    "Cleaning": ("dish soap|laundry powder|glass cleaner|floor soap", 5.0, 35.0),
    "Pets": ("cat food|dog food|cat litter|bird seed", 18.0, 21.0),
    "Kitchen": ("cast iron pan|chef's knife|bread tin|kettle|grinder|teapot", 45.0, 0.0),
    "Bedroom": ("linen duvet|wool blanket|feather pillow|cotton sheet", 60.0, 0.0),
    "Garden": ("watering can|pruning shears|plant pot|bird house", 25.0, 0.0),
    "Clothing": ("rain jacket|wool socks|linen shirt|apron", 40.0, 0.0),
}
"""Category → its products, their price about, and the days after which one is used up; 0: never."""
BRANDS = ("Nordlys", "Alma", "Pine & Co", "Hearth")
COLOURS = ("red", "blue", "green")
COMPANIONS = {"Coffee": "grinder", "Tea": "teapot", "Garden": "plant pot"}
"""What is bought together with a category's products."""


def invented_shop(now: float, people: int = 200) -> InventedData:
    """Products of which some have variants, and eight months of looks, carts and orders."""
    rng = np.random.default_rng(SEED)
    items, products = _products(rng)
    categories = list(PRODUCTS)
    likings = tastes(rng, people, len(categories), 0.6)
    by_category = {
        category: [row for row in products if row["category"] == category]
        for category in categories
    }
    companions = {
        category: next(row for row in products if row["kind"] == kind)
        for category, kind in COMPANIONS.items()
    }
    events: Rows = []
    for customer in range(people):
        customer_id = f"customer-{customer}"
        favourites = {
            category: rows[int(rng.integers(len(rows)))] for category, rows in by_category.items()
        }
        for visit in range(int(rng.poisson(10)) + 1):
            at = (
                now
                - rng.uniform(0.5, DAYS) * DAY_SECONDS
                + float(times_of_day(rng, 1)[0])
                - DAY_SECONDS
            )
            category = categories[int(rng.choice(len(categories), p=likings[customer]))]
            rows = by_category[category]
            looks = [rows[int(rng.integers(len(rows)))] for _ in range(1 + int(rng.poisson(2)))]
            session = f"{customer_id}-{visit}"
            events += [
                _row(customer_id, session, row, "view", at + 60 * n) for n, row in enumerate(looks)
            ]
            if rng.random() < 0.25 and not PRODUCTS[category][2]:
                events += _order(customer_id, session, [looks[-1]], at + 600)
        for category, (_, _, interval) in PRODUCTS.items():
            if interval and likings[customer][categories.index(category)] > 0.15:
                at = now - rng.uniform(0, DAYS) * DAY_SECONDS
                while at < now - 60:
                    basket = [favourites[category]]
                    if category in companions and rng.random() < 0.1:
                        basket.append(companions[category])
                    events += _order(customer_id, f"{customer_id}-{category}-{at:.0f}", basket, at)
                    at += interval * DAY_SECONDS * float(np.clip(rng.normal(1.0, 0.12), 0.6, 1.5))
    events.sort(key=lambda row: row["at"])
    last_orders = [
        row for row in events if row["event_type"] == "purchase" and _is_due(row, products, now)
    ]
    return InventedData(items, events, [], last_orders[-1]["user"])


def _is_due(row: dict[str, Any], products: Rows, now: float) -> bool:
    """Whether what was bought then is about used up now."""
    product = next(own for own in products if own["first"] == row["item"])
    interval = PRODUCTS[product["category"]][2]
    return bool(interval) and 0.9 < (now - float(str(row["at"]))) / DAY_SECONDS / interval < 1.1


def _products(rng: np.random.Generator) -> tuple[Rows, Rows]:
    """(rows of the catalogue, a row for each product with the first of its variants)"""
    items: Rows = []
    products: Rows = []
    for category, (kinds, price, _) in PRODUCTS.items():
        for kind in kinds.split("|"):
            for brand in BRANDS:
                name = f"{kind}-{brand}".lower().replace(" ", "-")
                colours = COLOURS if category in ("Bedroom", "Clothing") else ("",)
                own_price = round(price * float(rng.uniform(0.6, 1.8)), 2)
                for colour in colours:
                    items.append(
                        {
                            "id": f"{name}-{colour}" if colour else name,
                            "item_group_id": name if colour else "",
                            "title": f"{brand} {kind}{f', {colour}' if colour else ''}",
                            "description": f"{kind[:1].upper()}{kind[1:]} by {brand}.",
                            "category": category,
                            "brand": brand,
                            "price": own_price,
                            "colour": colour,
                            "in_stock": "no" if rng.random() < 0.08 else "yes",
                        }
                    )
                first = f"{name}-{colours[0]}" if colours[0] else name
                products.append({"first": first, "category": category, "kind": kind})
    return items, products


def _row(
    customer_id: str, session: str, product: dict[str, Any], kind: str, at: float
) -> dict[str, Any]:
    return {
        "user": customer_id,
        "session": session,
        "item": product["first"],
        "event_type": kind,
        "at": at,
    }


def _order(customer_id: str, session: str, basket: Rows, at: float) -> Rows:
    return [
        _row(customer_id, session, product, kind, at + step)
        for step, kind in ((0, "view"), (60, "add_to_cart"), (300, "purchase"))
        for product in basket
    ]
