"""`foretaste verify`: whether a receipt is as it was signed, and by whom."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from foretaste.cli import console
from foretaste.cli.common import command, open_loop
from foretaste.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "verify")(verify)


def verify(
    receipt: Annotated[Path, typer.Argument(metavar="RECEIPT", help="The file, as given out.")],
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", "-w", metavar="DIR", help="Whose key it should be signed by."),
    ] = None,
    fingerprint: Annotated[
        str | None,
        typer.Option(metavar="HEX", help="Of the key it should be signed by, as published."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="data.json of 'users data', written before the erasure."),
    ] = None,
) -> None:
    """Check a receipt of an erasure: that nobody changed it, and whose it is.

    Without --workspace and --fingerprint only the first can be told; the fingerprint is printed.
    With --data also whether what was erased is what the person had been given.
    """
    from foretaste.domain.signed_documents import signer

    document = _read(receipt)
    signed_by = signer(document)
    if workspace is not None:
        with open_loop(workspace) as loop:
            if not loop.recounter.receipts.has_key():
                raise InputError(f"{workspace} has signed no receipt; name the workspace that did")
            own_fingerprint = loop.receipt_key()["fingerprint"]
        _require_same(signed_by, own_fingerprint, f"the key of {workspace}")
    if fingerprint is not None:
        _require_same(signed_by, fingerprint.strip().lower(), "the key you named")
    console.say(f"the receipt is as it was signed, by the key {signed_by}")
    if workspace is None and fingerprint is None:
        console.say("whose key that is: compare it with what the service publishes")
    for line in _summary_lines(document):
        console.say(line)
    if data is not None:
        _require_same_data(document, _read(data))
        console.say(f"what was erased is what {data} has")


def _require_same_data(receipt: dict[str, Any], personal: dict[str, Any]) -> None:
    """Raises InputError where the export is not of what was erased."""
    from foretaste.training.receipt_book import STORES, personal_digests

    erased = {
        row["store"]: row.get("sha256_before")
        for row in receipt.get("stores", ())
        if row["store"] in STORES
    }
    if not any(erased.values()):
        raise InputError("the receipt has no hashes of what was erased; leave out --data")
    exported = personal_digests(personal)
    different = [name for name, digest in erased.items() if exported.get(name) != digest]
    if different:
        raise InputError(
            f"what was erased differs from these data in: {', '.join(different)}; were they "
            "written just before, and of the same person?"
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"{path} is not JSON: {error}; take the file as it was given out"
        ) from None
    if not isinstance(document, dict):
        raise InputError(f"{path} is no receipt; take the file as it was given out")
    return document


def _require_same(signed_by: str, expected: str, expected_key: str) -> None:
    if signed_by != expected:
        raise InputError(
            f"the receipt is signed by the key {signed_by}, and {expected_key} is {expected}: it "
            "is of another service"
        )


def _summary_lines(document: dict[str, Any]) -> list[str]:
    """What it says, in words."""
    lines = [f"receipt {document.get('receipt_id')} of {document.get('service')}"]
    if document.get("kind") == "completion":
        return [*lines, f"closes the erasure of {document.get('erased_at')}: nothing is due"]
    lines.append(f"erased '{document.get('user')}' at {document.get('erased_at')}")
    lines += [
        f"  {row['store']}: {row['before']} before, {row['after']} after"
        for row in document.get("stores", ())
    ]
    due = document.get("due", ())
    lines += [_due_line(row) for row in due] or ["nothing was due when it was written"]
    return [*lines, *(f"for others to do: {text}" for text in document.get("for_others_to_do", ()))]


def _due_line(row: dict[str, Any]) -> str:
    expected_by = row.get("expected_by")
    return f"due{f' by {expected_by}' if expected_by else ''}: {row['what']}"
