"""`foretaste items` and `foretaste users`: an id, a change in; what is there out."""

import json as jsonlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from foretaste.cli import console
from foretaste.cli.common import HERE, Workspace, command, intake, opened
from foretaste.errors import InputError

PAGE = 1000
"""Items or users read at once."""

items = typer.Typer(help="The catalogue: show, set, delete, export.")
users = typer.Typer(help="People: show, set, data of one, erase, export.")

ItemId = Annotated[str, typer.Argument(metavar="ITEM", help="The item's id.")]
UserId = Annotated[str, typer.Argument(metavar="USER", help="The user's id.")]
Patch = Annotated[
    str, typer.Argument(metavar="JSON", help='Fields to change, null removes: {"price": 7.5}')
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write there and not to stdout.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the others."""
    for name, group in (("items", items), ("users", users)):
        app.add_typer(group, name=name, no_args_is_help=True)
    for group, name, work in (
        (items, "show", items_show),
        (items, "set", items_set),
        (items, "delete", items_delete),
        (items, "export", items_export),
        (users, "show", users_show),
        (users, "set", users_set),
        (users, "data", users_data),
        (users, "erase", users_erase),
        (users, "export", users_export),
    ):
        command(group, name)(work)


def items_show(item: ItemId, workspace: Workspace = HERE) -> None:
    """One item, as JSON."""
    from foretaste.behaviour.export import item_told

    with opened(workspace) as loop:
        found = loop.store.item(item)
    console.as_json(item_told(_there(found, f"no item '{item}'")))


def items_set(item: ItemId, patch: Patch, workspace: Workspace = HERE) -> None:
    """Change some fields of an item. It counts in the next list."""
    from foretaste.behaviour.export import item_told

    change = _patch(patch)
    with opened(workspace) as loop:
        found = intake(loop).change_item(item, change)
    console.as_json(item_told(_there(found, f"no item '{item}'")))


def items_delete(
    ids: Annotated[list[str], typer.Argument(metavar="ITEM…", help="The items' ids.")],
    workspace: Workspace = HERE,
) -> None:
    """Take items out of the catalogue: no list has them from now on.

    What people did with them stays. Only importing or sending an item again brings it back.
    """
    with opened(workspace) as loop:
        count = loop.store.delete_items(ids)
    console.say(f"deleted {count} of {len(ids)}; the others were not there")


def items_export(workspace: Workspace = HERE, out: Out = None) -> None:
    """The whole catalogue as JSON Lines, to be read by 'import --items' again."""
    from foretaste.behaviour.export import item_told

    with opened(workspace) as loop:
        _export(loop.store.items_page, item_told, out)


def users_show(user: UserId, workspace: Workspace = HERE) -> None:
    """A user's attributes, as JSON."""
    from foretaste.behaviour.export import user_told

    with opened(workspace) as loop:
        found = loop.store.user(user)
    console.as_json(user_told(_there(found, f"no user '{user}' with attributes")))


def users_set(user: UserId, patch: Patch, workspace: Workspace = HERE) -> None:
    """Change some attributes of a user. They count in the next list."""
    from foretaste.behaviour.export import user_told

    change = _patch(patch)
    with opened(workspace) as loop:
        found = intake(loop).change_user(user, change)
    console.as_json(user_told(_there(found, f"no user '{user}' with attributes")))


def users_data(user: UserId, workspace: Workspace = HERE) -> None:
    """All that is kept of a user, for themselves, as JSON."""
    with opened(workspace) as loop:
        found = loop.personal(user)
    console.as_json(_there(found, f"nothing kept of a user '{user}'"))


def users_erase(user: UserId, workspace: Workspace = HERE) -> None:
    """Forget a user: in the store, and in the counts of every kept model."""
    with opened(workspace) as loop:
        found = loop.erase(user)
    erased = found.erased
    console.say(
        f"erased of '{user}': {erased.events} events, {erased.sessions} sessions, "
        f"{erased.recommendations} answers, {erased.attributes} sets of attributes, "
        f"{erased.changes} changes to their lists, {erased.conversations} conversations"
    )
    for version in found.recounted:
        console.say(f"model {version} was counted anew without them")
    if found.waits:
        console.say("what may still hold something of them:")
    for one in found.waits:
        console.say(f"  {one}")


def users_export(workspace: Workspace = HERE, out: Out = None) -> None:
    """All users with attributes as JSON Lines, to be read by 'import --users' again."""
    from foretaste.behaviour.export import user_told

    with opened(workspace) as loop:
        _export(loop.store.users_page, user_told, out)


def _there(found: Any, what: str) -> Any:
    if found is None:
        raise InputError(f"there is {what}; check the id")
    return found


def _patch(text: str) -> dict[str, Any]:
    try:
        told = jsonlib.loads(text)
    except ValueError as error:
        raise InputError(f"not JSON: {error}; put it in single quotes") from None
    if not isinstance(told, dict):
        raise InputError(f'a change is an object, this is {text[:60]}; write {{"price": 7.5}}')
    return told


def _export(
    page: Callable[[str, int], list[Any]], told: Callable[[Any], Any], out: Path | None
) -> None:
    after = ""
    with _written(out) as file:
        while found := page(after, PAGE):
            file.writelines(jsonlib.dumps(told(one), ensure_ascii=False) + "\n" for one in found)
            after = found[-1].id


@contextmanager
def _written(out: Path | None) -> Iterator[IO[str]]:
    if out is None:
        yield sys.stdout
    else:
        with out.open("w", encoding="utf-8") as file:
            yield file
