"""Wix: its CSV export of products, a row a product and a row for each of its variants."""

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import NamedColumns
from foretaste.behaviour.formats.variant_steps import MergeVariants

MAX_OPTIONS = 6
PRODUCTS = TableFormat(
    "items",
    "Wix's export of products",
    columns={"id": "handleId", "title": "name", "hidden": "visible"},
    marks=("handleId", "fieldType", "name", "productImageUrl"),
    steps=(
        NamedColumns(
            tuple(
                (f"productOptionName{number}", f"productOptionDescription{number}")
                for number in range(1, MAX_OPTIONS + 1)
            ),
            key="handleId",
            separator=";",
        ),
        MergeVariants(
            key="handleId",
            ids=("sku",),
            single=("name", "visible", "price", "fieldType", "inventory", "collection"),
        ),
    ),
    text_columns=("description",),
    attribute_columns=("collection", "brand", "ribbon", "price"),
    separators={"collection": ";"},
    ignored_columns=(
        *("fieldType", "productImageUrl", "surcharge", "discountMode", "discountValue"),
        *("weight", "cost", "customTextField1", "customTextCharLimit1", "customTextMandatory1"),
        *(f"productOptionType{number}" for number in range(1, MAX_OPTIONS + 1)),
        *(
            f"additionalInfo{part}{number}"
            for part in ("Title", "Description")
            for number in range(1, MAX_OPTIONS + 1)
        ),
    ),
)
WIX = FileFormat("wix", "Wix", (PRODUCTS,))
