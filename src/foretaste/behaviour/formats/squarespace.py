"""Squarespace: its CSV export of products, variants in rows below without the product's id."""

from dataclasses import dataclass

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import NamedColumns, StepContext
from foretaste.behaviour.formats.variant_steps import MergeVariants
from foretaste.behaviour.stream import Rows
from foretaste.behaviour.values import is_missing
from foretaste.domain.data import RejectedRow

MAX_OPTIONS = 6
_ID = "Product ID [Non Editable]"
_VARIANT_ID = "Variant ID [Non Editable]"


@dataclass(frozen=True, slots=True)
class Continue:
    """A row without a cell has that of the row above."""

    column: str

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        cell_above = None
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            if is_missing(row.get(self.column)):
                row = {**row, self.column: cell_above}
            cell_above = row[self.column]
            yield line, row


PRODUCTS = TableFormat(
    "items",
    "Squarespace's export of products",
    columns={"id": _ID, "title": "Title", "image": "Hosted Image URLs"},
    marks=(_ID, _VARIANT_ID, "Title", "SKU"),
    steps=(
        Continue(_ID),
        NamedColumns(
            tuple(
                (f"Option Name {number}", f"Option Value {number}")
                for number in range(1, MAX_OPTIONS + 1)
            ),
            key=_ID,
        ),
        MergeVariants(
            key=_ID,
            ids=("SKU", _VARIANT_ID),
            single=(
                "Title",
                "Hosted Image URLs",
                "Visible",
                "Price",
                "Stock",
                "Categories",
                "Tags",
            ),
        ),
    ),
    text_columns=("Description",),
    attribute_columns=("Categories", "Tags", "Price"),
    separators={"Categories": ",", "Tags": ","},
    ignored_columns=(
        *("Product Type [Non Editable]", "Product Page", "Product URL", "Sale Price", "On Sale"),
        *("Weight", "Length", "Width", "Height"),
    ),
)
SQUARESPACE = FileFormat("squarespace", "Squarespace", (PRODUCTS,))
