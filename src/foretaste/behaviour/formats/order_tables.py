"""In: the columns of a table that no format claims. Out: what is done to its rows.

A row of a cancelled order or of an article that its status says was returned is no purchase. A row
with a quantity below nothing is a return, see `behaviour.returned_rows`.
"""

from collections.abc import Iterable

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.event_type_names import ORDER_COLUMNS
from foretaste.behaviour.formats.row_steps import LeaveOut, RowStep

_STATUS_NAMES = (
    "status state orderstatus orderstate itemstatus linestatus fulfillmentstatus paymentstatus "
    "bestellstatus auftragsstatus zustand statut statutcommande etat estado estadopedido stato "
    "statoordine"
)
STATUS_COLUMNS = frozenset(_STATUS_NAMES.split())
_QUANTITY_NAMES = (
    "quantity qty orderedquantity units menge anzahl stuckzahl quantite qte cantidad unidades "
    "quantita aantal quantidade"
)
QUANTITY_COLUMNS = frozenset(_QUANTITY_NAMES.split())
_NOT_KEPT = (
    "cancelled canceled cancel cancellation refunded refund returned return returns voided void "
    "failed declined rejected chargeback "
    "storniert storno abgebrochen retourniert retoure zurückgesendet zurückgeschickt erstattet "
    "abgelehnt "
    "annulé annulée annule annulee remboursé remboursée rembourse retourné retournée retour refusé "
    "cancelado cancelada anulado anulada devuelto devuelta devolución reembolsado reembolsada "
    "annullato annullata rimborsato rimborsata reso restituito "
    "geannuleerd geretourneerd terugbetaald devolvido devolvida"
)
NOT_KEPT = frozenset(_NOT_KEPT.split())
"""What a status says of an order or of a line of it that nobody kept."""


def order_steps(columns: Iterable[str]) -> tuple[RowStep, ...]:
    """What leaves out the rows of a table of orders that are no purchase; none of other tables."""
    by_name = {normalise_column(column): column for column in columns}
    if not by_name.keys() & ORDER_COLUMNS - QUANTITY_COLUMNS:
        return ()
    return tuple(
        LeaveOut(by_name[name], NOT_KEPT) for name in sorted(by_name.keys() & STATUS_COLUMNS)
    )
