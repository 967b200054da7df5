"""A question about an item in, the answer out: what the catalogue and its reviews say of it.

Nothing is guessed: what no attribute says is told as not known, with what is. Texts of items are
quoted from their beginning, without links, and not at all where they read like an instruction.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from foretaste.converse.answers import answer
from foretaste.converse.sentences import quoted_items
from foretaste.converse.turn import ChatTurn
from foretaste.domain.data import Event, Item
from foretaste.domain.text_limits import shorten
from foretaste.domain.words import BLAMED_COLUMN, PRAISED_COLUMN
from foretaste.generate.safe import clean_text, is_suspicious, safe_name
from foretaste.loop import Foretaste
from foretaste.rank.conditions import parse_condition
from foretaste.rank.index import FilterIndex
from foretaste.rank.stock import sold_out_items
from foretaste.understand.grammar_patterns import Dimension
from foretaste.understand.meaning import Meaning, Topic
from foretaste.understand.number_columns import NumberColumns
from foretaste.understand.spelled_values import CAST_COLUMNS, CREATOR_COLUMNS

MAX_QUOTED_CHARACTERS = 300
"""Of a text of an item."""
MAX_NAMES = 10
"""Values of one attribute that are told."""
MAX_EVENTS = 1_000
"""Ratings of an item that are looked at."""
MIN_PEOPLE = 3
"""Who must have rated an item before their mean is told: of fewer it would be told of a person."""
MAX_COMPLETE_VALUES = 60
"""Of a column up to which an item has all that it could: sizes, colours, genres, no keywords."""
MATERIAL_COLUMNS = ("material", "materials", "fabric")
DIMENSIONS: Mapping[Topic, Dimension] = {"length": "length", "price": "price", "year": "year"}


class ItemAnswers:
    """What is known of items, in one turn of a talk."""

    def __init__(self, shop: Foretaste, turn: ChatTurn, index: FilterIndex) -> None:
        self._shop, self._index = shop, index
        self._language, self._display = turn.state.language, turn.display()

    def answer(self, meaning: Meaning) -> str:
        """In a sentence or two."""
        if meaning.topic == "values":
            return self._values_here(meaning.column or "")
        item = self._shop.store.item(meaning.items[0])
        if item is None:
            return self._say("which_item")
        topic = meaning.topic or "facts"
        if topic == "quality":
            return self._of_quality(item, meaning)
        if topic == "noun":
            return self._of_column(item, meaning.column or "")
        told = TELLERS[topic](self, item, topic)
        return told or self._not_known(item)

    def _say(self, key: str, **values: object) -> str:
        return answer(key, self._language, **values)

    def _title(self, item: Item) -> str:
        return quoted_items({item.id: item.title}, self._language)

    def _about(self, item: Item, topic: str, value: str) -> str:
        return self._say(f"about_{topic}", title=self._title(item), value=value)

    def _values(self, item: Item, column: str) -> str | None:
        """What an item has of an attribute, in words; None for nothing that may be told."""
        values = item.attributes.get(column, ())[:MAX_NAMES]
        facts = self._display.column_facts({column: values}) if values else []
        texts = [name for _, _, told in facts for _, text in told if (name := safe_name(text))]
        return ", ".join(texts) or None

    def _first(self, item: Item, columns: Sequence[str]) -> str | None:
        """Of the first of these attributes that the item has."""
        names = {column.lower(): column for column in item.attributes}
        found = (self._values(item, names[column]) for column in columns if column in names)
        return next((value for value in found if value), None)

    def _number(self, item: Item, topic: Topic) -> str | None:
        """A year, a price or a length."""
        numbers = NumberColumns(self._index.catalogue)
        column = numbers.of_dimension(DIMENSIONS[topic])
        value = None if column is None else self._values(item, column.name)
        if column is None or value is None:
            return None
        description = self._display.describe(column.name, item.attributes[column.name])
        if description.type == "number" and not description.unit:
            unit = self._display.column_label(description).rpartition(" ")[2]
            unit = unit if self._language == "de" else unit.lower()
            return self._about(item, "count", f"{value} {unit}")
        return self._about(item, topic, value)

    def _maker(self, item: Item, topic: Topic) -> str | None:
        value = self._first(item, CREATOR_COLUMNS)
        return None if value is None else self._about(item, topic, value)

    def _cast(self, item: Item, topic: Topic) -> str | None:
        value = self._first(item, CAST_COLUMNS)
        return None if value is None else self._about(item, topic, value)

    def _made_of(self, item: Item, topic: Topic) -> str | None:
        value = self._first(item, MATERIAL_COLUMNS)
        return None if value is None else self._about(item, topic, value)

    def _text(self, item: Item, topic: Topic) -> str | None:
        """The beginning of the item's own texts."""
        value = self._quote(item)
        return None if value is None else self._about(item, topic, value)

    def _facts(self, item: Item, topic: Topic) -> str | None:
        """What it is, and its text."""
        told = [name for fact in self._display.facts(item.attributes) if (name := safe_name(fact))]
        sentences = [self._about(item, "facts", "; ".join(told))] if told else []
        quote = self._quote(item)
        if quote is not None:
            sentences.append(quote if told else self._about(item, "text", quote))
        return " ".join(sentences) or None

    def _quote(self, item: Item) -> str | None:
        texts = (clean_text(text) for text in item.texts.values())
        quotes = (shorten(text, MAX_QUOTED_CHARACTERS) for text in texts if text)
        return next((quote for quote in quotes if not is_suspicious(quote)), None)

    def _of_column(self, item: Item, column: str) -> str:
        value = self._values(item, column)
        if value is None:
            return self._not_known(item)
        label = self._display.column_label(self._display.describe(column))
        return self._say("about_noun", title=self._title(item), label=label, value=value)

    def _values_here(self, column: str) -> str:
        """Which values of an attribute the items have, the most frequent first."""
        feature = next(f for f in self._index.catalogue.features if f.column == column)
        counts = np.bincount(feature.codes, minlength=len(feature.values))
        values = [feature.values[code] for code in np.argsort(-counts, kind="stable")]
        facts = self._display.column_facts({column: values[:MAX_NAMES]})
        names = [name for _, _, told in facts for _, text in told if (name := safe_name(text))]
        label = self._display.column_label(self._display.describe(column))
        key = "values_here" if len(values) <= MAX_NAMES else "values_among"
        return self._say(key, label=label, value=", ".join(names))

    def _of_quality(self, item: Item, meaning: Meaning) -> str:
        """Yes where all of it is said of the item, no where it has other values; else what is said
        of it.
        """
        row = self._index.catalogue.index.get(item.id)
        masks = [self._index.mask(parse_condition(condition)) for condition in meaning.conditions]
        is_so = row is not None and all(mask[row] for mask in masks)
        facts = self._facts(item, "facts") or ""
        key = "about_yes" if is_so else "about_no"
        if not is_so and all(self._has_other_value(item, c) for c in meaning.conditions):
            key = "about_denied"
        return self._say(key, facts=facts).strip()

    def _has_other_value(self, item: Item, condition: Mapping[str, Any]) -> bool:
        """Whether a column of few values, such as sizes or colours, says something else of it."""
        (column,) = condition if len(condition) == 1 else ("",)
        feature = next((f for f in self._index.catalogue.features if f.column == column), None)
        is_short = feature is not None and len(feature.values) <= MAX_COMPLETE_VALUES
        return is_short and bool(item.attributes.get(column))

    def _stock(self, item: Item, topic: Topic) -> str:
        if not item.available(self._shop.clock()):
            return self._say("about_sold_out", title=self._title(item))
        column = self._shop.config.rank.stock_attribute
        is_out = None if column is None else sold_out_items(self._index, column)
        row = self._index.catalogue.index.get(item.id)
        if is_out is None or row is None:
            return self._say("about_stock_unknown", title=self._title(item))
        return self._say(
            "about_sold_out" if is_out[row] else "about_in_stock", title=self._title(item)
        )

    def _reviews(self, item: Item, topic: Topic) -> str | None:
        """How many rated it and how, and what they praise and blame."""
        sentences = []
        values: dict[str, float] = {}
        for event_type in ("rating", "review"):
            page: list[tuple[int, Event]] = self._shop.store.events_page(
                0, MAX_EVENTS, event_type=event_type, item=item.id
            )
            for _, event in page:
                if event.value is not None:
                    values[event.user or event.session or event.event_id] = event.value
        if len(values) >= MIN_PEOPLE:
            mean = self._display.messages.number(round(sum(values.values()) / len(values), 1))
            sentences.append(self._say("about_rated", people=len(values), value=mean))
        for key, column in (("about_praised", PRAISED_COLUMN), ("about_blamed", BLAMED_COLUMN)):
            names = list(filter(None, map(safe_name, item.attributes.get(column, ()))))
            if names:
                sentences.append(self._say(key, value=", ".join(names)))
        if not sentences:
            return None
        return f"{self._title(item)}: {' '.join(sentences)}"

    def _not_known(self, item: Item) -> str:
        """That it is not said here, and what is."""
        facts = self._facts(item, "facts")
        return " ".join(filter(None, [self._say("about_nothing"), facts]))


Teller = Callable[[ItemAnswers, Item, Topic], str | None]
TELLERS: Mapping[Topic, Teller] = {
    "length": ItemAnswers._number,
    "year": ItemAnswers._number,
    "price": ItemAnswers._number,
    "maker": ItemAnswers._maker,
    "cast": ItemAnswers._cast,
    "made_of": ItemAnswers._made_of,
    "text": ItemAnswers._text,
    "facts": ItemAnswers._facts,
    "reviews": ItemAnswers._reviews,
    "stock": ItemAnswers._stock,
}
