"""`foretaste items` and `foretaste users`: an id, a change in; what is there out."""

import json as jsonlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from foretaste.cli import console
from foretaste.cli.common import (
    CURRENT_FOLDER,
    Json,
    Workspace,
    command,
    intake,
    open_loop,
    require_writable,
)
from foretaste.errors import InputError

ROWS_PER_PAGE = 1000
"""Items or users read at once."""

items = typer.Typer(help="The catalogue: show, set, delete, export.")
users = typer.Typer(
    help="Users: show, set, data and consent of one, erase, receipts of erasures, export."
)

ItemId = Annotated[str, typer.Argument(metavar="ITEM", help="The item's id.")]
UserId = Annotated[str, typer.Argument(metavar="USER", help="The user's id.")]
Patch = Annotated[
    str, typer.Argument(metavar="JSON", help='Fields to change, null removes: {"price": 7.5}')
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write there and not to stdout.")
]

ReceiptFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the signed receipt there.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the others."""
    for name, group in (("items", items), ("users", users)):
        app.add_typer(group, name=name, no_args_is_help=True)
    for group, name, function in (
        (items, "show", items_show),
        (items, "set", items_set),
        (items, "delete", items_delete),
        (items, "export", items_export),
        (users, "show", users_show),
        (users, "set", users_set),
        (users, "data", users_data),
        (users, "consent", users_consent),
        (users, "erase", users_erase),
        (users, "receipt", users_receipt),
        (users, "export", users_export),
    ):
        command(group, name)(function)


def items_show(item: ItemId, workspace: Workspace = CURRENT_FOLDER) -> None:
    """One item, as JSON."""
    from foretaste.behaviour.export import item_to_json

    with open_loop(workspace) as loop:
        stored_item = loop.store.item(item)
    console.print_json(item_to_json(_require_found(stored_item, f"no item '{item}'")))


def items_set(item: ItemId, patch: Patch, workspace: Workspace = CURRENT_FOLDER) -> None:
    """Change some fields of an item. It counts in the next list."""
    from foretaste.behaviour.export import item_to_json

    change = _parse_patch(patch)
    with open_loop(workspace) as loop:
        changed_item = intake(loop).change_item(item, change)
    console.print_json(item_to_json(_require_found(changed_item, f"no item '{item}'")))


def items_delete(
    ids: Annotated[list[str], typer.Argument(metavar="ITEM…", help="The items' ids.")],
    workspace: Workspace = CURRENT_FOLDER,
) -> None:
    """Take items out of the catalogue: no list has them from now on.

    What people did with them stays. Only importing or sending an item again brings it back.
    """
    with open_loop(workspace) as loop:
        count = loop.store.delete_items(ids)
    console.say(f"deleted {count} of {len(ids)}; the others were not there")


def items_export(workspace: Workspace = CURRENT_FOLDER, out: Out = None) -> None:
    """The whole catalogue as JSON Lines, to be read by 'import --items' again."""
    from foretaste.behaviour.export import item_to_json

    with open_loop(workspace) as loop:
        _export_lines(loop.store.items_page, item_to_json, out)


def users_show(user: UserId, workspace: Workspace = CURRENT_FOLDER) -> None:
    """A user's attributes, as JSON."""
    from foretaste.behaviour.export import user_to_json

    with open_loop(workspace) as loop:
        stored_user = loop.store.user(user)
    console.print_json(
        user_to_json(_require_found(stored_user, f"no user '{user}' with attributes"))
    )


def users_set(user: UserId, patch: Patch, workspace: Workspace = CURRENT_FOLDER) -> None:
    """Change some attributes of a user. They count in the next list."""
    from foretaste.behaviour.export import user_to_json

    change = _parse_patch(patch)
    with open_loop(workspace) as loop:
        changed_user = intake(loop).change_user(user, change)
    console.print_json(
        user_to_json(_require_found(changed_user, f"no user '{user}' with attributes"))
    )


def users_data(
    user: UserId,
    workspace: Workspace = CURRENT_FOLDER,
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write JSON, CSV and a page to read there, and not to stdout."
        ),
    ] = None,
) -> None:
    """All that is kept of a user, for themselves, as JSON."""
    from foretaste.behaviour.export_files import titles_of_events, write_personal_data

    with open_loop(workspace) as loop:
        personal_data = _require_found(loop.personal(user), f"nothing kept of a user '{user}'")
        service, titles = loop.config.name, titles_of_events(loop.store, personal_data)
    if folder is None:
        console.print_json(personal_data)
        return
    for path in write_personal_data(personal_data, folder, service, titles):
        console.note(f"wrote {path}")


Choice = Annotated[bool | None, typer.Option(show_default=False)]


def users_consent(
    user: Annotated[str | None, typer.Argument(metavar="USER", help="The user's id.")] = None,
    session: Annotated[
        str | None, typer.Option(metavar="SESSION", help="For one session, not for a user.")
    ] = None,
    workspace: Workspace = CURRENT_FOLDER,
    record: Choice = None,
    personalise: Choice = None,
    train: Choice = None,
    share: Choice = None,
    minor: Choice = None,
    reset: Annotated[bool, typer.Option("--reset", help="Take back all that was said.")] = False,
    json: Json = False,
) -> None:
    """Show what a user allows, and change it: recording, personal lists, training, sharing.

    It holds for the next request and the next training. What is kept already stays until the user
    is erased.
    """
    from foretaste.domain.consent import PURPOSES

    said = {
        "record": record,
        "personalise": personalise,
        "train": train,
        "share": share,
        "minor": minor,
    }
    choices = (
        said if reset else {name: choice for name, choice in said.items() if choice is not None}
    )
    with open_loop(workspace) as loop:
        if choices:
            loop.set_consent(user, session=session, **choices)
        consent = loop.consent(user, session=session)
        refusals = loop.reasoning.consent_refusals(consent, None)
    if json:
        purposes = {name: consent.allows(name) for name in PURPOSES}
        console.print_json({"minor": consent.is_minor, "allowed": purposes})
        return
    texts = {refusal.purpose: f"no. {refusal.text}" for refusal in refusals}
    for purpose in PURPOSES:
        console.say(f"{purpose}: {texts.get(purpose, 'yes')}")


def users_erase(
    user: UserId,
    workspace: Workspace = CURRENT_FOLDER,
    receipt_file: ReceiptFile = None,
    retrain: Annotated[
        bool,
        typer.Option(
            "--retrain", help="Train anew at once and delete the models of before; takes minutes."
        ),
    ] = False,
) -> None:
    """Forget a user: in the store, and in the counts of every kept model.

    The receipt is signed, says what is still due, and is checked by 'foretaste verify'.
    """
    if receipt_file is not None:
        require_writable(receipt_file)
    with open_loop(workspace) as loop:
        receipt = loop.erase(user, retrain=retrain)
    counts = [f"{record_type}: {count:,}" for record_type, count in receipt.counted()]
    if not receipt.signed_receipt:
        console.say(f"nothing is kept of '{user}', and nobody of this id was erased; check the id")
        return
    console.say(
        f"erased of '{user}': {'; '.join(counts) or 'nothing more, as they were erased before'}"
    )
    for version in receipt.recounted_versions:
        console.say(f"model {version} was counted anew without them")
    if receipt.pending_notes:
        console.say("what may still hold something of them:")
    for remaining_copy in receipt.pending_notes:
        console.say(f"  {remaining_copy}")
    if receipt.signed_receipt:
        receipt_id = receipt.signed_receipt["receipt_id"]
        console.say(f"receipt {receipt_id}; later: 'foretaste users receipt {receipt_id}'")
        if receipt.completion:
            console.say("it is closed: nothing of this is due any more but your own backups")
    if receipt_file is not None and receipt.signed_receipt:
        write_json_file(receipt_file, receipt.signed_receipt)
        console.note(f"wrote {receipt_file}")


def users_receipt(
    receipt_id: Annotated[str, typer.Argument(metavar="RECEIPT", help="Its `receipt_id`.")],
    workspace: Workspace = CURRENT_FOLDER,
    out: ReceiptFile = None,
) -> None:
    """Say what has become of an erasure; once nothing is due, write the receipt that closes it."""
    if out is not None:
        require_writable(out)
    with open_loop(workspace) as loop:
        state = loop.receipt(receipt_id)
    if state.completion is None:
        console.say("what may still hold something of them:")
        for note in state.due:
            console.say(f"  {note}")
        return
    console.say(f"closed at {state.completion['completed_at']}: nothing is due any more")
    if out is not None:
        write_json_file(out, state.completion)
        console.note(f"wrote {out}")


def write_json_file(path: Path, content: Mapping[str, Any]) -> None:
    """As people and programs read it; only its owner does."""
    text = jsonlib.dumps(content, ensure_ascii=False, indent=2) + "\n"
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)


def users_export(workspace: Workspace = CURRENT_FOLDER, out: Out = None) -> None:
    """All users with attributes as JSON Lines, to be read by 'import --users' again."""
    from foretaste.behaviour.export import user_to_json

    with open_loop(workspace) as loop:
        _export_lines(loop.store.users_page, user_to_json, out)


def _require_found(entity: Any, problem: str) -> Any:
    if entity is None:
        raise InputError(f"there is {problem}; check the id")
    return entity


def _parse_patch(text: str) -> dict[str, Any]:
    try:
        patch = jsonlib.loads(text)
    except ValueError as error:
        raise InputError(f"not JSON: {error}; put it in single quotes") from None
    if not isinstance(patch, dict):
        raise InputError(f'a change is an object, this is {text[:60]}; write {{"price": 7.5}}')
    return patch


def _export_lines(
    read_page: Callable[[str, int], list[Any]], to_mapping: Callable[[Any], Any], out: Path | None
) -> None:
    last_id = ""
    with _output_file(out) as file:
        while rows := read_page(last_id, ROWS_PER_PAGE):
            file.writelines(
                jsonlib.dumps(to_mapping(row), ensure_ascii=False) + "\n" for row in rows
            )
            last_id = rows[-1].id


@contextmanager
def _output_file(out: Path | None) -> Iterator[IO[str]]:
    if out is None:
        yield sys.stdout
    else:
        with out.open("w", encoding="utf-8") as file:
            yield file
