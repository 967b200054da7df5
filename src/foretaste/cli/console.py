"""What people see in the terminal: the nouns of the loop in, plain text on stdout out.

Tables have no lines and no colour of their own, so they read the same on a screen, in a pipe and in
a log. Whatever is not the answer itself (progress, warnings, errors) goes to stderr.
"""

import json
import math
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from foretaste.display.words import plain_expert, plain_feature
from foretaste.domain.titles import natural_title

if TYPE_CHECKING:  # the nouns bring NumPy; `foretaste --help` does without
    from foretaste.domain.data import ImportResult, Item, Recommendation, Recommended, Term
    from foretaste.domain.imports import ImportedFile, ImportRecord
    from foretaste.evaluate.evaluation import Evaluation
    from foretaste.generate.profile import LikedValue, TasteProfile
    from foretaste.model.artefacts import ModelVersion
    from foretaste.online.list_health import ListHealth
    from foretaste.preferences.service import PreferenceUpdate
    from foretaste.training.erasure_receipt import TakeBackReceipt
    from foretaste.workspace.tenants import Tenant

ItemOf = Callable[[str], "Item | None"]

OUT = Console(highlight=False, markup=False, emoji=False)
ERR = Console(highlight=False, markup=False, emoji=False, stderr=True)
MAX_REJECTS = 5
"""Rejects that are told; the file has them all."""
MAX_TERMS = 8
"""Terms of an item that are told one by one, the largest first."""
MAX_WORD_WIDTH = 24
"""Letters of a word that is not broken."""
AVERAGE_ITEM = "average item"
"""The feature of terms that are the same for every item of a list."""


def say(text: str = "") -> None:
    """One line of the answer, never broken: a path can be copied whole."""
    OUT.print(text, soft_wrap=True)


def note(text: str) -> None:
    """One line beside the answer, on stderr."""
    ERR.print(text, soft_wrap=True)


def print_heading(text: str) -> None:
    """The title of a part."""
    OUT.print()
    OUT.print(Text(text, style="bold"))


def print_json(value: Any) -> None:
    """Exactly one JSON object on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()
) -> None:
    """Rows under bold names; the columns named in `right` are numbers.

    Where it is narrow, text goes on below; a word, like an id, is left whole: it can be copied.
    """
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    rows = [tuple(row) for row in rows]
    total_width = 0
    for index, column in enumerate(columns):
        words = [word for text in (column, *(row[index] for row in rows)) for word in text.split()]
        width = min(max((cell_len(word) for word in words), default=0), MAX_WORD_WIDTH)
        total_width += width + 2
        numeric = column in right
        side: JustifyMethod = "right" if numeric else "left"
        grid.add_column(column, justify=side, no_wrap=numeric, overflow="fold", min_width=width)
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    if total_width > OUT.width:
        grid.width = total_width  # too wide rather than cut off
    OUT.print(grid, crop=False)


def print_wrapped(text: str, indent: int = 15) -> None:
    """Lines laid out already; those too long go on below where their words began."""
    for line in text.splitlines():
        say(textwrap.fill(line, OUT.width, subsequent_indent=" " * indent))


def format_time(at: float) -> str:
    """A time as people write it, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def print_imports(imports: Sequence["ImportResult"]) -> None:
    """What became of each file."""
    rows = [
        (file.file, *(f"{n:,}" for n in (file.read, file.added, file.known, file.rejected)))
        for file in imports
    ]
    counts = ("read", "added", "known", "rejected")
    print_table(("file", *counts), rows, right=counts)
    for file in imports:
        for number in file.replaced_imports:
            say(f"{file.file} has taken the place of its import {number}")
    for number in sorted({file.number for file in imports if file.number is not None}):
        say(f"import {number}; 'foretaste imports undo {number}' takes it back")
    for file in imports:
        for warning in file.warnings:
            note(f"warning: {file.file}: {warning}")
        for reject in file.rejects[:MAX_REJECTS]:
            note(str(reject))
        if file.rejected:
            extra = f"{file.rejected - MAX_REJECTS:,} more; " if file.rejected > MAX_REJECTS else ""
            note(
                f"{extra}{file.rejected:,} of {file.read:,} rows of {file.file} were rejected and "
                f"are not stored; all of them are in {file.rejects_file}"
            )


def print_import_records(records: Sequence["ImportRecord"]) -> None:
    """Every import, a row a file."""
    rows = [
        (
            str(record.number),
            format_time(record.began),
            file.source.file,
            file.source.record_type,
            *(f"{n:,}" for n in (file.read, file.added, file.known, file.rejected)),
            _import_state(record, file),
        )
        for record in records
        for file in record.files
    ]
    counts = ("read", "added", "known", "rejected")
    columns = ("number", "began (UTC)", "file", "rows are", *counts, "")
    print_table(columns, rows, right=("number", *counts))


def _import_state(record: "ImportRecord", file: "ImportedFile") -> str:
    if file.replaced_by is not None:
        return f"replaced by {file.replaced_by}"
    if record.undone is None and not record.can_undo:
        return "done, too old to undo"
    return record.state


def print_import_record(record: "ImportRecord") -> None:
    """The receipt of one."""
    print_import_records([record])
    for label, at in (("ended", record.ended), ("undone", record.undone)):
        if at is not None:
            say(f"{label} {format_time(at)} UTC")
    for file in record.files:
        if file.source.path is not None:
            say(f"{file.source.file} is {file.source.path}")


def print_recommendation(
    recommendation: "Recommendation", *, explain: bool = False, json: bool = False, items: ItemOf
) -> None:
    """The list with its reasons; with `explain` the terms of each score as well. What was asked for
    by name and is not in it is told on stderr.

    items: a past item by its id, for the names of what terms come from.
    """
    if json:
        from foretaste.cli.json_output import recommendation_json

        print_json(recommendation_json(recommendation, explain=explain))
        _print_notes(recommendation)
        return
    if recommendation.searched is not None:
        say(recommendation.searched.text)
    if not len(recommendation):
        say("nothing to recommend")
    else:
        print_items(recommendation)
        past_ids = (
            {term.event for item in recommendation for term in item.terms if term.event}
            if explain
            else ()
        )
        past_items = {event: items(event) for event in past_ids}
        titles = {
            event: natural_title(item.title)
            for event, item in past_items.items()
            if item is not None
        }
        for item in recommendation if explain else ():
            _print_terms(item, titles)
    _print_notes(recommendation)


def _print_notes(recommendation: "Recommendation") -> None:
    """Why the list is short, and what was asked for by name and is not in it."""
    if recommendation.shortfall is not None:
        note(recommendation.shortfall.reason)
    for omitted_item in recommendation.left_out:
        note(f"left out: {omitted_item.id}: {omitted_item.reason}")


def print_items(recommendation: "Recommendation") -> None:
    """What is true of all of them, then a row an item: its name, its score and why it is there."""
    if recommendation.headline:
        say(recommendation.headline)
    rows = [
        (str(item.position), item_name(item), f"{item.score:.2f}", "\n".join(item.reason))
        for item in recommendation
    ]
    print_table(("#", "item", "score", "why"), rows, right=("#", "score"))


def item_name(item: "Recommended") -> str:
    """Title and id; the id is what other commands take."""
    title = natural_title(item.title)
    return f"{title} [{item.id}]" if title and title != item.id else item.id


def _print_terms(item: "Recommended", titles: Mapping[str, str]) -> None:
    """What sets the item apart, the largest first; then what it shares with the average item."""
    print_heading(f"{item.position}  {item_name(item)}")
    own_terms = sorted(
        (term for term in item.terms if term.feature != AVERAGE_ITEM),
        key=lambda term: -abs(term.nats),
    )
    rows = [
        (f"{term.nats:+.2f}", plain_expert(term.expert), term_source(term, titles))
        for term in own_terms[:MAX_TERMS]
    ]
    if own_terms[MAX_TERMS:]:
        smaller_nats = sum(term.nats for term in own_terms[MAX_TERMS:])
        rows.append(
            (f"{smaller_nats:+.2f}", "", f"{len(own_terms) - MAX_TERMS} smaller terms together")
        )
    average_nats = sum(term.nats for term in item.terms if term.feature == AVERAGE_ITEM)
    rows.append((f"{average_nats:+.2f}", "all", "what the average item has"))
    rows.append((f"{item.score:+.2f}", "", "the score, their sum"))
    print_table(("contribution", "expert", "from"), rows, right=("contribution",))


def term_source(term: "Term", titles: Mapping[str, str]) -> str:
    """Where a term comes from: a past item or search, a feature, or both."""
    event = titles.get(term.event) or term.event if term.event is not None else None
    return ", ".join(part for part in (event, plain_feature(term.feature)) if part)


def print_evaluation(evaluation: "Evaluation") -> None:
    """A row a model: of lists as people see them, then of the others; then what the lists are."""
    for masked in (evaluation.hide_seen, not evaluation.hide_seen):
        print_wrapped(evaluation.table(masked=masked), indent=0)
        say()
    for line in () if evaluation.lists is None else evaluation.lists.lines():
        print_wrapped(line, indent=2) if line else say()


def print_checks(warnings: Sequence[Mapping[str, str]]) -> None:
    """What is wrong with the lists of a model, and what to do about each."""
    for check in warnings:
        print_wrapped(f"warning: {check['message']}", indent=9)
        print_wrapped(f"         {check['remedy']}", indent=9)


def print_list_health(
    health: "ListHealth", host_problems: Sequence[str] = (), *, json: bool = False
) -> None:
    """What is wrong with the lists that people get and with hosts, and the lists in numbers."""
    if json:
        print_json(health.summary() | ({"hosts": list(host_problems)} if host_problems else {}))
        return
    for problem in host_problems:
        say(f"warning: {problem}")
    if health.warnings:
        print_checks(health.checks())
    else:
        say(f"nothing wrong found: {health.figures.people:,} lists looked at")
    for name, words in health.rows():
        say(f"  {name:<16} {words}")


def print_models(versions: Sequence["ModelVersion"]) -> None:
    """Every version, the live one marked."""
    rows = [
        (
            version.name,
            format_time(version.created),
            *(f"{version.data.get(name, 0):,}" for name in ("events", "items", "users")),
            "live" if version.is_live else "",
        )
        for version in versions
    ]
    counts = ("events", "items", "user records")
    print_table(("version", "trained (UTC)", *counts, ""), rows, right=counts)


TASTE_HEADER = ("value", "share", "times the usual", "seen in")
"""Of the values of a taste: the usual is the share that all users have of it."""


def print_profile(
    profile: "TasteProfile",
    items: ItemOf,
    *,
    preference_update: "PreferenceUpdate | None" = None,
    json: bool = False,
) -> None:
    """A user's taste, a table a column, and what they changed; `items` names the events."""
    preferences = () if preference_update is None else preference_update.preferences
    clause_matches = () if preference_update is None else preference_update.clause_matches
    if json:
        from foretaste.cli.json_output import profile_json

        print_json(profile_json(profile, preferences, clause_matches))
        return
    for clause_match in clause_matches:
        meaning = (
            f"{_act(clause_match.act, clause_match.nats)}: {clause_match.name}"
            if clause_match.filter
            else "no item has anything of it"
        )
        note(f"“{clause_match.phrase}” → {meaning}")
    for column, values in profile.items():
        if values:
            print_heading(column)
            rows = [_taste_row(liked, items) for liked in values]
            print_table(TASTE_HEADER, rows, right=TASTE_HEADER[1:3])
    if preferences:
        print_heading("changed by this user")
        changed = [
            (preference.name, _act(preference.act, preference.nats), preference.wording or "")
            for preference in preferences
        ]
        print_table(("items", "change", "wording"), changed)
    elif not any(profile.values()):
        say("nothing sets this user's taste apart yet")


def _act(act: str, nats: float) -> str:
    words = {"mute": "never shown", "only": "nothing else", "forget": "counts no longer"}
    return words.get(act) or f"{math.exp(nats):.2g} times as likely"


def _taste_row(liked: "LikedValue", items: ItemOf) -> tuple[str, str, str, str]:
    past_items = [(items(event), event) for event in liked.events]
    titles = ", ".join(
        natural_title(item.title) or event if item else event for item, event in past_items
    )
    stated = " (stated)" if liked.stated else ""
    return liked.value + stated, f"{liked.probability:.1%}", f"x {liked.lift:.1f}", titles


def print_tenants(tenants: Sequence["Tenant"], *, json: bool = False) -> None:
    """Every tenant, with what it has."""
    if json:
        print_json({"tenants": [asdict(tenant) for tenant in tenants]})
        return
    rows = [
        (
            tenant.name,
            f"{tenant.events:,}",
            f"{tenant.items:,}",
            tenant.model or "none",
            tenant.folder,
        )
        for tenant in tenants
    ]
    print_table(
        ("tenant", "events", "items", "model", "workspace"), rows, right=("events", "items")
    )


def print_take_back(receipt: "TakeBackReceipt") -> None:
    """What became of events that were to be taken back."""
    counts = receipt.counts
    say(f"taken back: {len(counts.taken_back)}; already gone: {len(counts.duplicates)}")
    if counts.unknown:
        say(f"no event has the id {', '.join(counts.unknown)}; 'users data' shows a user's events")
    for version in receipt.recounted_versions:
        say(f"model {version} was counted anew without them")
    for note in receipt.pending_notes:
        say(f"still due: {note}")
