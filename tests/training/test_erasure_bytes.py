"""After an erasure and a training nothing of the person is in any byte of the workspace, and the
model is that of a workspace which never saw them.
"""

import hashlib
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from foretaste.behaviour.purge import FREE_SPACE_NOTE, WAL_NOTE
from foretaste.behaviour.store import STORE_FILE
from foretaste.domain.data import Event, User
from foretaste.loop import Foretaste
from foretaste.training.erasure_receipt import PENDING_BACKUPS_NOTE
from foretaste.workspace.backup import back_up, restore

START = 1_750_000_000.0
HASHES = ("md5", "sha1", "sha256", "sha512", "blake2b", "blake2s")


class Person:
    """Somebody with random names and words, who does everything that leaves a trace."""

    def __init__(self, rng: random.Random) -> None:
        def word(kind: str) -> str:
            return kind + "".join(rng.choices("bcdfghjklmnpqrstvwxz0123456789", k=14))

        self.user, self.session = word("person-"), word("session-")
        self.search, self.review, self.wish = word("search"), word("review"), word("wish")
        self.country, self.query = word("land"), word("asked")
        self.events = [word("event-") for _ in range(6)]
        self.rng = rng

    def act(self, loop: Foretaste) -> None:
        ids = iter(self.events)
        theme = self.rng.choice(["space", "kitchen"])
        items = self.rng.sample([f"{theme}-{number}" for number in range(10)], 5)
        loop.record([Event(next(ids), "click", START, session=self.session, item=items[0])])
        loop.recommend(session=self.session, query=f"{self.query} at first")
        loop.identify(self.session, self.user)
        loop.record(
            [
                Event(next(ids), "search", START + 1, self.user, query=f"{self.search} moon"),
                Event(
                    next(ids), "review", START + 2, self.user, item=items[1],
                    text=f"lovely {self.review}",
                ),
                *(
                    Event(next(ids), "click", START + 3 + step, self.user, item=item)
                    for step, item in enumerate(items[2:])
                ),
            ]
        )  # fmt: skip
        loop.store.put_users([User(self.user, {"country": (self.country,)})])
        loop.recommend(self.user, query=f"more {self.query}", context={"text": self.wish})
        loop.steer(self.user, wish=f"more {self.wish}, nothing about kitchen")
        rejected = {"customer": [self.user], "film": ["space-1"], "kind": ["nonsense"]}
        loop.add(events=pd.DataFrame(rejected).rename(columns={"customer": "user", "film": "item"}))

    def needles(self) -> Iterator[bytes]:
        names = [self.user, self.session, *self.events]
        words = [self.search, self.review, self.wish, self.country, self.query]
        for text in (*names, *words):
            yield text.encode()
            yield text.encode("utf-16-le")
        for name in (self.user, self.session):
            for algorithm in HASHES:
                digest = hashlib.new(algorithm, name.encode()).digest()
                yield digest[:12]
                yield digest.hex()[:24].encode()


def bytes_left(folder: Path, person: Person) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            for needle in person.needles():
                if needle in content:
                    found.setdefault(str(path.relative_to(folder)), []).append(needle)
    return found


def cached_vectors(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "cache" / "vectors.sqlite")) as database:
        return int(database.execute("SELECT count(*) FROM vectors").fetchone()[0])


@pytest.mark.parametrize("seed", [1, 2])
def test_no_byte_of_them_is_left(trained: Path, tmp_path: Path, seed: int) -> None:
    person = Person(random.Random(seed))
    loop = Foretaste.open(trained)
    loop.recommend("u1")
    vectors = cached_vectors(trained)
    person.act(loop)
    loop.recommendation_log.flush()
    loop.store.purge_log()
    assert bytes_left(trained, person)  # so the search finds what there is
    assert cached_vectors(trained) > vectors

    receipt = loop.erase(person.user, retrain=True)

    assert cached_vectors(trained) <= vectors
    assert receipt.erased.events == 7
    assert receipt.completion is not None
    loop.close()
    assert bytes_left(trained, person) == {}


def test_who_dies_while_somebody_is_erased_leaves_nothing_that_the_next_erasure_does_not_find(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the database has forgotten them nobody knows what they searched for, nor which rows of
    an import were theirs.
    """
    person = Person(random.Random(6))
    loop = Foretaste.open(trained)
    loop.recommend("u1")
    vectors = cached_vectors(trained)
    person.act(loop)
    cells = {"user": ["x"], "item": ["space-1"], "event_type": ["huh"], "of": [person.events[0]]}
    loop.add(events=pd.DataFrame(cells))  # rejected, and theirs by the id of an event alone
    loop.recommendation_log.flush()
    assert cached_vectors(trained) > vectors
    erase = loop.store.erase

    def erase_and_die(user: str, at: float | None = None) -> None:
        erase(user, at)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop.store, "erase", erase_and_die)
        with pytest.raises(KeyboardInterrupt):
            loop.erase(person.user)
    loop.close()
    assert cached_vectors(trained) <= vectors
    loop = Foretaste.open(trained)
    receipt = loop.erase(person.user, retrain=True)
    loop.close()
    assert receipt.completion is not None
    assert bytes_left(trained, person) == {}


def test_no_byte_of_them_is_left_in_postgresql(
    trained: Path,
    tmp_path: Path,
    postgres: Any,
    empty_postgres: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In any file of the server's tables, indexes and statistics; its log is the server's own."""
    person = Person(random.Random(3))
    back_up(trained, tmp_path / "shop.backup", now=START)
    monkeypatch.setenv("FORETASTE_BEHAVIOUR__DATABASE", empty_postgres)
    restore(tmp_path / "shop.backup", tmp_path / "shop")
    loop = Foretaste.open(tmp_path / "shop")
    person.act(loop)
    loop.recommendation_log.flush()
    engine = sa.create_engine(loop.store.url)
    with engine.connect() as connection:
        connection.execute(sa.text("ANALYZE"))  # as the server does by itself in time
        connection.execute(sa.text("CHECKPOINT"))
        connection.commit()
    engine.dispose()
    tables = Path(postgres.pgdata) / "base"
    assert bytes_left(tables, person)  # so the search finds what there is

    receipt = loop.erase(person.user, retrain=True)
    told = receipt.signed_receipt["for_others_to_do"]
    assert told == [PENDING_BACKUPS_NOTE, FREE_SPACE_NOTE, WAL_NOTE]
    notes = loop.store.scrub()
    loop.close()

    assert bytes_left(tables, person) == {}
    assert bytes_left(tmp_path / "shop", person) == {}
    assert notes == [WAL_NOTE]


def test_sqlite_is_scrubbed_too(trained: Path) -> None:
    loop = Foretaste.open(trained)
    assert loop.store.scrub() == []
    assert loop.recommend("u1").items
    loop.close()


def counted(loop: Foretaste) -> dict[str, dict[str, np.ndarray]]:
    """The arrays of every expert that counts, of what answers."""
    states, _ = loop.catch_up().product.state()
    return {
        name: {key: np.asarray(value) for key, value in arrays.items()}
        for name, (arrays, _) in states.items()
    }


@pytest.mark.parametrize("seed", range(4))
def test_the_counts_are_those_of_a_workspace_that_never_saw_them(
    trained: Path, tmp_path: Path, seed: int
) -> None:
    """In whatever order they and others did what, and somebody else was erased."""
    rng = random.Random(seed)
    other_folder = tmp_path / "never"
    shutil.copytree(trained, other_folder)
    with_them, without = Foretaste.open(trained), Foretaste.open(other_folder)
    person = Person(rng)
    steps = [
        Event(f"o{number}", "click", START + number, f"u{rng.randrange(8, 30)}",
              item=f"space-{rng.randrange(10)}")
        for number in range(6)
    ]  # fmt: skip
    moment = rng.randrange(6)
    for number, event in enumerate(steps):
        if number == moment:
            person.act(with_them)
        for loop in (with_them, without):
            loop.record([event])
        if number == 4:
            for loop in (with_them, without):
                loop.erase("u7")
    with_them.erase(person.user)
    left, expected = counted(with_them), counted(without)
    assert left.keys() == expected.keys()
    for name, arrays in expected.items():
        for key, array in arrays.items():
            assert left[name][key].tobytes() == array.tobytes(), (name, key)
    with_them.close()
    without.close()


def test_a_backup_is_brought_up_to_date(trained: Path, tmp_path: Path) -> None:
    person = Person(random.Random(5))
    loop = Foretaste.open(trained)
    person.act(loop)
    loop.recommendation_log.flush()
    loop.store.purge_log()
    back_up(trained, tmp_path / "shop.backup", now=loop.clock())
    loop.erase(person.user, retrain=True)
    loop.close()
    target = tmp_path / "restored"
    restore(tmp_path / "shop.backup", target)
    with closing(sqlite3.connect(target / STORE_FILE)) as database:
        rows = database.execute("SELECT count(*) FROM events WHERE user = ?", (person.user,))
        assert rows.fetchone() == (0,)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert bytes_left(target, person) == {}
