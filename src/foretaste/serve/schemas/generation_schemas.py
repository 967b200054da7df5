"""In: what content to imagine, or which item is missed. Out: features, items, words; or why not."""

from typing import Any

from pydantic import Field, StrictBool

from foretaste.behaviour.export import generated_text_to_json
from foretaste.generate.features import ImaginedFeatures
from foretaste.generate.narration import Passage
from foretaste.online.why_not import WhyNot
from foretaste.serve.schemas.list_schemas import SlateBody
from foretaste.serve.schemas.recommendation_schemas import Recommendations
from foretaste.serve.schemas.renamed import old_name_of
from foretaste.serve.schemas.values import Id, Query, ResponseSchema


class GenerateBody(SlateBody):
    """For whom, about what, where and when; any of them alone will do."""

    query: Query | None = None
    """What they ask for, in their words."""
    items: list[Id] = Field(default=[], max_length=100)
    """Seeds: the cart, or the page being looked at. They are not in the answer."""
    stream: StrictBool = False
    """Send each part as a server-sent event as soon as it is there: `imagined`, `recommendation`,
    `title`, `description`, a `line` for each item, `done`."""


class FeatureValueOut(ResponseSchema):
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


class GeneratedTextOut(ResponseSchema):
    """Words, and who wrote them."""

    text: str
    author: str
    """The language model's name, or "template"."""
    by: str = old_name_of("author")
    fallback_reason: str | None = None
    """Why the template stood in for the language model."""
    why: str | None = old_name_of("fallback_reason")


class ItemLineOut(GeneratedTextOut):
    """Why one item."""

    item: str


class GenerateAnswer(ResponseSchema):
    """The content this person would want."""

    imagined: dict[str, list[FeatureValueOut]]
    """As features, by column; `topic` is found in the texts."""
    recommendation: Recommendations
    """The real items nearest to it: the likeliest under P(R|U)."""
    title: GeneratedTextOut
    description: GeneratedTextOut
    """What to look for next."""
    lines: list[ItemLineOut]
    """For each item, why."""


class WhyNotBody(SlateBody):
    """A question as for `/v1/recommend`, and the item that is missed in its answer."""

    item: Id
    """The item that is missed."""
    query: Query | None = None
    items: list[Id] = Field(default=[], max_length=100)
    """Seeds, as in the question."""


class TermGapOut(ResponseSchema):
    """What one expert or rule contributes to the item's score and to that of the last shown."""

    expert: str
    item: float
    last: float
    difference: float
    """Below 0 the item is behind here."""


class WhyNotAnswer(ResponseSchema):
    """The rule, filter or term that kept the item out."""

    id: str
    reason: str
    """In a sentence."""
    why: str = old_name_of("reason")
    position: int | None = None
    """Its place in the list, where it is in it after all."""
    filters: list[str]
    """What does not let it be shown."""
    rank: int | None = None
    """Its place by score among all that may be shown."""
    score: float | None = None
    last: str | None = None
    """The last item that was shown."""
    terms: list[TermGapOut]
    """By expert and rule, where it is most behind first; they sum to the two scores."""


def imagined_json(imagined: ImaginedFeatures) -> dict[str, Any]:
    """The features as they are sent."""
    return {
        column: [
            {
                "value": liked.value,
                "probability": liked.probability,
                "lift": liked.lift,
                "events": list(liked.events),
                "stated": liked.stated,
            }
            for liked in values
        ]
        for column, values in imagined.items()
    }


def passage_json(passage: Passage, *, is_operator: bool) -> dict[str, Any]:
    """Words as they are sent. is_operator: whether the caller may know paths and hosts."""
    words = generated_text_to_json(passage.wording, is_operator=is_operator)
    content = {"item": passage.item, **words}
    return {name: value for name, value in content.items() if value is not None}


def why_not_answer(why_not: WhyNot) -> WhyNotAnswer:
    """The answer for the operator."""
    return WhyNotAnswer(
        id=why_not.id,
        reason=why_not.sentence,
        position=why_not.position,
        filters=list(why_not.filters),
        rank=why_not.rank,
        score=why_not.score,
        last=why_not.last,
        terms=[
            TermGapOut(
                expert=term.expert, item=term.item, last=term.last, difference=term.difference
            )
            for term in why_not.terms
        ],
    )
