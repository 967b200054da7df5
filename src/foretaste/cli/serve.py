"""`foretaste serve`, `keys` and `tenants`: who may ask the service, and the service itself."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from foretaste.cli import console, key_report
from foretaste.cli.common import CURRENT_FOLDER, Json, Workspace, command, require_workspace
from foretaste.cli.worker import THREAD_VARIABLES

if TYPE_CHECKING:
    from foretaste.behaviour.keys import KeyTable

KeyId = Annotated[str, typer.Argument(metavar="ID", help="The part between ft_ and the next _.")]
keys = typer.Typer(help="The service's API keys: create, list, rotate, revoke.")
tenants = typer.Typer(help="Several shops in one service, each kept apart: create, list.")


def register(app: typer.Typer) -> None:
    """Add the commands to the others. Their workspace is the root, not a tenant's."""
    command(app, "serve")(serve)
    for name, group in (("keys", keys), ("tenants", tenants)):
        app.add_typer(group, name=name, no_args_is_help=True)
    for name, function in (
        ("create", keys_create),
        ("list", keys_list),
        ("rotate", keys_rotate),
        ("revoke", keys_revoke),
    ):
        command(keys, name)(function)
    command(tenants, "create")(tenants_create)
    command(tenants, "list")(tenants_list)


def serve(
    workspace: Workspace = CURRENT_FOLDER,
    host: Annotated[
        str, typer.Option(help="To be reached from other machines there must be a key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes, each with a model.")] = 1,
    with_worker: Annotated[
        bool,
        typer.Option("--with-worker", help="Also keep the models fresh, in a process beside it."),
    ] = False,
    log_format: Annotated[
        Literal["text", "json"] | None, typer.Option(help="For people or for a log collector.")
    ] = None,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Let other machines in without a key."),
    ] = False,
) -> None:
    """Serve over HTTP, with a page to try it on at /."""
    limit_threads(os.environ.get(THREAD_VARIABLES[0], "1"))  # before anything else is imported
    from foretaste.config.load import load_config

    require_workspace(workspace)
    if log_format is not None:
        os.environ["FORETASTE_SERVE__LOG_FORMAT"] = log_format  # also for the workers
    threads = load_config(workspace).language.threads
    if threads is not None:
        limit_threads(str(threads))
    from foretaste.serve import run

    run.serve(
        workspace,
        host=host,
        port=port,
        insecure=insecure,
        workers=workers,
        with_worker=with_worker,
    )


def limit_threads(number: str) -> None:
    """How many threads PyTorch, OpenMP and BLAS compute with in this process and its workers.

    To be called before they are imported, which is when they read it. One is best for a service:
    its requests come in several threads already, and those of a pool wait for one another. Training
    is a process of its own and has a number of its own.
    """
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, number))


@contextmanager
def _open_key_table(workspace: Path) -> Iterator["KeyTable"]:
    """The keys of a workspace."""
    require_workspace(workspace)
    from foretaste.behaviour.opening import open_store
    from foretaste.config.load import load_config

    store = open_store(load_config(workspace).behaviour, workspace)
    try:
        yield store.keys
    finally:
        store.close()


def keys_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is, for the list.")],
    workspace: Workspace = CURRENT_FOLDER,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, events, metrics or admin; also several."),
    ] = None,
    tenant: Annotated[str, typer.Option(help="Whose data it opens.")] = "default",
    days: Annotated[float | None, typer.Option(min=0, help="How long it is good.")] = None,
    user_access: Annotated[
        Literal["open", "signed", "session"] | None,
        typer.Option(help="Which users it names: any, those with a token of your server, or none."),
    ] = None,
    json: Json = False,
) -> None:
    """Make a key and print it, this once.

    Without --scope it may read and send events. The service asks for a key as soon as there is one.
    Everybody can read the key of a page, so a key that sends events names users only with a token
    that your server has signed, unless --user-access says otherwise; your server's own key is open.
    """
    from foretaste.serve.http.keys import create_key
    from foretaste.workspace import tenants as folders

    folders.require_tenant(workspace, tenant)
    with _open_key_table(workspace) as table:
        scopes = scope or ["read", "events"]
        key, secret = create_key(
            table,
            name,
            scopes,
            tenant=tenant,
            days=days,
            user_access=user_access,
            now=time.time(),
        )
    key_report.print_new_key(key, secret, json=json)


def keys_list(workspace: Workspace = CURRENT_FOLDER, json: Json = False) -> None:
    """Every key there ever was, without its secret."""
    with _open_key_table(workspace) as table:
        key_report.print_keys(table.all_keys(), time.time(), json=json)


def keys_rotate(
    key: KeyId,
    workspace: Workspace = CURRENT_FOLDER,
    overlap: Annotated[
        float, typer.Option(min=0, help="Days for which the old key stays good beside it.")
    ] = 7,
    json: Json = False,
) -> None:
    """Make a successor with the same scopes and print it; the old key ends after an overlap."""
    from foretaste.serve.http.keys import rotate_key

    with _open_key_table(workspace) as table:
        successor, secret = rotate_key(table, key, overlap_days=overlap, now=time.time())
    key_report.print_new_key(successor, secret, json=json)


def keys_revoke(key: KeyId, workspace: Workspace = CURRENT_FOLDER) -> None:
    """End a key at once; every process knows within two seconds."""
    from foretaste.serve.http.keys import revoke_key

    with _open_key_table(workspace) as table:
        revoke_key(table, key, now=time.time())
    console.say(f"key {key} is revoked")


def tenants_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lowercase, digits, hyphens.")],
    workspace: Workspace = CURRENT_FOLDER,
) -> None:
    """Make a workspace within the workspace, with the same settings and nothing in it."""
    require_workspace(workspace)
    from foretaste.workspace.tenants import create_tenant

    folder = create_tenant(workspace, name)
    console.say(f"tenant {name} is the workspace {folder}; it needs a key: 'foretaste keys create'")


def tenants_list(workspace: Workspace = CURRENT_FOLDER, json: Json = False) -> None:
    """Every tenant, with what it has."""
    require_workspace(workspace)
    from foretaste.workspace.tenants import list_tenants

    console.print_tenants(list_tenants(workspace), json=json)
