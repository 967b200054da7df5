"""`foretaste mcp`: a workspace in, an MCP server for agents out."""

from typing import Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import HERE, Workspace, command, opened


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "mcp")(mcp)


def mcp(
    workspace: Workspace = HERE,
    http: Annotated[
        bool, typer.Option("--http", help="Streamable HTTP at /mcp instead of stdio.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of this machine alone.")] = 8001,
) -> None:
    """The tools for any agent, as an MCP server.

    Recommend, search, explain, record, profile, steer. By stdio for the agent that starts it, or
    over HTTP on 127.0.0.1; there it asks for an admin key as soon as the workspace has keys.
    """
    with opened(workspace) as loop:
        from foretaste.behaviour.keys import DEFAULT
        from foretaste.converse import mcp_server
        from foretaste.serve.http.keys import Keyring

        if not http:
            mcp_server.run_stdio(loop)
            return
        keys = Keyring(lambda: loop.store.keys)

        def admit(secret: str | None) -> bool:
            if not keys.asked_for():
                return True
            found = keys.find(secret) if secret else None
            if found is None or found.tenant != DEFAULT:
                return False
            return "admin" in found.scopes

        console.note(f"MCP at http://127.0.0.1:{port}{mcp_server.PATH}")
        mcp_server.run_http(loop, port=port, admit=admit)
