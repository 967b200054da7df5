"""In: how a table of items is read, and what the settings ask of stock. Out: what is to be done so
that lists leave out what is sold out.
"""

from foretaste.behaviour.table_reading import TableReading
from foretaste.domain.stock import STOCK_COLUMN


def stock_notes(reading: TableReading, stock_attribute: str | None) -> list[str]:
    """Of each column that says how much is left; nothing where lists go by it already.

    stock_attribute: as `rank.stock_attribute`.
    """
    columns = [column for column, own in reading.decisions.items() if own.role == "stock"]
    if stock_attribute is None:
        what_lists_do = "lists show what is sold out, too, until"
        remedy = "is set, as in the recipe of a shop"
    else:
        what_lists_do = f"lists go by '{stock_attribute}', as rank.stock_attribute says;"
        remedy = "goes by this one"
    return [
        f"column '{column}' says how much is left and is kept as '{STOCK_COLUMN}'; {what_lists_do} "
        f'rank.stock_attribute = "{STOCK_COLUMN}" {remedy}'
        for column in columns
        if stock_attribute not in (STOCK_COLUMN, *columns)
    ]
