"""`foretaste generate` and `why-not`: words in; imagined content, or what kept an item out.

Words appear as they are written.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import HERE, Json, Workspace, command, opened
from foretaste.cli.lists import Diversity, Filter, Many, Rules, asked_of

if TYPE_CHECKING:
    from foretaste.generate.features import Imagined
    from foretaste.online.generation import Generation
    from foretaste.online.why_not import WhyNot

User = Annotated[str | None, typer.Option("--user", help="The person's id.")]
Session = Annotated[str | None, typer.Option(help="An anonymous visit.")]
Query = Annotated[str | None, typer.Option(help="What they ask for now.")]
Context = Annotated[
    str | None, typer.Option(help='Where and when, in words: "a rainy Sunday evening".')
]


def register(app: typer.Typer) -> None:
    """Add the commands to the others."""
    command(app, "generate")(generate)
    command(app, "why-not")(why_not)


def generate(
    workspace: Workspace = HERE,
    user: User = None,
    query: Query = None,
    context: Context = None,
    session: Session = None,
    n: Many = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    json: Json = False,
) -> None:
    """What a person would want: features, items, words.

    From a history, a query or a context; each alone will do.
    """
    told = {} if context is None else {"text": context}
    asked = asked_of(filter, None, 0.0)
    with opened(workspace) as loop:
        found = loop.generate(user, n=n, query=query, session=session, context=told, **asked)
        if json:
            console.as_json(_json(found))
        else:
            _print(found)


def _print(found: "Generation") -> None:
    titles = {one.id: console.named(one) for one in found.recommendation}
    for passage in found.passages:
        if passage.part == "title":
            console.say(passage.said.text)
            _features(found.imagined)
        elif passage.part == "description":
            console.say(f"\n{passage.said.text}\n")
        else:
            console.say(f"{titles[passage.item or '']}\n    {passage.said.text}")


def _features(imagined: "Imagined") -> None:
    for column, values in imagined.items():
        told = ", ".join(
            f"{one.value} ({one.probability:.0%}, {one.lift:.1f} times)" for one in values
        )
        console.say(f"  {column}: {told}")


def _json(found: "Generation") -> dict[str, object]:
    passages = list(found.passages)
    return {
        "imagined": {
            column: [asdict(one) for one in values] for column, values in found.imagined.items()
        },
        "recommendation": console.recommendation_json(found.recommendation, explain=False),
        **{one.part: asdict(one.said) for one in passages if one.item is None},
        "lines": [{"item": one.item, **asdict(one.said)} for one in passages if one.item],
    }


def why_not(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The item that is missed.")],
    workspace: Workspace = HERE,
    user: User = None,
    query: Query = None,
    session: Session = None,
    n: Many = None,
    filter: Filter = None,  # noqa: A002
    rules: Rules = None,
    diversity: Diversity = 0.0,
    json: Json = False,
) -> None:
    """Why an item is not in a list: rule, filter or term."""
    asked = asked_of(filter, rules, diversity)
    with opened(workspace) as loop:
        found = loop.why_not(item, user, n=n, query=query, session=session, **asked)
    if json:
        console.as_json(asdict(found))
    else:
        _absent(found)


def _absent(found: "WhyNot") -> None:
    console.say(found.sentence)
    rows = [
        (one.expert, f"{one.item:+.2f}", f"{one.last:+.2f}", f"{one.difference:+.2f}")
        for one in found.terms
    ]
    if rows and found.last is not None:
        right = ("this item", "the last shown", "difference")
        console.table(("expert", *right), rows, right=right)
