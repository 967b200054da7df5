"""What people allow is kept, asked about, and obeyed by every read that others learn of."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.consent_rows import ConsentRows
from foretaste.behaviour.store import SqlStore
from foretaste.domain.consent import MINOR, ConsentSettings, privacy_signals
from foretaste.domain.consent_store import ConsentChange
from foretaste.domain.data import Event, Item, LoggedRecommendation
from foretaste.errors import InputError


def click(name: str, user: str | None, session: str | None, item: str = "a") -> Event:
    return Event(name, "click", 1e9, user=user, session=session, item=item, value=1.0)


class ConsentContract:
    @pytest.fixture
    def store(self, url: str | Path) -> Iterator[SqlStore]:
        with SqlStore(url) as opened:
            yield opened

    def test_what_was_said_is_kept_changed_and_taken_back(self, store: SqlStore) -> None:
        store.put_consents([ConsentChange("u", None, {"record": False, "train": True})], 5.0)
        store.put_consents([ConsentChange(None, "s", {"share": False})], 6.0)
        assert not store.consent("u", None).allows("record")
        assert store.consent("u", "s").refusals == {"record": "person", "share": "session"}
        store.identify("s", "u", 7.0)
        assert store.consent(None, "s").refusals == {"record": "person", "share": "session"}
        rows = [(row.holder_id, row.purpose, row.at) for row in store.consent_statements("u")]
        assert rows == [("u", "record", 5.0), ("u", "train", 5.0), ("s", "share", 6.0)]
        store.put_consents([ConsentChange("u", None, {"record": None, "train": False})], 8.0)
        assert store.consent("u", None).refusals == {"train": "person"}

    def test_what_is_no_consent_is_refused(self, store: SqlStore) -> None:
        with pytest.raises(InputError, match="either a user or a session"):
            store.put_consents([ConsentChange("u", "s", {"record": False})], 0.0)
        with pytest.raises(InputError, match="no purpose 'track'"):
            store.put_consents([ConsentChange("u", None, {"track": False})], 0.0)

    def test_what_many_say_is_kept_whole_or_not_at_all(self, store: SqlStore) -> None:
        said = [
            ConsentChange("u", None, {"record": False}),
            ConsentChange(None, "s", {"share": False}),
            ConsentChange("u", None, {"record": True, "train": False}),
        ]
        store.put_consents(said, 5.0)
        assert store.consent("u", None).refusals == {"train": "person"}  # the later holds
        assert store.consent(None, "s").refusals == {"share": "session"}
        with pytest.raises(InputError, match="no purpose 'track'"):
            store.put_consents(
                [
                    ConsentChange("v", None, {"record": False}),
                    ConsentChange("w", None, {"track": True}),
                ],
                6.0,
            )
        assert store.consent("v", None).refusals == {}

    def test_nothing_is_recorded_of_who_refuses(self, store: SqlStore) -> None:
        store.put_consents([ConsentChange("u", None, {"record": False})], 0.0)
        store.put_consents([ConsentChange(None, "s", {"record": False})], 0.0)
        store.identify("theirs", "u", 0.0)
        events = [
            *(click("1", "u", None), click("2", None, "s"), click("3", "u2", "s")),
            *(click("4", None, "theirs"), click("5", "u2", "s2"), click("6", "u2", None)),
        ]
        refusals = store.event_refusals(events)
        sources = {index: refusal.source for index, refusal in refusals.items()}
        assert sources == {0: "person", 1: "session", 2: "session", 3: "person"}
        assert store.add_events(events) == 2
        assert set(store.events_by_id([event.event_id for event in events])) == {"5", "6"}
        lists = [
            LoggedRecommendation(name, 0.0, user, session, "m", {}, [])
            for name, user, session in (("a", "u", None), ("b", None, "s"), ("c", "u2", None))
        ]
        store.add_recommendations(lists)
        assert set(store.recommendations_by_id(["a", "b", "c"])) == {"c"}

    def test_a_header_holds_for_what_was_sent_with_it(self, store: SqlStore) -> None:
        token = privacy_signals.set(frozenset(["gpc"]))
        assert store.add_events([click("1", None, "s"), click("2", "u", None)]) == 2
        privacy_signals.set(frozenset(["dnt"]))
        assert store.add_events([click("3", None, "s3"), click("4", None, None)]) == 0
        privacy_signals.reset(token)
        assert store.consent(None, "s").refusals == {"train": "signal"}
        assert store.consent("u", None).refusals == {"train": "signal"}
        assert store.consent(None, "s3").refusals == {}  # nothing is kept of who said so
        store.put_consents([ConsentChange(None, "s", {"train": True})], 1.0)
        assert store.consent(None, "s").allows("train")

    @pytest.mark.parametrize("is_default", [True, False])
    def test_counts_leave_out_whom_the_book_leaves_out(
        self, store: SqlStore, is_default: bool
    ) -> None:
        """Statements of SQL and `ConsentBook` say the same of every person."""
        choices = (None, True, False)
        people = list(itertools.product(choices, choices, (False, True), (False, True)))
        for number, (own, of_session, is_minor, is_signalled) in enumerate(people):
            user, session = f"u{number}", f"s{number}"
            if is_signalled:
                token = privacy_signals.set(frozenset(["gpc"]))
            event = click(f"e{number}", user, session, f"i{number}")
            search = Event(f"q{number}", "search", 1e9, user, session, query=f"words {number}")
            store.add_events([event, search])
            if is_signalled:
                privacy_signals.reset(token)
            if own is not None:
                store.put_consents([ConsentChange(user, None, {"train": own})], 0.0)
            if of_session is not None and not is_signalled:
                store.put_consents([ConsentChange(None, session, {"train": of_session})], 0.0)
            if is_minor:
                store.put_consents([ConsentChange(user, None, {MINOR: True})], 0.0)
        store.consent_settings = ConsentSettings(train=is_default)
        book = store.training_book()
        assert book is not None
        expected = {
            f"i{number}"
            for number in range(len(people))
            if book.consent(f"u{number}", f"s{number}").allows("train")
        }
        assert 0 < len(expected) < len(people)
        assert {item for item, _ in store.user_counts(0, 2e9, ["click"])} == expected
        assert {item for item, _, _ in store.event_value_sums(["click"])} == expected
        searches = {words for words, _ in store.popular_searches(0, 1, 99)}
        assert searches == {f"words {name[1:]}" for name in expected}
        tail = [row for row in store.events() if row[1].kind == "click"]
        assert {event.item for _, event in store.teaching_events(tail)} == expected

    def test_baskets_are_of_who_allows_it(self, store: SqlStore) -> None:
        store.put_items([Item("a"), Item("b")])
        for user in ("u", "u2"):
            for item in ("a", "b"):
                store.add_events([click(f"{user}{item}", user, f"of {user}", item)])
        store.put_consents([ConsentChange("u", None, {"train": False})], 0.0)
        assert {row.person for row in store.baskets_with(["a"], ["click"], 60, 99)} == {"uu2"}

    def test_the_anonymous_past_of_who_refuses_teaches_nobody(self, store: SqlStore) -> None:
        store.add_events([click("1", None, "s"), click("2", None, "s2")])
        store.identify("s", "u", 2e9)
        store.put_consents([ConsentChange("u", None, {"train": False})], 0.0)
        assert store.user_counts(0, 2e9, ["click"]) == [("a", 1)]

    def test_it_goes_with_an_erasure(self, store: SqlStore) -> None:
        store.put_consents([ConsentChange("u", None, {"train": False})], 0.0)
        store.identify("s", "u", 0.0)
        store.put_consents([ConsentChange(None, "s", {"share": False})], 0.0)
        assert store.erase("u").consents == 2
        assert store.consent_statements("u", "s") == []


class TestSQLite(ConsentContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> Path:
        return tmp_path / "behaviour.db"


class TestPostgreSQL(ConsentContract):
    @pytest.fixture
    def url(self, empty_postgres: str) -> str:
        return empty_postgres


def test_nobody_is_asked_where_nothing_was_said(tmp_path: Path) -> None:
    with SqlStore(tmp_path / "behaviour.db") as store:
        rows: ConsentRows = store
        assert rows.training_book() is None
        assert rows.training_condition() is None
        assert rows.consent_refusals("train", [("u", "s")]) == {}
