"""What a front end asks first. In: nothing. Out: what the service is, and whom to try it with."""

from typing import Self

from foretaste.online.sample_users import SampleUser
from foretaste.serve.schemas.values import ResponseSchema

MAX_SAMPLE_USERS = 12


class AboutAnswer(ResponseSchema):
    """What this service is."""

    name: str
    """As in the settings."""
    activity: str
    """What people do with its items: watch, buy, read, listen, view or choose."""
    items: int
    columns: list[str]
    """The attributes that tell items apart, to be named in `properties` beside `image`."""
    model_version: str
    scopes: list[str]
    """What the key that was sent may do."""
    user_access: str
    """Which users it may name: open, signed or session, see `foretaste keys create`."""
    home_placement: str | None
    """The placement of a start page, `home`, where there is one: name it in what such a page asks.
    """


class TasteOut(ResponseSchema):
    """One value that somebody takes more than people do."""

    column: str
    value: str
    share: float
    """Of what they take."""
    lift: float
    """Times what people in general take."""


class LatestItemOut(ResponseSchema):
    """Something that somebody took lately."""

    id: str
    title: str


class SampleUserOut(ResponseSchema):
    """Somebody to look at lists with."""

    user: str
    events: int
    tastes: list[TasteOut]
    """The strongest first."""
    decade: int | None
    """1980, where most of what sets them apart is from the eighties."""
    latest_items: list[LatestItemOut]
    """What they took last, the newest first."""

    @classmethod
    def of(cls, user: SampleUser) -> Self:
        """As it is sent."""
        return cls(
            user=user.user,
            events=user.event_count,
            tastes=[
                TasteOut(column=taste.column, value=taste.value, share=taste.share, lift=taste.lift)
                for taste in user.tastes
            ],
            decade=user.decade,
            latest_items=[LatestItemOut(id=name, title=title) for name, title in user.latest_items],
        )


class SampleUsersAnswer(ResponseSchema):
    """Some people, those of the clearest taste first."""

    users: list[SampleUserOut]
