"""In: an event type as shops, trackers and data sets call it. Out: the built-in one it is."""

import re
from collections.abc import Container, Mapping

from foretaste.domain.words import without_accents

_NAMES_BY_TYPE: Mapping[str, str] = {
    "view": (
        "views viewed pageview page_view pageviews product_view product_viewed view_product "
        "view_item item_view $pageview $screen viewed_product view_content content_view "
        "detail_view product_detail "
        "view_detail detail viewed_item screen_view pv watch watched play played plays listen "
        "listened listening stream streamed read reading open opened visit visited browse browsed "
        "show_item product_page item_viewed video_play start_watching view_product_detail "
        "ansicht angesehen gesehen aufruf seitenaufruf gehört gelesen vue vu consulté consultation "
        "vista visto visualización visualizzazione bekeken weergave"
    ),
    "click": (
        "clicks clicked click_item item_click item_clicked product_click product_clicked "
        "select_item select_content tap tapped click_product article_click clickout click_out "
        "link_click email_click email_clicked mail_click newsletter_click newsletter_clicked "
        "push_click banner_click search_click search_result_click recommendation_click rec_click "
        "reco_click klick geklickt clic clique"
    ),
    "add_to_cart": (
        "cart carts addtocart add_cart cart_add added_to_cart add_to_basket basket basket_add "
        "addtobasket product_added product_added_to_cart item_added add_to_bag addtobag "
        "add_item_to_cart cart_addition warenkorb in_den_warenkorb panier ajout_panier "
        "ajout_au_panier carrito añadir_al_carrito carrello winkelwagen"
    ),
    "purchase": (
        "purchases purchased order orders ordered order_completed order_placed completed_order "
        "placed_order place_order payment order_complete transaction transactions buy buys "
        "bought sale sales sold paid payment_complete purchase_complete purchase_completed "
        "complete_purchase "
        "product_purchased item_purchased ecommerce_purchase checkout_complete checkout_completed "
        "checkout_success conversion converted booking booked reservation rent rented rental "
        "borrow borrowed loan download downloaded install installed enroll enrolled enrollment "
        "kauf gekauft bestellung bestellt achat acheté commande compra comprado pedido acquisto "
        "ordine aankoop"
    ),
    "rating": "rate rated rates ratings stars score scored rate_item bewertung bewertet valoración",
    "review": "reviews reviewed write_review review_written comment comments commented",
    "like": (
        "likes liked star starred favorite favourite favorites favourites favorited favourited fav "
        "faves wishlist wish_list add_to_wishlist added_to_wishlist product_added_to_wishlist "
        "wishlist_add thumbs_up thumbup thumbsup upvote upvoted heart hearted bookmark bookmarked "
        "save saved follow followed collect recommend recommended love loved gefällt_mir merkliste "
        "wunschliste favori favorito preferito "
        "message messages messaged message_sent send_message message_seller seller_messaged "
        "contact contacted contact_seller seller_contacted contact_click contact_request inquiry "
        "enquiry make_offer offer_made offer_sent bid place_bid bid_placed call_seller "
        "phone_click show_phone phone_shown nachricht anfrage kontakt kontaktanfrage kontaktiert "
        "message_envoyé contacter_vendeur mensaje contacto messaggio contatto bericht"
    ),
    "search": (
        "searches searched search_query site_search view_search_results products_searched suche "
        "gesucht recherche búsqueda ricerca"
    ),
    "dislike": (
        "dislikes disliked thumbs_down thumbdown thumbsdown downvote downvoted skip skipped skips "
        "unlike unliked not_recommended bad"
    ),
    "hide": "hides hidden hid dismiss dismissed not_interested block blocked",
    "impression": (
        "impressions impressed exposure exposures exposed shown displayed served view_item_list "
        "product_list_viewed product_impression item_impression"
    ),
    "return": (
        "returned returns product_returned item_returned order_item_returned retoure retouren "
        "rücksendung zurückgesendet retourné devolución devuelto reso restituito geretourneerd"
    ),
    "identify": "identified identity login logged_in user_login sign_in signed_in",
}
EVENT_TYPE_BY_NAME: Mapping[str, str] = {
    name: event_type for event_type, names in _NAMES_BY_TYPE.items() for name in names.split()
}
"""As `normalise_event_type` writes them."""
_NO_TASTE_NAMES = (
    "remove_from_cart removed_from_cart removefromcart cart_remove cart_removed remove_cart "
    "remove_from_basket basket_remove product_removed item_removed remove_item "
    "remove_from_wishlist removed_from_wishlist product_removed_from_wishlist wishlist_remove "
    "unsave unsaved unfavorite unfavorited unfavourite unfavourited unbookmark unbookmarked "
    "unfollow unfollowed "
    "view_cart cart_viewed cart_view begin_checkout checkout checkout_started checkout_start "
    "checkout_begin checkout_step checkout_step_viewed checkout_step_completed add_payment_info "
    "payment_info_entered add_shipping_info refund refunded order_refunded "
    "order_cancelled order_canceled cancel cancelled canceled coupon_applied coupon_entered "
    "coupon_removed promotion_viewed promotion_clicked view_promotion select_promotion "
    "session_start session_started session_end session_ended first_visit first_open "
    "user_engagement scroll page_ping page_leave page_exit app_open app_opened app_close "
    "application_opened application_backgrounded heartbeat logout log_out logged_out signup "
    "sign_up signed_up register registered registration push_received email_open email_opened "
    "email_delivered email_sent newsletter_open newsletter_opened push_open push_opened "
    "email_unsubscribed unsubscribe unsubscribed notification_received "
    "warenkorb_entfernt retirer_du_panier quitar_del_carrito "
    "$autocapture $pageleave $identify $create_alias $groupidentify $set $rageclick $web_vitals "
    "$feature_flag_called $feature_interaction $exception $opt_in $snapshot"
)
NO_TASTE_NAMES = frozenset(_NO_TASTE_NAMES.split())
"""As `normalise_event_type` writes them: what shops and trackers log that says nothing of taste.
Rows of them are left out and counted; a name with a weight of its own is an event all the same.
"""
_NOUN_NAMES = (
    "article item product content video movie film clip episode song track album podcast book "
    "story news post recipe course game job listing offer property user customer visitor reader "
    "viewer listener event artikel produkt lied buch beitrag rezept nutzer kunde ereignis"
)
_NOUNS = frozenset(_NOUN_NAMES.split())
"""What trackers put beside what was done, and whoever did it: `article_view`, `user_liked_song`."""
_FILE_WORDS: Mapping[str, str] = {
    "purchase": (
        "purchase purchases buy buys order orders transaction transactions sales invoices "
        "bestellungen bestellung einkaufe verkaufe auftrage rechnungen umsatze kaufe commandes "
        "achats ventes factures pedidos compras ventas facturas ordini acquisti vendite "
        "bestellingen loan loans borrowings ausleihe ausleihen entleihungen emprunts prestamos "
        "prestiti rentals bookings reservations buchungen reservierungen reservas applications "
        "bewerbungen candidatures candidaturas solicitudes"
    ),
    "click": "click clicks",
    "view": "view views pageviews",
    "like": (
        "like likes favorites favourites playlist playlists wishlist wishlists watchlist "
        "watchlists bookmarks merklisten wunschlisten holds waitlist waitlists vormerkungen"
    ),
    "search": "searches",
}
_ORDER_WORDS = (
    "tdat saleschannelid order orderid ordernumber orderno invoice invoiceno invoiceid "
    "invoicenumber transactionid receipt receiptid quantity qty unitprice saleid purchaseid "
    "orderdate purchasedate invoicedate salesdate baskettotal paymentmethod paymenttype "
    "bestellnummer bestellnr bestelldatum bestellung auftragsnummer auftragsdatum rechnungsnummer "
    "rechnungsdatum belegnummer belegdatum kaufdatum verkaufsdatum menge stuckzahl einzelpreis "
    "stuckpreis numerocommande commande datecommande dateachat datevente facture datefacture "
    "quantite prixunitaire numeropedido pedido fechapedido fechacompra fechaventa factura "
    "fechafactura cantidad preciounitario numeroordine ordine dataordine dataacquisto fattura "
    "quantita prezzounitario bestelnummer besteldatum aankoopdatum datacompra datapedido quantidade"
)
_LETTERS = re.compile(r"[a-z]+")
ORDER_COLUMNS = frozenset(_ORDER_WORDS.split())
"""Columns, as `normalise_column` leaves them, that only orders have."""

COMMENT_COLUMNS = frozenset(("comment", "comments", "kommentar", "commentaire", "comentario"))
"""Columns, as `normalise_column` leaves them, of what people say below an article or a video."""


def known_event_type(
    word: str, known_types: Container[str], names: Mapping[str, str]
) -> str | None:
    """The event type that a word means, also with what it was done to beside it: `article_view`.

    word: as `normalise_event_type` writes it; names: other names of the types. None where it is
    unknown.
    """
    for form in (word, _without_nouns(word)):
        event_type = form if form in known_types else names.get(form)
        if event_type is not None:
            return event_type
    return None


def says_nothing_of_taste(word: str) -> bool:
    """Whether it is a name of what says nothing of taste, as `normalise_event_type` writes it."""
    return word in NO_TASTE_NAMES or _without_nouns(word) in NO_TASTE_NAMES


def _without_nouns(word: str) -> str:
    return "_".join(part for part in word.split("_") if part not in _NOUNS)


def type_of_file(name: str) -> str | None:
    """The type that a file's name says its events are: `train-purchases.csv`."""
    words = set(_LETTERS.findall(without_accents(name)))
    return next(
        (event_type for event_type, names in _FILE_WORDS.items() if words & set(names.split())),
        None,
    )
