"""In: an item. Out: whether it is an article, or a line of orders that nobody chooses: shipping, a
discount, a deposit, a tip.

Exports of orders have them as lines like any other. Everybody "buys" shipping: taken for an
article it would be on each list, and the reason for what else is there.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from foretaste.domain.data import Item
from foretaste.domain.words import without_accents

CHARGE_COLUMN = "order_charge"
"""The attribute of items that are no articles. They are in no list, and no taste."""
MAX_NAMED = 3
"""Charges that a message names."""
_CHARGE_NAMES = (
    # English
    "shipping|postage|freight|handling|shipping and handling|shipping handling|postage and packing|"
    "surcharge|"
    "delivery charge|delivery fee|delivery cost|service fee|service charge|handling fee|"
    "bank charge|processing fee|transaction fee|discount|rounding|gratuity|"
    # German
    "versandkosten|versand|versandpauschale|versandkostenpauschale|porto|frachtkosten|fracht|"
    "lieferkosten|liefergebuhr|zustellgebuhr|lieferpauschale|nachnahmegebuhr|mindermengenzuschlag|"
    "bearbeitungsgebuhr|servicegebuhr|zahlungsgebuhr|pfand|rabatt|preisnachlass|trinkgeld|"
    # French
    "frais de port|frais de livraison|frais d expedition|livraison|remise|consigne|pourboire|"
    # Spanish and Portuguese
    "gastos de envio|coste de envio|costes de envio|envio|portes|descuento|propina|frete|desconto|"
    # Italian and Dutch
    "spese di spedizione|costi di spedizione|spedizione|sconto|mancia|verzendkosten|bezorgkosten|"
    "korting|statiegeld|fooi"
)
_COMPANIONS = (
    "dhl dpd ups gls hermes fedex usps post colissimo chronopost correos express standard economy "
    "international national inland ausland eu de at ch fr es it nl uk us inkl incl kostenlos free "
    "gratuit gratis flat rate pauschal s"
)
_CHARGE = re.compile(rf"(?:{_CHARGE_NAMES})s?(?: (?:{_COMPANIONS.replace(' ', '|')}))*")
_WORD = re.compile(r"[^\W\d_]+")


def is_charge_title(title: str) -> bool:
    """Whether a title says nothing but a charge: "Versand DHL 5,90 €", no "Port Wine"."""
    return _CHARGE.fullmatch(" ".join(_WORD.findall(without_accents(title)))) is not None


def charge_mark(
    item_id: str, title: str, charges: Collection[str] | None
) -> Mapping[str, tuple[str, ...]]:
    """The attribute of an item that is a charge; none of an article.

    charges: the ids of all charges, where somebody has said them; None goes by the title.
    """
    is_charge = is_charge_title(title) if charges is None else item_id in charges
    return {CHARGE_COLUMN: ("yes",)} if is_charge else {}


def charge_warnings(titles: Mapping[str, str]) -> list[str]:
    """What is said of charges that were imported. titles: by their ids."""
    if not titles:
        return []
    names = [f"{title} ({item_id})" for item_id, title in titles.items()]
    more = f" and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else ""
    return [
        f"taken for charges of an order and not for articles: {', '.join(names[:MAX_NAMED])}{more}"
        "; they are in no list and say nothing of taste; behaviour.charges says otherwise"
    ]


def is_article(item: Item) -> bool:
    """Whether somebody may want it."""
    return CHARGE_COLUMN not in item.attributes


def articles_of(items: Iterable[tuple[int, Item]]) -> dict[str, Item]:
    """Id → item of a store's items, without the charges."""
    return {item.id: item for _, item in items if is_article(item)}
