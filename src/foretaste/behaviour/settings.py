"""In: the `[behaviour]` part of the settings. Out: how files are read and where behaviour lives."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from foretaste.behaviour.event_type_names import EVENT_TYPE_BY_NAME
from foretaste.behaviour.files.file_settings import FileSettings
from foretaste.domain.consent import ConsentSettings
from foretaste.domain.data import EVENT_TYPE_WEIGHTS, IDENTIFY_EVENT
from foretaste.domain.event_value import ValueSettings
from foretaste.domain.feature_types import FeatureSettings, FeatureTyping
from foretaste.domain.settings import Settings
from foretaste.domain.words import GROUP_COLUMN, GROUP_COLUMNS
from foretaste.errors import InputError, did_you_mean

EVENT_FIELDS = (
    "user",
    "item",
    "event_type",
    "at",
    "value",
    "text",
    "query",
    "session",
    "device",
    "context",
    "event_id",
    "recommendation_id",
    "position",
)
ITEM_FIELDS = ("id", "title", "image", "audio", "available_from", "available_until", "hidden")
ITEM_COLUMN_KEYS = (*ITEM_FIELDS, "group")
"""What may be named under [behaviour.columns.items]; `group` is no field of an item."""
USER_FIELDS = ("id",)
FIELDS_BY_TABLE: Mapping[str, tuple[str, ...]] = {
    "events": EVENT_FIELDS,
    "items": ITEM_FIELDS,
    "users": USER_FIELDS,
}

MAX_RETENTION_DAYS = 100_000
"""Below it, so that a time of before can be counted."""
OTHER_EVENT_TYPES = "other"
"""Stands in `retention_days` for the event types that are not named there."""

TimeUnit = Literal["s", "ms", "us", "ns", "min", "h", "d", "excel"]


def _check_fields(
    mapping: Mapping[str, str], fields: tuple[str, ...], section: str
) -> Mapping[str, str]:
    for field in mapping:
        if field not in fields:
            raise ValueError(f"{section} has no key '{field}'; {did_you_mean(field, fields)}")
    return mapping


class ColumnSettings(Settings):
    """Our name of a field → the name of the column in your files.

    A field that is not named here is found by its own name or a usual one (userId, movieId, …).
    """

    renamed_keys: ClassVar[Mapping[str, str]] = {"events.kind": "events.event_type"}

    events: Mapping[str, str] = Field(default_factory=dict)
    """e.g. `user = "customer_number"`"""
    items: Mapping[str, str] = Field(default_factory=dict)
    """e.g. `id = "sku"`. `group = "parent"` names the column that variants of one product share: a
    list shows one of them, and what is done with a variant counts for all of them. item_group_id
    and parent_sku are taken for it; `""` for none."""
    users: Mapping[str, str] = Field(default_factory=dict)
    """e.g. `id = "customer_number"`"""

    @field_validator("events")
    @classmethod
    def _events(cls, mapping: Mapping[str, str]) -> Mapping[str, str]:
        return _check_fields(mapping, EVENT_FIELDS, "[behaviour.columns.events]")

    @field_validator("items")
    @classmethod
    def _items(cls, mapping: Mapping[str, str]) -> Mapping[str, str]:
        return _check_fields(mapping, ITEM_COLUMN_KEYS, "[behaviour.columns.items]")

    @field_validator("users")
    @classmethod
    def _users(cls, mapping: Mapping[str, str]) -> Mapping[str, str]:
        return _check_fields(mapping, USER_FIELDS, "[behaviour.columns.users]")


NULL_IDS = (
    "na n/a #n/a n.a. nan nat <na> null (null) [null] nil none (none) undefined (undefined) "
    "(not_set) not_set (not_provided) \\n [object_object] -1 - -- ?"
)
ANONYMOUS_USERS = (
    "unknown unknown_user anonymous anon anonymous_user guest guest_user nobody no_user visitor "
    "not_logged_in logged_out"
)


def _phrases(words: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in words.split())


class BehaviourSettings(Settings):
    """How behaviour comes in and where it is kept."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "kinds": "event_weights",
        "default_kind": "default_event_type",
    }

    event_weights: Mapping[str, float] = Field(default_factory=dict)
    """Own event types and changed weights, merged over the built-in ones: above 0 is taken,
    below 0 refused, 0 recorded only. e.g. `purchase = 3.0`, `wishlist = 0.5`"""
    event_type_names: Mapping[str, str] = Field(default_factory=dict)
    """What your files and trackers call an event type → which it is, e.g. `ordered = "purchase"`.
    The usual ones (clicks, carts, orders, addtocart, …) are known."""
    columns: ColumnSettings = ColumnSettings()
    """How your columns are called."""
    files: Mapping[str, FileSettings] = Field(default_factory=dict)
    """A file's name, or a pattern such as `orders-*.csv` → what the file does not say itself."""
    default_event_type: str = "view"
    """The type of an event that names none. A file without an event type column but with a value
    column is taken for ratings.
    """
    unknown_items: Literal["auto", "reject", "create"] = "auto"
    """An event with an item that is not in the catalogue: refuse the event, or create the item.
    `auto` creates while the catalogue holds nothing but ids, and refuses as soon as it has
    titles, texts or attributes."""
    charges: tuple[str, ...] | None = None
    """Ids of items that are lines of orders and no articles: shipping, a discount, a deposit. They
    are in no list and no history. None finds them by their titles; `[]` has none."""
    rating_range: tuple[float, float] | None = None
    """The lowest and highest rating allowed, e.g. `[0.5, 5]`. None allows any number."""
    positive_rating: float | None = None
    """From which value on a rating says that somebody liked the item, e.g. `4`. None takes it from
    the ratings that were imported: above 60 % of their scale's top, or from their median on."""
    value: Mapping[str, ValueSettings] = Field(default_factory=dict)
    """Event type → what its values are worth, e.g. `[behaviour.value.rating]` with `counts = true`
    for the scale of your ratings, or with `threshold = 4`. What is not named counts fully.
    `foretaste inspect` says how much each rating counts."""
    database: str | None = None
    """URL of the store, e.g. `postgresql://user@host/name`; with a standby of both servers,
    `postgresql://user@first,second/name`. None is SQLite in the workspace."""
    database_schema: str | None = Field(default=None, pattern="^[a-z_][a-z0-9_]{0,62}$")
    """The schema in a PostgreSQL database, made if it is not there. None is its usual one. Tenants
    that share a database have one each."""
    pseudonym_key_file: str | None = None
    """A file with a secret key, outside of the workspace: ids of people and sessions are then kept
    as keyed hashes alone. `foretaste pseudonymise` moves a workspace that has ids already."""
    attribute_separator: str = Field(default="|", min_length=1)
    """Stands between several values in one cell. A JSON list is understood as well."""
    undoable_imports: int = Field(default=50, ge=1)
    """How many imports can be undone, the newest. An import keeps the items and users that it
    replaced as they were, and some bytes for each of its rows that was there already."""
    history_events: int = Field(default=1_000, ge=1)
    """How many events of one person are read for a request, and to learn one more of theirs: the
    newest that say something of taste, of ten times as many; about 10 ms a thousand. What was taken
    before them is not hidden as seen any more."""
    retention_days: Mapping[str, float] = Field(default_factory=dict)
    """Event type → days after which the worker deletes such events, e.g. `search = 90`; `other` is
    for all that are not named. Without it they are kept until they are erased."""
    null_ids: tuple[str, ...] = _phrases(NULL_IDS)
    """Words that stand for no id at all, of a user, a session or an item. So does a UUID of zeros.
    """
    anonymous_users: tuple[str, ...] = _phrases(ANONYMOUS_USERS)
    """User ids that mean nobody in particular: the session is the person."""
    locale: str | None = None
    """How your files write dates and numbers, e.g. `"de_DE"`, `"en_GB"`, `"en_US"`. Needed only
    where 03/04/2026 or 1.299 could be read in two ways; else the whole column tells."""
    consent: ConsentSettings = ConsentSettings()
    """What may be done with what people do, where they have said nothing; see docs/privacy.md."""
    currency: str | None = None
    """Of prices that name none, e.g. `"EUR"`: kept beside them, as a written one is."""
    timezone: str = "UTC"
    """Of times without a zone and of dates without a time, e.g. `"Europe/Berlin"`."""
    at_unit: TimeUnit | None = None
    """Of the times in files that are numbers: s, ms, us, ns, min, h, d since 1970, or excel for the
    days of a spreadsheet. None tells it from the numbers."""
    text_columns: tuple[str, ...] = ()
    """Columns of items that hold free text. Those not named are decided by name and content."""
    attribute_columns: tuple[str, ...] = ()
    """Columns of items and users that hold attributes, even if nearly every value is different. One
    that `features` gives a type that says nothing of taste is kept too, for filters and limits."""
    ignored_columns: tuple[str, ...] = ()
    """Columns of items and users that say nothing of taste and are left out. Ids, counts, places,
    addresses and what a back office writes down are found without it."""
    separators: Mapping[str, str] = Field(default_factory=dict)
    """Column of items or users → what stands between several values in a cell of it, e.g.
    `cast = ","`; `""` where a cell has one value. None named is told from the column's values."""

    features: Mapping[str, FeatureSettings] = Field(default_factory=dict)
    """Column of items → what it is and how it is spoken of, e.g. `[behaviour.features.directors]`
    with `phrase = "directed by {value}"`. What is not named is found from the values."""
    levels: Mapping[str, str] = Field(default_factory=dict)
    """Column of items or users → what stands between the levels of a category in it, e.g.
    `category = "/"`; `""` where there are none. None named is told from the column's values."""

    @field_validator("locale")
    @classmethod
    def _locale(cls, locale: str | None) -> str | None:
        if locale is not None:
            from babel import Locale, UnknownLocaleError

            try:
                Locale.parse(locale.replace("-", "_"))
            except (UnknownLocaleError, ValueError):
                raise ValueError(
                    f"'{locale}' is no locale; write a language and a country, e.g. de_DE, en_GB"
                ) from None
        return locale

    @field_validator("currency")
    @classmethod
    def _currency(cls, currency: str | None) -> str | None:
        if currency is None:
            return None
        from babel.numbers import list_currencies

        if currency.upper() not in list_currencies():
            raise ValueError(
                f"'{currency}' is no currency; write its three letters, e.g. EUR, USD, GBP"
            )
        return currency.upper()

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (ValueError, OSError, KeyError):
            raise ValueError(
                f"'{timezone}' is no time zone; write one like Europe/Berlin or UTC"
            ) from None
        return timezone

    @field_validator("event_weights")
    @classmethod
    def _normalise_types(cls, weights: Mapping[str, float]) -> Mapping[str, float]:
        return {normalise_event_type(event_type): weight for event_type, weight in weights.items()}

    @field_validator("value")
    @classmethod
    def _valued_types(cls, values: Mapping[str, ValueSettings]) -> Mapping[str, ValueSettings]:
        return {normalise_event_type(event_type): value for event_type, value in values.items()}

    def with_at_unit(self, unit: str | None) -> "BehaviourSettings":
        """The same for files whose times count in this unit; None leaves it as it is."""
        if unit is None:
            return self
        units = get_args(TimeUnit)
        if unit not in units:
            raise InputError(f"at_unit: '{unit}' is no unit; expected one of {', '.join(units)}")
        return self.model_copy(update={"at_unit": unit})

    @field_validator("event_type_names")
    @classmethod
    def _event_type_names(cls, names: Mapping[str, str]) -> Mapping[str, str]:
        return {
            normalise_event_type(name): normalise_event_type(event_type)
            for name, event_type in names.items()
        }

    @model_validator(mode="after")
    def _known_event_types(self) -> "BehaviourSettings":
        for name, event_type in self.event_type_names.items():
            if event_type not in self.all_event_weights():
                raise ValueError(
                    f"event_type_names: '{name}' cannot be '{event_type}'; "
                    f"{did_you_mean(event_type, self.all_event_weights())}"
                )
        known_types = [OTHER_EVENT_TYPES, *self.all_event_weights()]
        for event_type in self.retention_days:
            if event_type not in known_types:
                raise ValueError(
                    f"retention_days: there is no event type '{event_type}'; "
                    f"{did_you_mean(event_type, known_types)}; one of your own is named in "
                    "event_weights"
                )
        return self

    @model_validator(mode="after")
    def _columns_of_files(self) -> "BehaviourSettings":
        for name, file in self.files.items():
            if file.columns and file.table is None:
                raise ValueError(
                    f'[behaviour.files."{name}"] names columns; say of what with table = "events", '
                    '"items" or "users"'
                )
            if file.table is not None:
                is_items = file.table == "items"
                fields = ITEM_COLUMN_KEYS if is_items else FIELDS_BY_TABLE[file.table]
                _check_fields(file.columns, fields, f'[behaviour.files."{name}"] columns')
        return self

    @field_validator("retention_days")
    @classmethod
    def _retention(cls, value: Mapping[str, float]) -> Mapping[str, float]:
        days = {normalise_event_type(name): number for name, number in value.items()}
        if IDENTIFY_EVENT in days:
            raise ValueError(
                "whose a session is must be known as long as there are events of it, or an erasure "
                "would not find them; leave identify out"
            )
        if any(not 0 < number < MAX_RETENTION_DAYS for number in days.values()):
            raise ValueError(f"days are above 0 and below {MAX_RETENTION_DAYS:,}")
        return days

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The columns that variants of one product share; the first that is there is meant."""
        named = self.columns.items.get("group")
        if named is None:
            return GROUP_COLUMNS
        return (named, GROUP_COLUMN) if named else (GROUP_COLUMN,)

    @property
    def configured_columns(self) -> frozenset[str]:
        """The columns of items that the settings say something of."""
        lists = (self.text_columns, self.attribute_columns, self.ignored_columns)
        return frozenset().union(*lists, self.separators, self.features)

    def of_file(self, file: FileSettings) -> "BehaviourSettings":
        """These settings with those of a file over them."""
        changes: dict[str, Any] = {
            name: getattr(self, name) + getattr(file, name)
            for name in ("text_columns", "attribute_columns", "ignored_columns")
            if getattr(file, name)
        }
        if file.separators:
            changes["separators"] = {**self.separators, **file.separators}
        if file.levels:
            changes["levels"] = {**self.levels, **file.levels}
        if file.event_type_names:
            names = {
                normalise_event_type(name): normalise_event_type(event_type)
                for name, event_type in file.event_type_names.items()
            }
            changes["event_type_names"] = {**self.event_type_names, **names}
        if file.default_event_type is not None:
            changes["default_event_type"] = file.default_event_type
        if file.table is not None and file.columns:
            columns = {**getattr(self.columns, file.table), **file.columns}
            changes["columns"] = self.columns.model_copy(update={file.table: columns})
        return self.model_copy(update=changes) if changes else self

    def feature_typing(self) -> FeatureTyping:
        """What is said here of the types of columns."""
        return FeatureTyping(self.features, frozenset(self.attribute_columns))

    def names_of_event_types(self) -> dict[str, str]:
        """Other names of the event types: the usual ones, and those of the settings over them."""
        return {**EVENT_TYPE_BY_NAME, **self.event_type_names}

    def all_event_weights(self) -> dict[str, float]:
        """Every known event type and what one event of it weighs."""
        return {**EVENT_TYPE_WEIGHTS, **self.event_weights}


def normalise_event_type(event_type: str) -> str:
    """One spelling of an event type: 'Add to cart', 'add-to-cart', 'addToCart' → 'add_to_cart'."""
    word = event_type.strip()
    if not (word.islower() or word.isupper()):
        humps = (
            f"_{letter}" if letter.isupper() and at and word[at - 1].islower() else letter
            for at, letter in enumerate(word)
        )
        word = "".join(humps)
    word = "_".join(word.lower().replace("-", " ").replace("_", " ").split())
    return "add_to_cart" if word == "addtocart" else word
