"""An item's title and attributes in, what a page, a terminal or a talk shows of it out.

"Prestige, The" is “The Prestige”, and `year`, `genres`, `runtime` and `price` become
"€9.90 · 2006 · Drama, Mystery · 2 hr 10 min", in the language of who reads it. Ids, addresses,
counts and what a back office writes down are not shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from babel.dates import format_date

from foretaste.domain.data import Feature
from foretaste.domain.feature_types import (
    FLAG_VALUES,
    MINUTES_PER_UNIT,
    FeatureDescription,
    FeatureSettings,
    FeatureType,
    describe_feature,
    feature_number,
    find_feature_type,
    is_on_calendar,
)
from foretaste.domain.no_taste import column_words
from foretaste.domain.text_limits import shorten
from foretaste.domain.titles import natural_title
from foretaste.domain.words import BAND_SUFFIX, CURRENCY_SUFFIX, GROUP_COLUMNS, deepest_values
from foretaste.generate.feature_phrases import (
    common_label,
    common_value,
    feature_phrase,
    spoken_value,
)
from foretaste.generate.messages import Messages, messages_in
from foretaste.generate.safe import clean_text

MAX_FACTS = 5
"""Attributes of an item that are shown, at most."""
MAX_FACT_VALUES = 3
"""Values of one of them."""
FACT_SEPARATOR = " · "
MINUTES_PER_HOUR = 60
TYPE_ORDER: Sequence[FeatureType] = (
    *("price", "year", "date", "list", "category", "duration", "number", "flag"),
)
"""What is shown first; of types that are not here nothing is shown."""
TELLING_PHRASES = frozenset(
    ("Directed by {value}", "Written by {value}", "By {value}", "With {value}", "In size {value}")
)
"""Without which a value would not say enough; a colour does."""


def readable_title(title: str | None, item_id: str) -> str:
    """The title as people say it, on one line; the id of an item without one."""
    return clean_text(natural_title(title)) if title and title.strip() else item_id


@dataclass(frozen=True)
class ItemDisplay:
    """How items are shown, in one language."""

    features: Sequence[Feature] = ()
    """The columns of the catalogue, whose types are known."""
    settings: Mapping[str, FeatureSettings] = field(default_factory=dict)
    """What the workspace says of its columns: types, labels, units and phrases."""
    messages: Messages = field(default_factory=lambda: messages_in("en"))
    currency: str | None = None
    """Of prices that name none, e.g. "EUR"."""

    def line(self, attributes: Mapping[str, Sequence[str]]) -> str:
        """The facts on one line; "" where there are none."""
        return FACT_SEPARATOR.join(self.facts(attributes))

    def facts(self, attributes: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """What is shown of the attributes, the most telling first. attributes: column → values."""
        typed_facts = []
        for column, values in attributes.items():
            if self._is_companion(column, attributes):
                continue
            description = self._description(column, values, attributes)
            if description.type in TYPE_ORDER:
                currencies = attributes.get(column + CURRENCY_SUFFIX, ())
                fact = self._fact(description, deepest_values(values), currencies)
                typed_facts.append((TYPE_ORDER.index(description.type), fact))
        ordered_facts = [fact for _, fact in sorted(typed_facts, key=lambda typed: typed[0])]
        return tuple(dict.fromkeys(filter(None, ordered_facts)))[:MAX_FACTS]

    def amount(self, description: FeatureDescription, number: float) -> str:
        """A number of a column as people write it: €19.90, 1 hr 30 min, 1.5 kg."""
        text = str(int(number)) if float(number).is_integer() else str(number)
        if description.type == "price":
            return self._price(text, ())
        if description.type == "duration":
            return self._duration(description, text) or self.messages.number(number)
        if description.type == "year":
            return shorten(text)
        if description.type == "date" and is_on_calendar(number):
            return self._date(datetime.fromtimestamp(number, UTC).date().isoformat())
        return " ".join(filter(None, [self.messages.number(number), description.unit]))

    def describe(self, column: str, values: Sequence[str] = ()) -> FeatureDescription:
        """What a column is and how it is called, by the catalogue, the settings or its values."""
        return self._description(column, values, {column: values})

    def column_facts(
        self, attributes: Mapping[str, Sequence[str]]
    ) -> list[tuple[FeatureDescription, str, list[tuple[str, str]]]]:
        """(the column, its text, (value, its text) of each) of every column that tells people
        something, the most telling first. attributes: column → values.
        """
        facts = []
        for column, values in attributes.items():
            if self._is_companion(column, attributes):
                continue
            description = self._description(column, values, attributes)
            if description.type not in TYPE_ORDER:
                continue
            texts = [(value, self._value(description, value, attributes)) for value in values]
            told = [(value, text) for value, text in texts if text]
            if told:
                facts.append((description, ", ".join(text for _, text in told), told))
        return sorted(facts, key=lambda fact: TYPE_ORDER.index(fact[0].type))

    def value_text(self, description: FeatureDescription, value: str) -> str:
        """One value of a filter as its column writes it, without the name of the column."""
        return self._value(description, value, {})

    def _value(
        self, description: FeatureDescription, value: str, attributes: Mapping[str, Sequence[str]]
    ) -> str:
        """One value, which stands beside the name of its column."""
        text = clean_text(value)
        if description.type == "price":
            return self._price(text, attributes.get(description.column + CURRENCY_SUFFIX, ()))
        if description.type == "duration":
            return self._duration(description, text)
        if description.type in ("year", "date"):
            return self._date(text)
        number = feature_number(text) if description.type == "number" else None
        if number is not None:
            return self.amount(description, number)
        return self.value_label(description, text)

    def value_label(self, description: FeatureDescription, value: str) -> str:
        """A value of a column that has no numbers."""
        if description.type == "flag":
            flag = FLAG_VALUES.get(value.strip().lower())
            return value if flag is None else self.messages.text("Yes" if flag else "No")
        name = spoken_value(description, value, self.messages)
        return shorten(value) if name is None else common_value(name, self.messages.language)

    def column_label(self, description: FeatureDescription) -> str:
        """What people call a column: by the settings, else in the language of the answer."""
        setting = self.settings.get(description.column)
        label = description.label
        if setting is None or not setting.label:
            label = common_label(label, self.messages.language)
        return label[:1].upper() + label[1:]

    def _is_companion(self, column: str, attributes: Mapping[str, Sequence[str]]) -> bool:
        """Whether it tells of another column: a price's band or currency, the group of variants."""
        is_band = column.endswith(BAND_SUFFIX) and column.removesuffix(BAND_SUFFIX) in attributes
        return is_band or column.endswith(CURRENCY_SUFFIX) or column in GROUP_COLUMNS

    def _description(
        self, column: str, values: Sequence[str], attributes: Mapping[str, Sequence[str]]
    ) -> FeatureDescription:
        setting = self.settings.get(column)
        feature = next((f for f in self.features if f.column == column), None)
        if feature is not None:
            return describe_feature(column, feature.feature_type, feature.values, setting)
        feature_type = setting.type if setting is not None else None
        has_companion = bool({column + BAND_SUFFIX, column + CURRENCY_SUFFIX} & attributes.keys())
        is_priced = has_companion or "price" in column_words(column)
        feature_type = feature_type or find_feature_type(
            column, values, has_several=len(values) > 1, is_priced=is_priced
        )
        return describe_feature(column, feature_type, values, setting)

    def _fact(
        self, description: FeatureDescription, values: Sequence[str], currencies: Sequence[str]
    ) -> str:
        """What is shown of one column; "" for nothing."""
        values = [cleaned for value in values if (cleaned := clean_text(value))]
        if not values:
            return ""
        if description.phrases is None:
            if description.type == "price":
                return self._price(values[0], currencies)
            if description.type == "duration":
                return self._duration(description, values[0])
            if description.type in ("year", "date"):
                return self._date(values[0])
            if description.type == "number":
                return self._numbers(description, values)
            if description.type in ("category", "list"):
                return self._names(description, values)
        phrase = feature_phrase(description, values[0], self.messages)
        return "" if phrase is None else phrase.text

    def _names(self, description: FeatureDescription, values: Sequence[str]) -> str:
        """The first values, after what the column says of them: "Directed by Jim Henson"."""
        spoken = [spoken_value(description, value, self.messages) for value in values]
        names = [name for name in spoken if name][:MAX_FACT_VALUES]
        if not names:
            return ""
        joined = ", ".join(names)
        whole = feature_phrase(description, values[0], self.messages)
        if whole is None or whole.template not in TELLING_PHRASES:
            return joined
        return self.messages.text(whole.template, value=joined)

    def _numbers(self, description: FeatureDescription, values: Sequence[str]) -> str:
        """Each number as it is, after the name of its column."""
        texts = [self._value(description, value, {}) for value in values[:MAX_FACT_VALUES]]
        return f"{self.column_label(description)}: {', '.join(texts)}"

    def _date(self, value: str) -> str:
        """A year as it is, a day as the language writes it."""
        if value.isdigit():
            return value
        seconds = feature_number(value, "date")
        if seconds is None or value.replace(".", "", 1).isdigit():
            return shorten(value.removesuffix(".0"))
        day = datetime.fromtimestamp(seconds, UTC)
        return format_date(day, format="medium", locale=self.messages.language)

    def _duration(self, description: FeatureDescription, value: str) -> str:
        number = feature_number(value, "duration")
        if number is None or number <= 0:
            return ""
        is_plain = value.replace(".", "", 1).isdigit()
        minutes = number * MINUTES_PER_UNIT.get(description.unit, 1.0) if is_plain else number
        hours, whole_minutes = divmod(round(minutes), MINUTES_PER_HOUR)
        if not hours and not whole_minutes:
            return self.messages.quantity(round(minutes * 60), "second")
        parts = [(hours, "hour"), (whole_minutes, "minute")]
        return " ".join(self.messages.quantity(count, unit) for count, unit in parts if count)

    def _price(self, value: str, currencies: Sequence[str]) -> str:
        """An amount with its currency, if one is known; a band of prices as it is."""
        currency = next(iter(currencies), self.currency)
        amount = feature_number(value)
        if amount is None:
            return shorten(value)
        if currency is None:
            return self.messages.number(amount)
        return self.messages.price(amount, currency)
