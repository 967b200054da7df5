"""Answers that were served, and what is taken often: one contract, for SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event, LoggedRecommendation, Request
from foretaste.domain.store import Store

ASKED = Request(user="u", session="s", query="schön", filter={"genre": ["Drama"]}, n=3)
SERVED = LoggedRecommendation(
    "r1",
    at=5.0,
    user="u",
    session="s",
    model="m",
    request=ASKED.to_json_dict(),
    items=[("a", 1, 0.9, "model", -3.25), ("b", 2, 0.05, "explored", -9.0)],
    owner="u",
    placement="home",
    shelf="for-you",
)


def took(number: int, item: str, at: float, kind: str = "click", **who: str) -> Event:
    return Event(f"e{number}", kind, at, item=item, **who)  # type: ignore[arg-type]


class ServedContract:
    @pytest.fixture
    def url(self) -> str | Path:
        raise NotImplementedError

    @pytest.fixture
    def store(self, url: str | Path) -> Iterator[SqlStore]:
        with SqlStore(url) as store:
            yield store

    def test_an_answer_comes_back_as_it_was(self, store: Store) -> None:
        nobody = LoggedRecommendation("r2", 6.0, None, None, "m", {}, [])
        store.add_recommendations([SERVED, nobody])
        assert store.recommendations_by_id(["r2", "r1", "gone"]) == {"r1": SERVED, "r2": nobody}
        assert Request.from_json_dict(store.recommendations_by_id(["r1"])["r1"].request) == ASKED
        assert store.recommendations_by_id([]) == {}

    def test_the_first_of_an_id_stays(self, store: Store) -> None:
        store.add_recommendations([SERVED])
        store.add_recommendations([LoggedRecommendation("r1", 9.0, None, None, "other", {}, [])])
        assert store.recommendations_by_id(["r1"]) == {"r1": SERVED}

    def test_the_old_are_forgotten(self, store: Store) -> None:
        store.add_recommendations(
            [SERVED, LoggedRecommendation("r2", 6.0, None, None, "m", {}, [])]
        )
        assert store.delete_recommendations(6.0) == 1
        assert list(store.recommendations_by_id(["r1", "r2"])) == ["r2"]

    def test_takers_are_people_and_not_events(self, store: Store) -> None:
        store.add_events(
            [
                took(1, "a", 10.0, user="ann"),
                took(2, "a", 11.0, user="ann"),
                took(3, "a", 12.0, session="ann"),
                took(4, "a", 12.0, "hide", user="ben"),
                took(5, "b", 9.0, user="ben"),
                took(6, "b", 20.0, user="ben"),
                Event("e7", "search", 12.0, user="ben", query="x"),
            ]
        )
        found = dict(store.user_counts(9.0, 15.0, ["click", "search"]))
        assert found == {"a": 2}
        assert dict(store.user_counts(0.0, 20.0, ["click"])) == {"a": 2, "b": 1}


class TestSQLite(ServedContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> Path:
        return tmp_path / "behaviour.db"


class TestPostgreSQL(ServedContract):
    @pytest.fixture
    def url(self, empty_postgres: str) -> str:
        return empty_postgres


def test_a_store_of_before_is_migrated_with_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "behaviour.db"
    with SqlStore(path) as store:
        store.add_events([took(1, "a", 1.0, user="ann")])
    with sqlite3.connect(path) as connection:  # back to the first form
        imports = ("imports", "imported_files", "imported_numbers", "replaced_rows")
        later = ("recommendations", "steering", "gone", "conversations", *imports, "placements")
        for table in (*later, "item_columns", "spent_events", "placement_changes", "consents"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute("DROP INDEX users_revision")
        connection.execute("ALTER TABLE users DROP COLUMN revision")
        connection.execute("ALTER TABLE items DROP COLUMN vectors")
        for column in ("user_access", "signing_secret"):
            connection.execute(f"ALTER TABLE api_keys DROP COLUMN {column}")
        connection.execute("DROP INDEX events_at")
        for name in ("identify_session", "identify_user", "return_session", "return_user"):
            connection.execute(f"DROP INDEX events_{name}")
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
    with SqlStore(path) as store:
        assert dict(store.user_counts(0.0, 2.0, ["click"])) == {"a": 1}
        store.add_recommendations([SERVED])
        names = {index["name"] for index in sa.inspect(store._engine).get_indexes("events")}
        assert "events_at" in names
