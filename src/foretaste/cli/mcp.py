"""`foretaste mcp`: a workspace in, an MCP server for agents out."""

from typing import Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Workspace, command, open_loop


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "mcp")(mcp)


def mcp(
    workspace: Workspace = CURRENT_FOLDER,
    http: Annotated[
        bool, typer.Option("--http", help="Streamable HTTP at /mcp instead of stdio.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of this machine alone.")] = 8001,
) -> None:
    """Offer the tools to any agent, as an MCP server.

    Recommend, search, explain, record, profile, steer. By stdio for the agent that starts it, or
    over HTTP on 127.0.0.1; there it asks for an admin key as soon as the workspace has keys.
    """
    with open_loop(workspace) as loop:
        from foretaste.behaviour.keys import DEFAULT_TENANT
        from foretaste.converse import mcp_server
        from foretaste.serve.http.keys import Keyring

        if not http:
            mcp_server.run_stdio(loop)
            return
        keys = Keyring(lambda: loop.store.keys)

        def admit(secret: str | None) -> bool:
            if not keys.is_key_required():
                return True
            key = keys.find_key(secret) if secret else None
            if key is None or key.tenant != DEFAULT_TENANT:
                return False
            return "admin" in key.scopes

        console.note(f"MCP at http://127.0.0.1:{port}{mcp_server.PATH}")
        mcp_server.run_http(loop, port=port, admit=admit)
