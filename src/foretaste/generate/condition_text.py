"""A filter in, what it asks for as a person reads it out: "Horror", "before 1980", "under €50".

One set of words for the facets of a search, the talk and the command line, in the language of who
reads them; the names of columns are not among them where the value says enough.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from babel.dates import format_date
from babel.lists import format_list

from foretaste.domain.feature_types import FeatureDescription, FeatureType
from foretaste.domain.text_limits import shorten
from foretaste.generate.item_display import ItemDisplay

TIME_TYPES: frozenset[FeatureType] = frozenset(("year", "date"))
MESSAGES_OF_TIME: Mapping[str, str] = {
    "lt": "before {value}",
    "lte": "until {value}",
    "gt": "after {value}",
    "gte": "since {value}",
}
MESSAGES_OF_AMOUNT: Mapping[str, str] = {
    "lt": "under {value}",
    "lte": "up to {value}",
    "gt": "over {value}",
    "gte": "at least {value}",
}


def condition_texts(conditions: Mapping[str, Any], display: ItemDisplay) -> list[str]:
    """Each condition of a filter in words; what cannot be said in a few is left out."""
    texts: list[str] = []
    for column, value in conditions.items():
        if column == "and" and isinstance(value, list | tuple):
            texts += [text for part in value for text in condition_texts(part, display)]
        elif column == "or" and isinstance(value, list | tuple):
            parts = [" ".join(condition_texts(part, display)) for part in value]
            texts += _alternatives([part for part in parts if part], display)
        elif column == "not" and isinstance(value, Mapping):
            inner = display.messages.names(condition_texts(value, display))
            texts += [display.messages.text("without {value}", value=inner)] if inner else []
        elif column == "about":
            texts += [value] if isinstance(value, str) else [str(topic) for topic in value]
        elif column != "id":
            texts += _column_texts(column, value, display)
    return texts


def _alternatives(names: Sequence[str], display: ItemDisplay) -> list[str]:
    """Names with “or” between the last two."""
    return [format_list(list(names), style="or", locale=display.messages.language)] if names else []


def _column_texts(column: str, value: Any, display: ItemDisplay) -> list[str]:
    """What one column must be."""
    if not isinstance(value, Mapping):
        values = list(value) if isinstance(value, list | tuple) else [value]
        description = display.describe(column, [str(each) for each in values])
        names = [_value_text(each, description, display) for each in values]
        return _alternatives([name for name in names if name], display)
    tests = dict(value)
    description = display.describe(column, [str(each) for each in tests.values()])
    if isinstance(tests.get("all"), list | tuple):
        return [
            text for each in tests.pop("all") if (text := _value_text(each, description, display))
        ]
    return _range_texts(description, tests, display)


def _range_texts(
    description: FeatureDescription, tests: Mapping[str, Any], display: ItemDisplay
) -> list[str]:
    """Bounds: both together where there are two."""
    is_time = description.type in TIME_TYPES or any(map(_is_day, tests.values()))
    messages = MESSAGES_OF_TIME if is_time else MESSAGES_OF_AMOUNT
    values = {
        test: _value_text(bound, description, display)
        for test, bound in tests.items()
        if test in messages
    }
    if values.keys() == {"gte", "lte"}:
        if values["gte"] == values["lte"]:
            return [values["gte"]]
        low, high = values["gte"], values["lte"]
        return [display.messages.text("{low} to {high}", low=low, high=high)]
    return [
        display.messages.text(messages[test], value=text) for test, text in values.items() if text
    ]


def _value_text(value: Any, description: FeatureDescription, display: ItemDisplay) -> str:
    """A value as its column writes it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if _is_day(value):
        day = datetime.fromisoformat(str(value))
        return format_date(day, format="long", locale=display.messages.language)
    return shorten(display.value_text(description, str(value)))


def _is_day(value: Any) -> bool:
    """Whether it is a day, as in 2010-05-01."""
    if not isinstance(value, str) or len(value) < len("2010-05-01"):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
