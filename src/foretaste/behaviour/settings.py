"""In: the `[behaviour]` part of the settings. Out: how files are read and where behaviour lives."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator

from foretaste.domain.data import EVENT_TYPE_WEIGHTS
from foretaste.domain.settings import Settings
from foretaste.errors import did_you_mean

EVENT_FIELDS = (
    "user",
    "item",
    "kind",
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
USER_FIELDS = ("id",)


def _check_fields(
    mapping: Mapping[str, str], fields: tuple[str, ...], record_type: str
) -> Mapping[str, str]:
    for field in mapping:
        if field not in fields:
            raise ValueError(
                f"[behaviour.columns.{record_type}] has no key '{field}'; "
                f"{did_you_mean(field, fields)}"
            )
    return mapping


class ColumnSettings(Settings):
    """Our name of a field → the name of the column in your files.

    A field that is not named here is found by its own name or a usual one (userId, movieId, …).
    """

    events: Mapping[str, str] = Field(default_factory=dict)
    """e.g. `user = "customer_number"`"""
    items: Mapping[str, str] = Field(default_factory=dict)
    """e.g. `id = "sku"`"""
    users: Mapping[str, str] = Field(default_factory=dict)
    """e.g. `id = "customer_number"`"""

    @field_validator("events")
    @classmethod
    def _events(cls, mapping: Mapping[str, str]) -> Mapping[str, str]:
        return _check_fields(mapping, EVENT_FIELDS, "events")

    @field_validator("items")
    @classmethod
    def _items(cls, mapping: Mapping[str, str]) -> Mapping[str, str]:
        return _check_fields(mapping, ITEM_FIELDS, "items")

    @field_validator("users")
    @classmethod
    def _users(cls, mapping: Mapping[str, str]) -> Mapping[str, str]:
        return _check_fields(mapping, USER_FIELDS, "users")


class BehaviourSettings(Settings):
    """How behaviour comes in and where it is kept."""

    kinds: Mapping[str, float] = Field(default_factory=dict)
    """Own event types and changed weights, merged over the built-in ones: above 0 is taken,
    below 0 refused, 0 recorded only. e.g. `purchase = 3.0`, `wishlist = 0.5`"""
    columns: ColumnSettings = ColumnSettings()
    """How your columns are called."""
    default_kind: str = "view"
    """The type of an event that names none. A file without an event type column but with a value
    column is taken for ratings.
    """
    unknown_items: Literal["auto", "reject", "create"] = "auto"
    """An event with an item that is not in the catalogue: refuse the event, or create the item.
    `auto` creates while the catalogue holds nothing but ids, and refuses as soon as it has
    titles, texts or attributes."""
    rating_range: tuple[float, float] | None = None
    """The lowest and highest rating allowed, e.g. `[0.5, 5]`. None allows any number."""
    database: str | None = None
    """URL of the store, e.g. `postgresql://user@host/name`. None is SQLite in the workspace."""
    database_schema: str | None = Field(default=None, pattern="^[a-z_][a-z0-9_]{0,62}$")
    """The schema in a PostgreSQL database, made if it is not there. None is its usual one. Tenants
    that share a database have one each."""
    attribute_separator: str = Field(default="|", min_length=1)
    """Stands between several values in one cell. A JSON list is understood as well."""
    history_events: int = Field(default=10_000, ge=1)
    """How many events of one person a request reads, the newest first; about 10 ms a thousand. What
    was taken before them is not hidden as seen any more."""
    text_columns: tuple[str, ...] = ()
    """Columns of items that hold free text. Those not named are decided by name and content."""
    attribute_columns: tuple[str, ...] = ()
    """Columns of items and users that hold attributes, even if nearly every value is different."""

    @field_validator("kinds")
    @classmethod
    def _kinds(cls, kinds: Mapping[str, float]) -> Mapping[str, float]:
        return {normalise_event_type(event_type): weight for event_type, weight in kinds.items()}

    def event_weights(self) -> dict[str, float]:
        """Every known event type and what one event of it weighs."""
        return {**EVENT_TYPE_WEIGHTS, **self.kinds}


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
