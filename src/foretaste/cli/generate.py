"""`foretaste generate` and `why-not`: words in; imagined content, or what kept an item out.

Words appear as they are written.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Json, Workspace, command, open_loop
from foretaste.cli.lists import Diversity, Filter, ItemCount, Language, Rules, parse_list_options
from foretaste.display.words import plain_expert

if TYPE_CHECKING:
    from foretaste.generate.features import ImaginedFeatures
    from foretaste.online.generation import Generation
    from foretaste.online.why_not import WhyNot

User = Annotated[str | None, typer.Option("--user", help="The user's id.")]
Session = Annotated[str | None, typer.Option(help="The id of an anonymous visit.")]
Query = Annotated[str | None, typer.Option(help="What the user asks for, in words.")]
Context = Annotated[
    str | None, typer.Option(help='Where and when, in words: "a rainy Sunday evening".')
]


def register(app: typer.Typer) -> None:
    """Add the commands to the others."""
    command(app, "generate")(generate)
    command(app, "why-not")(why_not)


def generate(
    workspace: Workspace = CURRENT_FOLDER,
    user: User = None,
    query: Query = None,
    context: Context = None,
    session: Session = None,
    n: ItemCount = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    language: Language = None,
    json: Json = False,
) -> None:
    """Generate what a user would want: features, items, texts.

    From a history, a query or a context; one of them is enough.
    """
    context_fields = {} if context is None else {"text": context}
    list_options = parse_list_options(filter, None, 0.0, language)
    with open_loop(workspace) as loop:
        generation = loop.generate(
            user, n=n, query=query, session=session, context=context_fields, **list_options
        )
        if json:
            from foretaste.cli.json_output import generation_json

            console.print_json(generation_json(generation))
        else:
            _print_generation(generation)


def _print_generation(generation: "Generation") -> None:
    titles = {item.id: console.item_name(item) for item in generation.recommendation}
    for passage in generation.passages:
        if passage.part == "title":
            console.say(passage.wording.text)
            _print_features(generation.imagined)
        elif passage.part == "description":
            console.say(f"\n{passage.wording.text}\n")
        else:
            console.say(f"{titles[passage.item or '']}\n    {passage.wording.text}")


def _print_features(imagined: "ImaginedFeatures") -> None:
    for column, values in imagined.items():
        values_text = ", ".join(
            f"{liked.value} ({liked.probability:.0%}, {liked.lift:.1f} times)" for liked in values
        )
        console.say(f"  {column}: {values_text}")


def why_not(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The item that is missed.")],
    workspace: Workspace = CURRENT_FOLDER,
    user: User = None,
    query: Query = None,
    session: Session = None,
    n: ItemCount = None,
    filter: Filter = None,  # noqa: A002
    rules: Rules = None,
    diversity: Diversity = 0.0,
    json: Json = False,
) -> None:
    """Explain why an item is not in a list."""
    list_options = parse_list_options(filter, rules, diversity)
    with open_loop(workspace) as loop:
        explanation = loop.why_not(item, user, n=n, query=query, session=session, **list_options)
    if json:
        console.print_json(asdict(explanation))
    else:
        _print_why_not(explanation)


def _print_why_not(explanation: "WhyNot") -> None:
    console.say(explanation.sentence)
    rows = [
        (
            plain_expert(term.expert),
            f"{term.item:+.2f}",
            f"{term.last:+.2f}",
            f"{term.difference:+.2f}",
        )
        for term in explanation.terms
    ]
    if rows and explanation.last is not None:
        number_columns = ("this item", "the last shown", "difference")
        console.print_table(("expert", *number_columns), rows, right=number_columns)
