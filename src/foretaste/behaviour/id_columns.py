"""In: names of columns. Out: whether they may be the ids that events name users and items by."""

from foretaste.behaviour.columns import is_alias, normalise_column

ID_ENDINGS = (
    *("id", "code", "no", "number", "key", "sku", "uuid", "guid"),
    *("nummer", "nr", "kode", "numero", "codigo", "codice", "reference", "referencia"),
)
_NO_ITEM_WORDS = (
    "user customer session visit order invoice transaction category cat brand store shop "
    "warehouse vendor supplier seller device country region city zip postal phone parent event "
    "request page campaign employee staff cart basket receipt type class department dept currency "
    "language genre payment terminal cluster segment experiment variant kunde benutzer nutzer "
    "sitzung besuch bestell rechnung auftrag beleg kategorie marke hersteller filiale lager "
    "lieferant gerat land stadt postleit plz telefon elter vorgang konto mitarbeiter warenkorb "
    "klasse abteilung wahrung sprache zahlung utilisateur commande facture achat categorie "
    "marque magasin fournisseur appareil pays ville panier langue paiement usuario pedido "
    "factura compra tienda proveedor dispositivo pais ciudad carrito idioma pago utente ordine "
    "fattura negozio fornitore cliente klant bestel factuur winkel"
)


def is_named_like_item_id(column: str) -> bool:
    """Whether the name ends as ids do, and is not that of a person, an order or a place."""
    name = normalise_column(column)
    return name.endswith(ID_ENDINGS) and not any(word in name for word in _NO_ITEM_WORDS.split())


def may_be_item_id(column: str) -> bool:
    """Whether a column of items may be what events name them by, judged by its name."""
    return is_alias("items", "id", column) or is_named_like_item_id(column)


def may_be_user_id(column: str) -> bool:
    """Whether a column of users may be what events name them by, judged by its name."""
    name = normalise_column(column)
    return is_alias("users", "id", column) or "mail" in name or name.endswith(ID_ENDINGS)
