"""`foretaste chat`: what a person says in, line by line; answers and the state of the talk out."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import HERE, Json, Workspace, command, opened

if TYPE_CHECKING:
    from foretaste.converse.chat import Reply


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "chat")(chat)


def chat(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="What is said; without it, line by line.")
    ] = None,
    workspace: Workspace = HERE,
    user: Annotated[str | None, typer.Option(help="Who is talking.")] = None,
    session: Annotated[str | None, typer.Option(help="An anonymous visit.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Go on with this one.")] = None,
    json: Json = False,
) -> None:
    """Talk about what you would like.

    Say it, refine it ("but slower", "under 20", "nothing violent"), ask "why the first?", "show
    more", "start over". Wishes with more, less or no change the profile; the rest is of this talk.
    """
    with opened(workspace) as loop:
        from foretaste.converse.chat import open_chat
        from foretaste.serve.schemas.chat import answer_of

        talk = open_chat(loop)
        lines = [text] if text is not None else sys.stdin
        for line in lines:
            if not line.strip():
                continue
            reply = talk.say(line.strip(), conversation=conversation, user=user, session=session)
            conversation = reply.conversation_id
            if json:
                console.as_json(answer_of(reply).model_dump())
            else:
                _told(reply)
    if conversation is not None and not json:
        console.note(f"go on with --conversation {conversation}")


def _told(reply: "Reply") -> None:
    console.say(reply.said)
    state = reply.state
    parts = [f"query “{state.query}”"] if state.query else []
    parts += [f"filter {dict(state.filter)}"] if state.filter else []
    parts += [f"like {', '.join(state.items)}"] if state.items else []
    parts += [f"profile: {', '.join(one.name for one in reply.changes)}"] if reply.changes else []
    console.note(f"[{'; '.join(parts) or 'nothing asked yet'}]")
