import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from foretaste.behaviour.purge import PURGE_KEY
from foretaste.behaviour.schema import meta
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import ErasureCounts, Event, LoggedRecommendation, User
from foretaste.domain.preference import Conversation, Preference

NOTHING = ErasureCounts(events=0, sessions=0, recommendations=0, attributes=0)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store of each kind."""
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("empty_postgres") if postgres else tmp_path / "store.db"
    with SqlStore(url) as opened:
        yield opened


def click(name: str, user: str | None = None, session: str | None = None) -> Event:
    return Event(name, "click", 1.0, user=user, session=session, item="i")


def answer(name: str, user: str | None = None, session: str | None = None) -> LoggedRecommendation:
    return LoggedRecommendation(name, 1.0, user, session, "m", {}, [("i", 1, 1.0, "model", 0.0)])


def left(store: SqlStore) -> list[str]:
    return [event.event_id for _, event in store.events() if event.kind != "identify"]


def test_all_that_is_theirs_goes_and_nothing_else(store: SqlStore) -> None:
    store.put_users([User("ann", {"age": ("30",)}), User("bob")])
    store.add_events([click("a1", "ann"), click("b1", "bob"), click("s1", session="phone")])
    store.identify("phone", "ann", 2.0)
    store.add_events([click("s2", session="phone"), click("x1", session="stranger")])
    less = Preference("genre: War", {"genre": "War"}, "mute")
    for user, session in (("ann", None), (None, "phone"), ("bob", None)):
        store.put_preferences(user, session, [less])
    talks = [("a", "ann", None), ("p", None, "phone"), ("b", "bob", None)]
    for name, user, session in talks:
        store.put_conversation(Conversation(name, user, session, 1.0, {"query": "é"}))
    assert [one.id for one in store.conversations_with("ann")] == ["a", "p"]
    answers = [answer("to-ann", "ann"), answer("to-phone", session="phone"), answer("b", "bob")]
    store.add_recommendations(answers)
    assert [one.id for one in store.recommendations_to("ann")] == ["to-ann", "to-phone"]

    found = store.erase("ann")

    assert found == ErasureCounts(
        events=4, sessions=1, recommendations=2, attributes=1, changes=1, conversations=2
    )
    assert store.preferences("ann", None) == store.preferences(None, "phone") == ()
    assert store.preferences("bob", None) == (less,)
    assert left(store) == ["b1", "x1"]
    assert store.user("ann") is None
    assert store.user("bob") is not None
    assert store.user_of_session("phone") is None
    assert store.history("ann", None) == store.history(None, "phone") == []
    assert store.recommendations_by_id(["to-ann", "to-phone", "b"]).keys() == {"b"}
    assert [store.conversation(name) is None for name, *_ in talks] == [True, True, False]
    assert store.erasure_count() == 1


def test_on_a_shared_device_what_is_anothers_stays(store: SqlStore) -> None:
    store.add_events([click("before", session="tv")])
    store.identify("tv", "ann", 1.0)
    store.add_events([click("anns", session="tv")])
    store.identify("tv", "bob", 2.0)
    store.add_events([click("bobs", session="tv")])

    assert store.erase("ann").events == 3  # with the fact that it was she

    assert left(store) == ["bobs"]
    assert [event.event_id for event in store.history("bob", None) if event.item] == ["bobs"]


def test_answers_and_talks_of_a_shared_device_are_the_owner_s_at_that_time(
    store: SqlStore,
) -> None:
    def served(name: str) -> None:
        owner = store.user_of_session("tv")
        log = LoggedRecommendation(name, 1.0, None, "tv", "m", {"query": name}, [], owner)
        store.add_recommendations([log])
        store.put_conversation(Conversation(name, None, "tv", 1.0, {"query": name}, owner))

    served("of nobody yet")
    for user in ("ann", "bob"):
        store.identify("tv", user, 2.0)
        served(f"of {user}")

    def kept(user: str) -> list[list[str]]:
        answers, talks = store.recommendations_to(user), store.conversations_with(user)
        return [[one.id for one in answers], [one.id for one in talks]]

    assert kept("ann") == [["of ann", "of nobody yet"]] * 2
    assert kept("bob") == [["of bob"]] * 2
    erased = store.erase("bob")
    assert (erased.recommendations, erased.conversations) == (1, 1)
    assert kept("ann") == [["of ann", "of nobody yet"]] * 2
    erased = store.erase("ann")
    assert (erased.recommendations, erased.conversations) == (2, 2)
    assert kept("ann") == kept("bob") == [[], []]


def test_an_answer_that_was_made_while_nobody_could_be_asked_for_is_the_owner_s(
    store: SqlStore,
) -> None:
    store.identify("tv", "ann", 1.0)
    store.identify("tv", "bob", 2.0)
    away = replace(answer("from memory", session="tv"), owner_known=False)
    store.add_recommendations(
        [away, answer("of before", session="tv"), replace(away, id="x", session="phone")]
    )
    found = store.recommendations_by_id(["from memory", "of before", "x"])
    assert [one.owner for one in found.values()] == ["bob", None, None]
    assert [one.id for one in store.recommendations_to("ann")] == ["of before"]


def test_what_was_done_on_a_session_is_taken_back_by_its_owner_alone(store: SqlStore) -> None:
    store.add_events([click("before", session="tv"), click("other", session="phone")])
    store.identify("tv", "ann", 1.0)
    store.add_events([click("anns", session="tv"), click("a1", "ann")])
    store.identify("tv", "bob", 2.0)
    store.add_events([click("bobs", session="tv")])
    assert store.delete_events("ann", "i", "view") == 0
    assert store.delete_events("ann", "i", "click") == 3
    assert left(store) == ["other", "bobs"]


def test_of_a_stranger_there_is_nothing_and_again_nothing(store: SqlStore) -> None:
    store.add_events([click("a1", "ann")])
    assert store.erase("nobody") == NOTHING
    assert store.erasure_count() == 0
    assert store.erase("ann").events == 1
    assert store.erase("ann") == NOTHING
    assert store.erasure_count() == 1


def test_numbers_are_never_given_again(store: SqlStore) -> None:
    store.add_events([click("b1", "bob"), click("a1", "ann")])
    reached = store.last_event_number()
    store.erase("ann")
    store.add_events([click("b2", "bob")])
    assert [event.event_id for _, event in store.events(after_number=reached)] == ["b2"]


def files_with(folder: Path, text: bytes) -> list[str]:
    return [file.name for file in folder.iterdir() if text in file.read_bytes()]


@pytest.mark.parametrize("of_all", [True, False], ids=["erased", "taken back"])
def test_their_words_are_not_in_the_files_any_more(tmp_path: Path, of_all: bool) -> None:
    with SqlStore(tmp_path / "store.db") as store:
        search = Event("a1", "search", 1.0, user="ann", query="zanzibar at night", item="i")
        store.add_events([search, *(click(f"b{n}", "bob") for n in range(50))])
        with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM events").fetchone()
            assert store.erase("ann").events if of_all else store.delete_events("ann", "i")
            assert not store.purge_log()
            assert files_with(tmp_path, b"zanzibar"), "somebody still reads what was before"
        assert store.purge_log()
        assert files_with(tmp_path, b"zanzibar") == []


def test_copies_that_a_moved_row_left_in_the_file_go_when_it_is_written_anew(
    tmp_path: Path,
) -> None:
    """SQLite overwrites a row that it deletes, and not where the row was before its page was split:
    then neither a file that is written anew nor a backup has it.
    """
    names = [f"zanzibar{number}" + "x" * (11 + number % 2 * 40) for number in range(4)]
    for regulars in (671, 665, 660):  # where a page is split depends on what else is there
        folder = tmp_path / str(regulars)
        folder.mkdir()
        store = SqlStore(folder / "store.db")
        store.put_users([User(str(number)) for number in range(1, regulars + 1)])
        for name in names:
            store.put_users([User(name)])
        for name in names:
            store.erase(name)
        assert store.purge_log()
        if files_with(folder, b"zanzibar"):
            break
        store.close()
    else:
        pytest.fail("no copy is left, so there is nothing to be tested")
    backups = tmp_path / "backups"
    backups.mkdir()
    assert store.pages_are_due()
    store.copy_to(backups / "store.db")
    assert files_with(backups, b"zanzibar") == []
    assert not store.rewrite_pages(max_bytes=1), "too large to let others wait"
    assert files_with(folder, b"zanzibar")
    assert store.rewrite_pages()
    assert not store.pages_are_due()
    assert files_with(folder, b"zanzibar") == []
    store.close()


def test_a_log_is_due_past_a_crash_and_past_a_later_erasure(store: SqlStore) -> None:
    assert store.purge_log()
    store.add_events([click("a1", "ann"), click("b1", "bob"), click("c1", "cid")])
    engine = sa.create_engine(store.url)
    isolation = "SERIALIZABLE" if engine.dialect.name == "sqlite" else "REPEATABLE READ"
    with engine.connect().execution_options(isolation_level=isolation) as reader:
        if engine.dialect.name == "sqlite":
            reader.exec_driver_sql("BEGIN")
        reader.execute(sa.text("SELECT count(*) FROM events")).all()
        store.erase("ann")
        with SqlStore(store.url) as restarted:
            assert not restarted.purge_log()
        store.erase("bob")
        assert not store.purge_log()
    engine.dispose()
    assert store.purge_log()
    assert store.meta_text(PURGE_KEY) is None


def test_it_is_known_when_somebody_was_erased_and_nobody_is_named(store: SqlStore) -> None:
    store.add_events([click("a1", "ann")])
    store.erase("ann", 7.5)
    store.erase("nobody", 8.5)
    assert [store.erased_at(user) for user in ("ann", "nobody", "bob")] == [7.5, None, None]
    with store._engine.connect() as connection:
        assert "ann" not in str(connection.execute(sa.select(meta)).all())
