"""In: events of which only the number of their order says whose they are. Out: a warning, with the
column that may name the customer.

Taken as a visit, each order is a person of its own: nothing is learnt of who comes back, and no
list can be asked for a customer. Loyalty cards and accounts have names that no list of names has.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing

_ORDER_WORDS = (
    "order invoice receipt bill ticket transaction basket cart bestell auftrag rechnung beleg bon "
    "warenkorb vorgang commande facture panier pedido factura carrito cesta ordine fattura "
    "carrello factuur"
)
MIN_ORDERS = 10
"""In the first rows, from which a column can be seen to be of customers."""
MIN_ORDERS_PER_OWNER = 1.2
MAX_ORDERS_PER_OWNER = 30.0
"""More have a branch, a till or a country."""


def ownerless_order_warnings(
    by_field: Mapping[str, str], head: Sequence[Row], free_columns: Sequence[str]
) -> list[str]:
    """by_field: field → column of events; head: the first rows; free_columns: of no field."""
    column = by_field.get("session")
    if column is None or "user" in by_field or not is_order_number(column):
        return []
    owners = [name for name in free_columns if _may_own_orders(name, column, head)]
    if owners:
        question = f"if '{owners[0]}' says whose it is, set"
    else:
        question = "if a column says whose it is, set"
    return [
        f"each '{column}' counts as a person of its own, who never comes back, as no column is "
        f"known to name the customer; {question} [behaviour.columns.events] "
        f'user = "{owners[0] if owners else "that column"}"'
    ]


def is_order_number(column: str) -> bool:
    """Whether a column has the numbers of orders, by its name."""
    name = normalise_column(column)
    return any(name.startswith(word) for word in _ORDER_WORDS.split())


def _may_own_orders(column: str, order_column: str, head: Sequence[Row]) -> bool:
    """Whether each order has a single value of the column, which several orders share."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for row in head:
        order, owner = row.get(order_column), row.get(column)
        if not is_missing(order) and not is_missing(owner):
            owners[str(order)].add(str(owner))
    if len(owners) < MIN_ORDERS or any(len(names) > 1 for names in owners.values()):
        return False
    orders_per_owner = len(owners) / len({name for names in owners.values() for name in names})
    return MIN_ORDERS_PER_OWNER <= orders_per_owner <= MAX_ORDERS_PER_OWNER
