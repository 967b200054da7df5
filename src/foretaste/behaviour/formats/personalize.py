"""Amazon Personalize: its schemas of interactions, items and users."""

from collections.abc import Iterator
from dataclasses import dataclass

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import Levels, Rename, StepContext
from foretaste.behaviour.stream import Row, Rows
from foretaste.behaviour.values import split_values
from foretaste.domain.data import RejectedRow


@dataclass(frozen=True, slots=True)
class ShownItems:
    """What was shown beside an item is a row each: IMPRESSION is `a|b|c`."""

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            yield from ((line, shown) for shown in self._rows(row))

    def _rows(self, row: Row) -> Iterator[Row]:
        yield row
        for item in split_values(row.get("IMPRESSION"), "|"):
            if str(item) != str(row.get("ITEM_ID")):
                shown = {"ITEM_ID": item, "EVENT_TYPE": "impression", "EVENT_VALUE": None}
                yield {**row, **shown, "IMPRESSION": None}


_NAMES = dict.fromkeys(
    (
        *("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE", "IMPRESSION"),
        *("CREATION_TIMESTAMP", "CATEGORY_L1", "CATEGORY_L2", "CATEGORY_L3", "GENRES", "PRICE"),
    ),
    "",
)
INTERACTIONS = TableFormat(
    "events",
    "interactions by a schema of Amazon Personalize",
    columns={
        **{"user": "USER_ID", "item": "ITEM_ID", "at": "TIMESTAMP"},
        **{"event_type": "EVENT_TYPE", "value": "EVENT_VALUE"},
    },
    marks=("USER_ID", "ITEM_ID", "TIMESTAMP"),
    steps=(Rename(_NAMES), ShownItems()),
    needs_name=True,
)


ITEMS = TableFormat(
    "items",
    "items by a schema of Amazon Personalize",
    columns={
        "id": "ITEM_ID",
        "title": "TITLE|ITEM_NAME|PRODUCT_NAME|NAME",
        "available_from": "CREATION_TIMESTAMP",
    },
    marks=("ITEM_ID",),
    steps=(
        Rename(_NAMES),
        Levels("CATEGORY", ("CATEGORY_L1", "CATEGORY_L2", "CATEGORY_L3")),
    ),
    text_columns=("PRODUCT_DESCRIPTION", "DESCRIPTION"),
    attribute_columns=("CATEGORY", "GENRES", "PRICE", "CONTENT_CLASSIFICATION"),
    separators={"GENRES": "|"},
    needs_name=True,
)
USERS = TableFormat(
    "users",
    "users by a schema of Amazon Personalize",
    columns={"id": "USER_ID"},
    marks=("USER_ID",),
    needs_name=True,
)
PERSONALIZE = FileFormat("personalize", "Amazon Personalize", (INTERACTIONS, ITEMS, USERS))
