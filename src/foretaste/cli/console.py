"""What people see in the terminal: the nouns of the loop in, plain text on stdout out.

Tables have no lines and no colour of their own, so they read the same on a screen, in a pipe and in
a log. Whatever is not the answer itself (progress, warnings, errors) goes to stderr.
"""

import json
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

if TYPE_CHECKING:  # the nouns bring NumPy; `foretaste --help` does without
    from foretaste.behaviour.keys import Key
    from foretaste.domain.data import Imported, Item, Recommendation, Recommended, Term
    from foretaste.evaluate.evaluation import Evaluation
    from foretaste.generate.profile import Liked, Profile
    from foretaste.model.artefacts import Version
    from foretaste.online.list_health import ListHealth
    from foretaste.preferences.service import Steered
    from foretaste.workspace.tenants import Tenant

ItemOf = Callable[[str], "Item | None"]

OUT = Console(highlight=False, markup=False, emoji=False)
ERR = Console(highlight=False, markup=False, emoji=False, stderr=True)
SHOWN = 5
"""Rejects that are told; the file has them all."""
TERMS = 8
"""Terms of an item that are told one by one, the largest first."""
WHOLE = 24
"""Letters of a word that is not broken."""
AVERAGE = "average item"
"""The feature of terms that are the same for every item of a list."""


def say(text: str = "") -> None:
    """One line of the answer, never broken: a path can be copied whole."""
    OUT.print(text, soft_wrap=True)


def note(text: str) -> None:
    """One line beside the answer, on stderr."""
    ERR.print(text, soft_wrap=True)


def heading(text: str) -> None:
    """The title of a part."""
    OUT.print()
    OUT.print(Text(text, style="bold"))


def as_json(value: Any) -> None:
    """Exactly one JSON object on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()
) -> None:
    """Rows under bold names; the columns named in `right` are numbers.

    Where it is narrow, text goes on below; a word, like an id, is left whole: it can be copied.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    rows = [tuple(row) for row in rows]
    least = 0
    for place, column in enumerate(columns):
        words = [word for text in (column, *(row[place] for row in rows)) for word in text.split()]
        longest = min(max((cell_len(word) for word in words), default=0), WHOLE)
        least += longest + 2
        number = column in right
        side: JustifyMethod = "right" if number else "left"
        made.add_column(column, justify=side, no_wrap=number, overflow="fold", min_width=longest)
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    if least > OUT.width:
        made.width = least  # too wide rather than cut off
    OUT.print(made, crop=False)


def report(text: str, indent: int = 15) -> None:
    """Lines laid out already; those too long go on below where their words began."""
    for line in text.splitlines():
        say(textwrap.fill(line, OUT.width, subsequent_indent=" " * indent))


def moment(at: float) -> str:
    """A time as people write it, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def imported(done: Sequence["Imported"]) -> None:
    """What became of each file."""
    rows = [
        (one.file, *(f"{n:,}" for n in (one.read, one.added, one.known, one.rejected)))
        for one in done
    ]
    counts = ("read", "added", "known", "rejected")
    table(("file", *counts), rows, right=counts)
    for one in done:
        for warning in one.warnings:
            note(f"warning: {one.file}: {warning}")
        for reject in one.rejects[:SHOWN]:
            note(str(reject))
        if one.rejected:
            more = f"{one.rejected - SHOWN:,} more; " if one.rejected > SHOWN else ""
            note(f"{more}all {one.rejected:,} rejected rows are in {one.rejects_file}")


def answer(
    found: "Recommendation", *, explain: bool = False, json: bool = False, items: ItemOf
) -> None:
    """The list with its reasons; with `explain` the terms of each score as well. What was asked for
    by name and is not in it is told on stderr.

    items: a past item by its id, for the names of what terms come from.
    """
    if json:
        as_json(recommendation_json(found, explain=explain))
    elif not len(found):
        say("nothing to recommend: everything is hidden, taken or filtered out")
    else:
        ranked(found)
        past = {term.event for one in found for term in one.terms if term.event} if explain else ()
        known = {event: items(event) for event in past}
        titles = {event: item.title for event, item in known.items() if item is not None}
        for one in found if explain else ():
            _terms(one, titles)
    for item in found.left_out:
        note(f"left out: {item.id}: {item.why}")


def ranked(found: "Recommendation") -> None:
    """A row an item: its name, its score and why it is there."""
    rows = [
        (str(one.position), named(one), f"{one.score:.2f}", "\n".join(one.reason)) for one in found
    ]
    table(("#", "item", "score", "why"), rows, right=("#", "score"))


def named(one: "Recommended") -> str:
    """Title and id; the id is what other commands take."""
    return f"{one.title} [{one.id}]" if one.title and one.title != one.id else one.id


def _terms(one: "Recommended", titles: Mapping[str, str]) -> None:
    """What sets the item apart, the largest first; then what it shares with the average item."""
    heading(f"{one.position}  {named(one)}")
    apart = sorted(
        (term for term in one.terms if term.feature != AVERAGE), key=lambda term: -abs(term.nats)
    )
    rows = [(f"{term.nats:+.2f}", term.expert, source(term, titles)) for term in apart[:TERMS]]
    if apart[TERMS:]:
        rest = sum(term.nats for term in apart[TERMS:])
        rows.append((f"{rest:+.2f}", "", f"{len(apart) - TERMS} smaller terms together"))
    average = sum(term.nats for term in one.terms if term.feature == AVERAGE)
    rows.append((f"{average:+.2f}", "all", "what the average item has"))
    rows.append((f"{one.score:+.2f}", "", "the score, their sum"))
    table(("nats", "expert", "from"), rows, right=("nats",))


def source(term: "Term", titles: Mapping[str, str]) -> str:
    """Where a term comes from: a past item or search, a feature, or both."""
    event = titles.get(term.event) or term.event if term.event is not None else None
    return ", ".join(part for part in (event, term.feature) if part)


def recommendation_json(found: "Recommendation", *, explain: bool) -> dict[str, Any]:
    """The object that `recommend --json` prints."""
    return {
        "recommendation_id": found.recommendation_id,
        "model_version": found.model_version,
        "items": [_item_json(one, explain=explain) for one in found],
        "degraded": None if found.degraded is None else asdict(found.degraded),
        "left_out": [asdict(item) for item in found.left_out],
    }


def _item_json(one: "Recommended", *, explain: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": one.id,
        "position": one.position,
        "score": one.score,
        "propensity": one.propensity,
        "source": one.source,
        "title": one.title,
        "reason": list(one.reason),
    }
    if explain:
        told["terms"] = [
            {
                "expert": term.expert,
                "nats": term.nats,
                "event": term.event,
                "feature": term.feature,
            }
            for term in one.terms
        ]
    return told


def evaluation(done: "Evaluation") -> None:
    """A row a model: of lists as people see them, then of the others; then what the lists are."""
    for masked in (done.hide_seen, not done.hide_seen):
        report(done.table(masked=masked), indent=0)
        say()
    for line in () if done.lists is None else done.lists.lines():
        report(line, indent=2) if line else say()


def checks(warnings: Sequence[Mapping[str, str]]) -> None:
    """What is wrong with the lists of a model, and what to do about each."""
    for check in warnings:
        report(f"warning: {check['message']}", indent=9)
        report(f"         {check['remedy']}", indent=9)


def list_health(health: "ListHealth", *, json: bool = False) -> None:
    """What is wrong with the lists that people get, and the lists in numbers."""
    if json:
        as_json(health.summary())
        return
    if health.warnings:
        checks(health.checks())
    else:
        say(f"nothing wrong found: {health.figures.people:,} lists looked at")
    for name, words in health.rows():
        say(f"  {name:<16} {words}")


def models(versions: Sequence["Version"]) -> None:
    """Every version, the live one marked."""
    rows = [
        (
            one.name,
            moment(one.created),
            *(f"{one.data.get(what, 0):,}" for what in ("events", "items", "users")),
            "live" if one.live else "",
        )
        for one in versions
    ]
    counts = ("events", "items", "users")
    table(("version", "trained (UTC)", *counts, ""), rows, right=counts)


def model_json(version: "Version") -> dict[str, Any]:
    """One version in the object that `models list --json` prints."""
    return {
        "version": version.name,
        "created": version.created,
        "live": version.live,
        "data": dict(version.data),
        "metrics": dict(version.metrics),
    }


def profile(
    found: "Profile", items: ItemOf, *, steered: "Steered | None" = None, json: bool = False
) -> None:
    """A person's taste, a table a column, and what they changed; `items` names the events."""
    changes = () if steered is None else steered.changes
    understood = () if steered is None else steered.understood
    if json:
        told = {column: [asdict(one) for one in values] for column, values in found.items()}
        as_json(
            {
                "profile": told,
                "changes": [asdict(one) for one in changes],
                "understood": [asdict(one) for one in understood],
            }
        )
        return
    for one in understood:
        how = f"{_act(one.act, one.nats)} {one.name}" if one.what else "no item has anything of it"
        note(f"“{one.said}”: {how}")
    for column, values in found.items():
        if values:
            heading(column)
            rows = [_liked(one, items) for one in values]
            table(("value", "share", "of others", "from"), rows, right=("share", "of others"))
    if changes:
        heading("changed by this person")
        changed = [(one.name, _act(one.act, one.nats), one.said or "") for one in changes]
        table(("what", "how", "said"), changed)
    elif not any(found.values()):
        say("nothing sets this person's taste apart yet")


def _act(act: str, nats: float) -> str:
    words = {"mute": "never", "only": "nothing but", "forget": "no longer"}
    return words.get(act) or f"{nats:+.2f} nats"


def _liked(one: "Liked", items: ItemOf) -> tuple[str, str, str, str]:
    named = [(items(event), event) for event in one.events]
    titles = ", ".join(item.title or event if item else event for item, event in named)
    stated = " (stated)" if one.stated else ""
    return one.value + stated, f"{one.probability:.1%}", f"x {one.lift:.1f}", titles


def new_key(key: "Key", secret: str, *, json: bool = False) -> None:
    """A key that was just made, with its secret."""
    if json:
        as_json(_key_json(key) | {"secret": secret})
        return
    say(secret)
    note(
        f"key {key.id} ({key.name}, tenant {key.tenant}) may: {', '.join(key.scopes)}. Keep it: "
        "it is not shown again"
    )


def keys(found: Sequence["Key"], now: float, *, json: bool = False) -> None:
    """Every key, and what became of it."""
    if json:
        as_json({"keys": [_key_json(key) for key in found]})
    elif not found:
        say("there is no key yet; make one with 'foretaste keys create'")
    else:
        rows = [
            (
                key.id,
                key.name,
                key.tenant,
                ", ".join(key.scopes),
                moment(key.created),
                moment(key.used) if key.used else "never",
                _standing(key, now),
            )
            for key in found
        ]
        table(("id", "name", "tenant", "scopes", "made (UTC)", "last used", ""), rows)


def _standing(key: "Key", now: float) -> str:
    if key.revoked is not None:
        return f"revoked {moment(key.revoked)}"
    if key.expires is None:
        return "good"
    return f"{'good until' if now < key.expires else 'expired'} {moment(key.expires)}"


def _key_json(key: "Key") -> dict[str, Any]:
    return {name: value for name, value in asdict(key).items() if name != "hash"}


def tenants(found: Sequence["Tenant"], *, json: bool = False) -> None:
    """Every tenant, with what it has."""
    if json:
        as_json({"tenants": [asdict(one) for one in found]})
        return
    rows = [
        (one.name, f"{one.events:,}", f"{one.items:,}", one.model or "none", one.folder)
        for one in found
    ]
    table(("tenant", "events", "items", "model", "workspace"), rows, right=("events", "items"))
