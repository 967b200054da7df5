"""In: what content to imagine, or which item is missed. Out: features, items, words; or why not."""

from typing import Any

from pydantic import Field, StrictBool

from foretaste.generate.features import Imagined
from foretaste.generate.narration import Passage
from foretaste.online.why_not import WhyNot
from foretaste.serve.schemas.answers import Recommendations
from foretaste.serve.schemas.lists import Ruled
from foretaste.serve.schemas.values import Answer, Id, Query


class GenerateBody(Ruled):
    """For whom, about what, where and when; any of them alone will do."""

    query: Query | None = None
    """What they ask for, in their words."""
    items: list[Id] = Field(default=[], max_length=100)
    """Seeds: the cart, or the page being looked at. They are not in the answer."""
    stream: StrictBool = False
    """Send each part as a server-sent event as soon as it is there: `imagined`, `recommendation`,
    `title`, `description`, a `line` for each item, `done`."""


class LikedOut(Answer):
    """One value of a feature of the imagined item."""

    value: str
    probability: float
    """P(value | U)."""
    lift: float
    """How many times that is of people in general."""
    events: list[str]
    """The items taken before that have it, the newest first."""
    stated: bool
    """Whether the person said so."""


class SaidOut(Answer):
    """Words, and who wrote them."""

    text: str
    by: str
    """The language model's name, or "template"."""
    why: str | None = None
    """Why the template stood in for the language model."""


class LineOut(SaidOut):
    """Why one item."""

    item: str


class GenerateAnswer(Answer):
    """The content this person would want."""

    imagined: dict[str, list[LikedOut]]
    """As features, by column; `topic` is found in the texts."""
    recommendation: Recommendations
    """The real items nearest to it: the likeliest under P(R|U)."""
    title: SaidOut
    description: SaidOut
    """What to look for next."""
    lines: list[LineOut]
    """For each item, why."""


class WhyNotBody(Ruled):
    """A question as for `/v1/recommend`, and the item that is missed in its answer."""

    item: Id
    """The item that is missed."""
    query: Query | None = None
    items: list[Id] = Field(default=[], max_length=100)
    """Seeds, as in the question."""


class BehindOut(Answer):
    """What one expert or rule says of the item and of the last that was shown, in nats."""

    expert: str
    item: float
    last: float
    difference: float
    """Below 0 the item is behind here."""


class WhyNotAnswer(Answer):
    """The rule, filter or term that kept the item out."""

    id: str
    why: str
    """In a sentence."""
    position: int | None = None
    """Its place in the list, where it is in it after all."""
    filters: list[str]
    """What does not let it be shown."""
    rank: int | None = None
    """Its place by score among all that may be shown."""
    score: float | None = None
    last: str | None = None
    """The last item that was shown."""
    terms: list[BehindOut]
    """By expert and rule, where it is most behind first; they sum to the two scores."""


def imagined_json(imagined: Imagined) -> dict[str, Any]:
    """The features as they are sent."""
    return {
        column: [
            {
                "value": one.value,
                "probability": one.probability,
                "lift": one.lift,
                "events": list(one.events),
                "stated": one.stated,
            }
            for one in values
        ]
        for column, values in imagined.items()
    }


def passage_json(passage: Passage) -> dict[str, Any]:
    """Words as they are sent."""
    said = passage.said
    told = {"item": passage.item, "text": said.text, "by": said.by, "why": said.why}
    return {name: value for name, value in told.items() if value is not None}


def why_not_answer(found: WhyNot) -> WhyNotAnswer:
    """The answer for the operator."""
    return WhyNotAnswer(
        id=found.id,
        why=found.sentence,
        position=found.position,
        filters=list(found.filters),
        rank=found.rank,
        score=found.score,
        last=found.last,
        terms=[
            BehindOut(expert=one.expert, item=one.item, last=one.last, difference=one.difference)
            for one in found.terms
        ],
    )
