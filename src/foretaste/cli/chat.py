"""`foretaste chat`: what a person says in, line by line; answers and the state of the talk out."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Json, Workspace, command, open_loop

if TYPE_CHECKING:
    from foretaste.converse.conversation import Reply


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "chat")(chat)


def chat(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="What is said; without it, line by line.")
    ] = None,
    workspace: Workspace = CURRENT_FOLDER,
    user: Annotated[str | None, typer.Option(help="Who is talking.")] = None,
    session: Annotated[str | None, typer.Option(help="The id of an anonymous visit.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Go on with this one.")] = None,
    json: Json = False,
) -> None:
    """Talk about what you would like.

    Say it, refine it ("but slower", "under 20", "nothing violent"), ask "why the first?", "show
    more", "start over". Wishes with more, less or no change the profile; all else holds in this
    conversation alone.
    """
    with open_loop(workspace) as loop:
        from foretaste.converse.conversation import open_chat
        from foretaste.serve.schemas.chat_schemas import chat_answer

        talk = open_chat(loop)
        lines = [text] if text is not None else sys.stdin
        for line in lines:
            if not line.strip():
                continue
            reply = talk.say(line.strip(), conversation=conversation, user=user, session=session)
            conversation = reply.conversation_id
            if json:
                console.print_json(chat_answer(reply).model_dump())
            else:
                _print_reply(reply)
    if conversation is not None and not json:
        console.note(f"go on with --conversation {conversation}")


def _print_reply(reply: "Reply") -> None:
    console.say(reply.text)
    state = reply.state
    parts = [f"query “{state.query}”"] if state.query else []
    parts += [f"filter {dict(state.filter)}"] if state.filter else []
    parts += [f"like {', '.join(state.items)}"] if state.items else []
    parts += (
        [f"profile: {', '.join(preference.name for preference in reply.preferences)}"]
        if reply.preferences
        else []
    )
    console.note(f"[{'; '.join(parts) or 'nothing asked yet'}]")
